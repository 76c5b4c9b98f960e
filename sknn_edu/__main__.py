"""A guided tour: ``python -m sknn_edu``.

Seven short chapters, a function each: from a gate set by hand, over the gate that no single neuron
can be, to a network beside scikit-learn's. They print what they do, so that it can be typed again.
With matplotlib installed the tour ends with pictures.
"""

import argparse
import os
import signal
import sys
import tempfile
import textwrap
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    ParameterGrid,
    cross_val_score,
    cross_validate,
    train_test_split,
)
from sklearn.neural_network import MLPClassifier as TheirMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier

INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND = np.array([0, 0, 0, 1])
XOR = np.array([0, 1, 1, 0])


# -- the chapters ------------------------------------------------------------------------------


def the_and_gate(seed):
    """Chapter 1. Return the perceptron that has learned the gate."""
    title("1. A gate set by hand, and the same gate learned")
    say("""
        A perceptron adds up its inputs, each times a weight, and says yes (1) when
        the sum reaches a threshold. With both weights 1 and the threshold 2 it is an
        AND gate:

          gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0)
    """)
    gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0, classes=(0, 1))
    print_truth_table(gate)
    say("""
        Nobody has to choose the weights, though. Shown the four samples again and
        again (X holds their inputs, y the answers), a perceptron corrects itself
        after each mistake, until an epoch, one round through the samples, has none.
        That gives other weights and another threshold, but the same gate:

          learned = PerceptronClassifier(random_state=...).fit(X, y)
    """)
    learned = PerceptronClassifier(random_state=seed).fit(INPUTS, AND)
    print("  mistakes in each epoch:", *learned.mistake_curve_, end="\n\n")
    print_truth_table(learned)
    return learned


def print_truth_table(gate):
    """Print what a perceptron makes of the four inputs of a gate."""
    w1, w2 = gate.coef_[0]
    threshold = -gate.intercept_[0]
    print(f"  x1  x2   {w1:g} x1 + {w2:g} x2   reaches {threshold:g}?   answer")
    for (x1, x2), answer in zip(INPUTS, gate.predict(INPUTS), strict=True):
        weighted_sum = w1 * x1 + w2 * x2
        reaches = "yes" if weighted_sum >= threshold else "no"
        print(f"   {x1}   {x2}   {weighted_sum:11g}   {reaches:>10}   {answer:6}")
    print()


def step_and_sigmoid():
    """Chapter 2. Return the sigmoid neuron that has learned the AND gate."""
    title("2. The step and the sigmoid")
    say("""
        Let z be the weighted sum minus the threshold. A perceptron answers with a
        step: 1 where z >= 0, else 0. A sigmoid neuron softens the step. Its answer
        lies between 0 and 1: the probability of yes.
    """)
    step = PerceptronClassifier.from_weights([1.0])
    sigmoid = SigmoidNeuronClassifier.from_weights([1.0])
    z = np.arange(-6, 7)[:, np.newaxis]
    print("   z   step(z)                     sigmoid(z)")
    for z_i, hard, soft in zip(z[:, 0], step.predict(z), p_yes(sigmoid, z), strict=True):
        print(f"  {z_i:2}   {hard}  {bar(hard)}   {soft:.3f}  {bar(soft)}".rstrip())
    print()
    say("""
        The step hides how narrow a mistake was. The sigmoid shows it, so a small
        change of a weight makes a small change of the answer, and a neuron can learn
        by going downhill. Here it learns the AND gate:

          neuron = SigmoidNeuronClassifier(alpha=0.01).fit(X, y)

        (alpha keeps the weights small; chapter 6 says more.)
    """)
    neuron = SigmoidNeuronClassifier(alpha=0.01).fit(INPUTS, AND)
    print("  x1  x2   probability of yes")
    for (x1, x2), p in zip(INPUTS, p_yes(neuron, INPUTS), strict=True):
        print(f"   {x1}   {x2}   {p:18.3f}")
    print()
    return neuron


def p_yes(classifier, X):
    """Return the probability of the second class."""
    return classifier.predict_proba(X)[:, 1]


def bar(share, width=20):
    """Return a bar that is full at 1."""
    return ("#" * round(share * width)).ljust(width)


def xor(seed):
    """Chapter 3. Return the network that has learned the XOR gate."""
    title("3. XOR: what one neuron cannot do and a hidden layer can")
    say("""
        XOR says yes when exactly one input is 1. No straight line parts its yeses
        from its noes, and a straight line is all that one neuron can draw. So the
        perceptron never comes to rest; after 1000 epochs we stop it:

          perceptron = PerceptronClassifier(max_iter=1000, tol=None).fit(X, y)
    """)
    perceptron = PerceptronClassifier(max_iter=1000, tol=None, random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        perceptron.fit(INPUTS, XOR)
    print("  accuracy: ", perceptron.score(INPUTS, XOR))
    print("  converged:", perceptron.converged_)
    for warning in caught:
        print_quoted(f"{warning.category.__name__}: {warning.message}")
    say("""
        A hidden layer bends the plane first. Six hidden neurons with tanh feed one
        sigmoid neuron:

          network = MLPClassifier(hidden_layer_sizes=6, activation="tanh", alpha=0.01,
                                  solver="lbfgs", random_state=...).fit(X, y)
    """)
    network = MLPClassifier(
        hidden_layer_sizes=6, activation="tanh", alpha=0.01, solver="lbfgs", random_state=seed
    ).fit(INPUTS, XOR)
    print("  x1  x2   x1 XOR x2   probability of yes   answer")
    rows = zip(INPUTS, XOR, p_yes(network, INPUTS), network.predict(INPUTS), strict=True)
    for (x1, x2), y, p, answer in rows:
        print(f"   {x1}   {x2}   {y:9}   {p:18.3f}   {answer:6}")
    print(f"\n  accuracy: {network.score(INPUTS, XOR)}\n")
    return network


def digits(seed):
    """Chapter 4."""
    title("4. Handwritten digits")
    X, y = load_digits(return_X_y=True)
    say(f"""
        The data are {len(X)} handwritten digits. Each is {X.shape[1]} numbers, a picture of
        8 x 8 pixels. The first four:
    """)
    print_digits(X[:4], y[:4])
    say("""
        The estimators keep scikit-learn's rules, so they work with its tools. Here a
        Pipeline scales the pixels before the network sees them, and each fifth of
        the digits is held out once, to be read after learning from the others:

          network = MLPClassifier(hidden_layer_sizes=50, learning_rate_init=0.005,
                                  tol=1e-3, random_state=...)
          model = make_pipeline(StandardScaler(), network)
          folds = KFold(5, shuffle=True, random_state=...)
          scores = cross_val_score(model, X, y, cv=folds)
    """)
    network = MLPClassifier(
        hidden_layer_sizes=50, learning_rate_init=0.005, tol=1e-3, random_state=seed
    )
    model = make_pipeline(StandardScaler(), network)
    scores = cross_val_score(model, X, y, cv=folds(seed))
    print("  accuracy on each fifth:", *(f"{score:.3f}" for score in scores))
    print(f"  mean: {scores.mean():.3f}\n")


def print_digits(images, labels):
    """Print pictures of 8 x 8 pixels from 0 to 16 side by side, two characters a pixel."""
    shades = " .:-=+*%@"
    for row in range(8):
        pixels = images[:, 8 * row : 8 * row + 8].astype(int) // 2
        lines = ["".join(2 * shades[pixel] for pixel in line) for line in pixels]
        print("  " + "  ".join(lines).rstrip())
    print("  " + "  ".join(f"{label:^16}" for label in labels).rstrip(), end="\n\n")


def folds(seed):
    """Return the way to hold out each fifth of the samples once."""
    return KFold(5, shuffle=True, random_state=seed)


def diabetes(seed):
    """Chapter 5."""
    title("5. A regression: how diabetes progresses")
    X, y = load_diabetes(return_X_y=True)
    say(f"""
        {len(X)} patients, {X.shape[1]} measurements each, and how far the disease has come
        a year later. The target is scaled as well as the features. R^2 is 1 for
        perfect predictions and 0 for always saying the mean:

          network = MLPRegressor(hidden_layer_sizes=50, learning_rate_init=0.01,
                                 max_iter=1000, random_state=...)
          model = TransformedTargetRegressor(
              make_pipeline(StandardScaler(), network), transformer=StandardScaler())
    """)
    print("  mean R^2 over five folds     seen in training   held out")
    models = {"LinearRegression": LinearRegression(), "MLPRegressor": diabetes_model(seed)}
    for name, model in models.items():
        scores = cross_validate(model, X, y, cv=folds(seed), return_train_score=True)
        seen, held_out = scores["train_score"].mean(), scores["test_score"].mean()
        print(f"  {name:<26}   {seen:16.2f}   {held_out:8.2f}")
    print()
    say("""
        The network is at its best on patients that it has seen: with so few of them
        it has learned them by heart. It needs a brake.
    """)


def diabetes_model(seed):
    """Return a network that scales features and target."""
    network = MLPRegressor(
        hidden_layer_sizes=50, learning_rate_init=0.01, max_iter=1000, random_state=seed
    )
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )


def grid_search(seed):
    """Chapter 6."""
    title("6. The brake: a grid search")
    say("""
        alpha is the brake: it makes large weights cost something. How strong should
        it be, and how many hidden neurons should there be? Try every pair on every
        fold:

          grid = {"regressor__mlpregressor__hidden_layer_sizes": [10, 20, 50],
                  "regressor__mlpregressor__alpha": [0.0001, 1, 10, 100]}
          search = GridSearchCV(model, grid, cv=folds).fit(X, y)
    """)
    X, y = load_diabetes(return_X_y=True)
    grid = {
        "regressor__mlpregressor__hidden_layer_sizes": [10, 20, 50],
        "regressor__mlpregressor__alpha": [0.0001, 1, 10, 100],
    }
    cv = folds(seed)
    progress = ScoreWithProgress(len(ParameterGrid(grid)) * cv.get_n_splits())
    search = GridSearchCV(diabetes_model(seed), grid, scoring=progress, cv=cv).fit(X, y)
    print()
    for name, value in search.best_params_.items():
        print(f"  best {name.rpartition('__')[2]}: {value}")
    print(f"  mean R^2 held out: {search.best_score_:.2f}\n")
    say("""
        With the brake on, the network keeps up with LinearRegression. On a table of
        this size there may be no more to find.
    """)


class ScoreWithProgress:
    """Scores a model for a search, and draws how many of its fits are done.

    In a terminal the bar grows in its line; elsewhere it is printed once, when it is full.
    """

    def __init__(self, n_fits):
        self.n_fits = n_fits
        self.n_done = 0

    def __call__(self, model, X, y):
        score = model.score(X, y)
        self.n_done += 1
        is_last = self.n_done == self.n_fits
        line = f"  [{bar(self.n_done / self.n_fits, 40).replace(' ', '.')}] "
        line += f"{self.n_done}/{self.n_fits} fits"
        if sys.stdout.isatty():
            print(f"\r{line}", end="\n" if is_last else "", flush=True)
        elif is_last:
            print(line)
        return score


def beside_scikit_learn(seed):
    """Chapter 7. Return the two networks, ours first."""
    title("7. Beside scikit-learn")
    say("""
        The same digits, parameters and random_state for our network and for
        scikit-learn's. Each is fitted three times, in turns:

          network = MLPClassifier(hidden_layer_sizes=32, activation="tanh", alpha=0.3,
                                  learning_rate_init=0.005, tol=1e-3, random_state=...)
    """)
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=seed)
    params = {
        "hidden_layer_sizes": 32,
        "activation": "tanh",
        "alpha": 0.3,
        "learning_rate_init": 0.005,
        "tol": 1e-3,
        "random_state": seed,
    }
    ours, theirs = MLPClassifier(**params), TheirMLPClassifier(**params)
    our_seconds, their_seconds = np.zeros(3), np.zeros(3)
    for i in range(3):
        our_seconds[i] = seconds_to_fit(ours, X_train, y_train)
        their_seconds[i] = seconds_to_fit(theirs, X_train, y_train)
    our_median, their_median = np.median(our_seconds), np.median(their_seconds)
    ratio = np.median(their_seconds / our_seconds)
    n_epochs = min(ours.n_iter_, theirs.n_iter_)
    difference = np.subtract(ours.loss_curve_[:n_epochs], theirs.loss_curve_[:n_epochs])
    our_score, their_score = ours.score(X_test, y_test), theirs.score(X_test, y_test)
    print("                          sknn_edu   scikit-learn")
    print(f"  epochs                  {ours.n_iter_:8}   {theirs.n_iter_:12}")
    print(f"  accuracy, held out      {our_score:8.4f}   {their_score:12.4f}")
    print(f"  seconds to fit          {our_median:8.3f}   {their_median:12.3f}")
    print()
    print(f"  largest difference of the two losses in an epoch:  {abs(difference).max():.1e}")
    print(f"  time of scikit-learn / time of sknn_edu:           {ratio:.1f}")
    print("  (times are medians of three)\n")
    return ours, theirs


def seconds_to_fit(network, X, y):
    """Fit a network and return how long it took."""
    start = time.perf_counter()
    network.fit(X, y)
    return time.perf_counter() - start


# -- printing ----------------------------------------------------------------------------------


def title(text):
    """Print a heading. What came before is shown at once, even in a pipe."""
    print(f"\n{text}\n{'-' * len(text)}\n", flush=True)


def say(text):
    """Print a paragraph, less its indentation, and an empty line."""
    print(textwrap.dedent(text).strip(), end="\n\n")


def print_quoted(text):
    """Print a text that is not ours in lines that fit the terminal."""
    print(textwrap.indent(textwrap.fill(text, width=74), "  | "), end="\n\n")


# -- the command -------------------------------------------------------------------------------


def main(arguments=None):
    """Give the tour and return the exit code."""
    parser = command_line()
    options = parser.parse_args(arguments)
    pictures = None if options.no_pictures else import_pictures()
    if pictures is not None:
        try:
            make_writable(options.pictures)
        except OSError as error:
            why = f"cannot write pictures into {options.pictures}: {error.strerror}"
            parser.exit(2, f"{parser.prog}: error: {why}. Try --pictures DIR or --no-pictures.\n")

    start = time.perf_counter()
    say("""
        sknn_edu: neural networks for scikit-learn that you can read.
        A tour in seven chapters.
    """)
    perceptron = the_and_gate(options.seed)
    neuron = step_and_sigmoid()
    network = xor(options.seed)
    digits(options.seed)
    diabetes(options.seed)
    grid_search(options.seed)
    ours, theirs = beside_scikit_learn(options.seed)

    title("The end")
    if pictures is not None:
        names = pictures.save_all(options.pictures, perceptron, neuron, network, ours, theirs)
        print(f"Pictures in {options.pictures.resolve()}:\n  " + "\n  ".join(names) + "\n")
    elif not options.no_pictures:
        say('For pictures too: pip install "sknn_edu[plot]"')
    say(f"""
        How it all works is told in the same order, a chapter a file, in
        {Path(__file__).parent / "core"}
        Begin with perceptron.py.

        The tour took {time.perf_counter() - start:.0f} seconds.
    """)
    return 0


def command_line():
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="python -m sknn_edu",
        description="A guided tour, from a gate set by hand to a network beside scikit-learn's.",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--pictures",
        metavar="DIR",
        type=Path,
        default=Path("sknn_edu_tour"),
        help="folder to save pictures in; needs matplotlib (default: %(default)s)",
    )
    where.add_argument("--no-pictures", action="store_true", help="save no pictures")
    parser.add_argument(
        "--seed",
        metavar="N",
        type=seed_number,
        default=0,
        help="seed of all random numbers, 0 to 2**32 - 1 (default: %(default)s)",
    )
    return parser


def seed_number(text):
    """Return the text as a number that can be a random_state."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2**32 - 1")
    return int(text)


def import_pictures():
    """Return the module that draws, or None without matplotlib."""
    try:
        from sknn_edu import _tour_pictures
    except ImportError:
        return None
    return _tour_pictures


def make_writable(folder):
    """Make the folder if there is none; raise OSError if no file can be written into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def stop(*_):
    """End the tour on Ctrl-C. A KeyboardInterrupt would only end the fit that is going on."""
    raise SystemExit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
