"""The seven parts of the guided tour, and its command line.

Each part is a function that prints what it does, with the code that readers can try themselves. The
first sets the weights of an AND gate by hand, the third solves XOR, which no single neuron can, and
the last compares a network with scikit-learn's. If matplotlib is installed, the tour ends with
pictures.
"""

import argparse
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

import sknn_edu
from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier

CORE = Path(sknn_edu.__file__).parent / "core"
INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND = np.array([0, 0, 0, 1])
XOR = np.array([0, 1, 1, 0])


# -- the parts ---------------------------------------------------------------------------------


def the_and_gate(seed):
    """Set and learn an AND gate. Return the perceptron that has learned it."""
    title("An AND gate, set by hand and learned")
    say("""
        A perceptron multiplies each input by a weight, adds up the products and
        answers yes (1) if the sum reaches a threshold. With both weights 1 and the
        threshold 2 it is an AND gate:

          gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0)
    """)
    gate = PerceptronClassifier.from_weights([1.0, 1.0], threshold=2.0, classes=(0, 1))
    print_truth_table(gate)
    say("""
        A perceptron can also learn its weights from the four samples (X holds their
        inputs, y the correct answers). After each mistake it corrects its weights,
        until it makes no mistake in a whole epoch, that is, one pass through all
        samples. The learned weights and threshold may differ from ours, but the gate
        is the same:

          learned = PerceptronClassifier(random_state=...).fit(X, y)
    """)
    learned = PerceptronClassifier(random_state=seed).fit(INPUTS, AND)
    print("  mistakes in each epoch:", *learned.mistake_curve_, end="\n\n")
    print_truth_table(learned)
    return learned


def print_truth_table(gate):
    """Print the weighted sum and the answer of a perceptron for the four inputs of a gate."""
    w1, w2 = gate.coef_[0]
    threshold = -gate.intercept_[0]
    print(f"  x1  x2   {w1:g} x1 + {w2:g} x2   reaches {threshold:g}?   answer")
    for (x1, x2), answer in zip(INPUTS, gate.predict(INPUTS), strict=True):
        weighted_sum = w1 * x1 + w2 * x2
        reaches = "yes" if weighted_sum >= threshold else "no"
        print(f"   {x1}   {x2}   {weighted_sum:11g}   {reaches:>10}   {answer:6}")
    print()


def step_and_sigmoid():
    """Compare two activations. Return the sigmoid neuron that has learned AND."""
    title("The step and the sigmoid")
    say("""
        Let z be the weighted sum minus the threshold. The answer of a perceptron is a
        step: 1 if z >= 0, else 0. A sigmoid neuron makes the step smooth. Its answer
        lies between 0 and 1: it is the probability of yes.
    """)
    step = PerceptronClassifier.from_weights([1.0])
    sigmoid = SigmoidNeuronClassifier.from_weights([1.0])
    z = np.arange(-6, 7)[:, np.newaxis]
    print("   z   step(z)                     sigmoid(z)")
    for z_i, hard, soft in zip(z[:, 0], step.predict(z), p_yes(sigmoid, z), strict=True):
        print(f"  {z_i:2}   {hard}  {bar(hard)}   {soft:.3f}  {bar(soft)}".rstrip())
    print()
    say("""
        The step does not show how narrow a decision was; the sigmoid does. A small
        change of a weight changes the answer a little, so the neuron can learn by
        gradient descent: in small steps that reduce its error. Here it learns the AND
        gate:

          neuron = SigmoidNeuronClassifier(alpha=0.01).fit(X, y)

        (alpha keeps the weights small; a grid search below shows its effect.)
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
    """Fail with one neuron, then return the network that has learned XOR."""
    title("XOR: one neuron fails, a hidden layer succeeds")
    say("""
        XOR answers yes if exactly one input is 1. No straight line separates its yes
        samples from its no samples, and a single neuron can only draw a straight
        line. The perceptron therefore never stops making mistakes; we stop it after
        1000 epochs:

          perceptron = PerceptronClassifier(max_iter=1000, tol=None).fit(X, y)
    """)
    print_perceptron_on_xor(seed)
    say("""
        A network with a hidden layer can solve it: the hidden neurons first transform
        the inputs so that a straight line separates them. Here six hidden neurons
        with the activation tanh feed one sigmoid neuron:

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


def print_perceptron_on_xor(seed):
    """Train a perceptron on XOR; print its accuracy and the warning that it did not converge."""
    perceptron = PerceptronClassifier(max_iter=1000, tol=None, random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        perceptron.fit(INPUTS, XOR)
    print("  accuracy: ", perceptron.score(INPUTS, XOR))
    print("  converged:", perceptron.converged_)
    for warning in caught:
        print_quoted(f"{warning.category.__name__}: {warning.message}")


def digits(seed):
    """Cross-validate a network on pictures of digits."""
    title("Handwritten digits")
    X, y = load_digits(return_X_y=True)
    say(f"""
        The data set has {len(X)} handwritten digits. Each is a picture of 8 x 8 pixels,
        given as {X.shape[1]} numbers. The first four:
    """)
    print_digits(X[:4], y[:4])
    say("""
        The estimators follow scikit-learn's conventions, so they work with its tools.
        Here a pipeline scales the pixels before the network sees them. Five-fold
        cross-validation then holds out each fifth of the digits once: the model is
        trained on the other digits and tested on those held out:

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
    print("  accuracy on each fold:", *(f"{score:.3f}" for score in scores))
    print(f"  mean: {scores.mean():.3f}\n")


def print_digits(images, labels):
    """Print pictures of 8 x 8 pixels from 0 to 16 side by side, two characters per pixel.

    Parameters
    ----------
    images : ndarray of shape (n_images, 64)
        The rows of each picture, one after the other.
    labels : ndarray of shape (n_images,)
        Printed below the pictures.
    """
    shades = " .:-=+*%@"
    for row in range(8):
        pixels = images[:, 8 * row : 8 * row + 8].astype(int) // 2
        lines = ["".join(2 * shades[pixel] for pixel in line) for line in pixels]
        print("  " + "  ".join(lines).rstrip())
    print("  " + "  ".join(f"{label:^16}" for label in labels).rstrip(), end="\n\n")


def folds(seed):
    """Return the splitter that holds out each fifth of the samples once."""
    return KFold(5, shuffle=True, random_state=seed)


def diabetes(seed):
    """A regression with few samples, where a network overfits."""
    title("A regression: the progression of diabetes")
    X, y = load_diabetes(return_X_y=True)
    say(f"""
        The data set has {len(X)} patients with {X.shape[1]} measurements each. The target is how
        far the disease has progressed one year later. Features and target are both
        scaled. The score R^2 is 1 for perfect predictions and 0 for always predicting
        the mean:

          network = MLPRegressor(hidden_layer_sizes=50, learning_rate_init=0.01,
                                 max_iter=1000, random_state=...)
          model = TransformedTargetRegressor(
              make_pipeline(StandardScaler(), network), transformer=StandardScaler())
    """)
    print("  mean R^2 over five folds     training samples   held out")
    models = {"LinearRegression": LinearRegression(), "MLPRegressor": diabetes_model(seed)}
    for name, model in models.items():
        scores = cross_validate(model, X, y, cv=folds(seed), return_train_score=True)
        training, held_out = scores["train_score"].mean(), scores["test_score"].mean()
        print(f"  {name:<26}   {training:16.2f}   {held_out:8.2f}")
    print()
    say("""
        The network overfits: with so few patients it has learned the training samples
        by heart, and its predictions for other patients are worse. The remedy is
        regularisation.
    """)


def diabetes_model(seed):
    """Return a network behind a pipeline that scales the features and the target."""
    network = MLPRegressor(
        hidden_layer_sizes=50, learning_rate_init=0.01, max_iter=1000, random_state=seed
    )
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), network), transformer=StandardScaler()
    )


def grid_search(seed):
    """A grid search for the strength of the regularisation."""
    title("Regularisation: a grid search")
    say("""
        alpha sets the strength of the regularisation, which penalises large weights.
        How large should alpha be, and how many hidden neurons does the network need?
        A grid search tries each combination on each fold:

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
        With regularisation, the network is about as good as LinearRegression. In a
        data set of this size there may be no more to learn.
    """)


class ScoreWithProgress:
    """A scorer for a grid search that draws a progress bar of the fits.

    In a terminal the bar grows within one line; elsewhere it is printed once, at the end.

    Parameters
    ----------
    n_fits : int
        The number of fits of the search.
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
    """Train our network and scikit-learn's. Return both, ours first."""
    title("Comparison with scikit-learn")
    say("""
        Our network and scikit-learn's get the same digits, parameters and
        random_state. Each is trained three times, in turns:

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
    seconds = np.empty((3, 2))  # one row per repetition; columns: ours, theirs
    for i in range(3):
        seconds[i, 0] = seconds_to_fit(ours, X_train, y_train)
        seconds[i, 1] = seconds_to_fit(theirs, X_train, y_train)
    print_comparison(ours, theirs, X_test, y_test, seconds)
    return ours, theirs


def print_comparison(ours, theirs, X_test, y_test, seconds):
    """Print the epochs, accuracies, times (3, 2) in seconds and losses of two fitted networks."""
    our_median, their_median = np.median(seconds, axis=0)
    ratio = np.median(seconds[:, 1] / seconds[:, 0])
    n_epochs = min(ours.n_iter_, theirs.n_iter_)
    difference = np.subtract(ours.loss_curve_[:n_epochs], theirs.loss_curve_[:n_epochs])
    our_score, their_score = ours.score(X_test, y_test), theirs.score(X_test, y_test)
    print("                          sknn_edu   scikit-learn")
    print(f"  epochs                  {ours.n_iter_:8}   {theirs.n_iter_:12}")
    print(f"  accuracy, held out      {our_score:8.4f}   {their_score:12.4f}")
    print(f"  seconds to fit          {our_median:8.3f}   {their_median:12.3f}")
    print()
    print(f"  largest difference of the losses in an epoch:  {abs(difference).max():.1e}")
    print(f"  time of scikit-learn / time of sknn_edu:       {ratio:.1f}")
    print("  (times are medians of three fits)\n")


def seconds_to_fit(network, X, y):
    """Fit a network and return the time that it took, in seconds."""
    start = time.perf_counter()
    network.fit(X, y)
    return time.perf_counter() - start


# -- printing ----------------------------------------------------------------------------------


def title(text):
    """Print a heading. Flush the output, so that the text before it appears even in a pipe."""
    print(f"\n{text}\n{'-' * len(text)}\n", flush=True)


def say(text):
    """Print a paragraph without its indentation, followed by an empty line."""
    print(textwrap.dedent(text).strip(), end="\n\n")


def print_quoted(text):
    """Print a message, marked as a quotation, in lines of 78 characters."""
    print(textwrap.indent(textwrap.fill(text, width=74), "  | "), end="\n\n")


# -- the command -------------------------------------------------------------------------------


def main(arguments=None):
    """Give the tour.

    Parameters
    ----------
    arguments : list of str or None, default=None
        The options; None takes those of the command line.

    Returns
    -------
    exit_code : int
        Always 0.

    Raises
    ------
    SystemExit
        If an option is invalid or the pictures cannot be written; also after ``--help``.
    """
    parser = command_line()
    options = parser.parse_args(arguments)
    pictures = None if options.no_pictures else import_pictures()
    if pictures is not None:
        check_folder(options.pictures, parser)
    start = time.perf_counter()
    say("""
        sknn_edu: neural networks for scikit-learn that you can read.
        A tour in seven parts.
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
        say('To get pictures as well: pip install "sknn_edu[plot]"')
    say_goodbye(time.perf_counter() - start)
    return 0


def say_goodbye(seconds):
    """Print where to read on, and how long the tour took."""
    say(f"""
        The tutorial explains all this step by step, with pictures and exercises:
        https://sknn-edu.readthedocs.io
        The source code explains it as well, one topic per file, in
        {CORE}
        Start with one_page.py, the whole story on one page, or with perceptron.py.

        The tour took {seconds:.0f} seconds.
    """)


def command_line():
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(
        prog="python -m sknn_edu",
        description="A guided tour, from a single neuron to a comparison with scikit-learn.",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--pictures",
        metavar="DIR",
        type=Path,
        default=Path("sknn_edu_tour"),
        help="folder to save pictures in; needs matplotlib (default: %(default)s)",
    )
    output.add_argument("--no-pictures", action="store_true", help="save no pictures")
    parser.add_argument(
        "--seed",
        metavar="N",
        type=seed_number,
        default=0,
        help="seed of all random numbers, 0 to 2**32 - 1 (default: %(default)s)",
    )
    return parser


def seed_number(text):
    """Return the text as an int that can be a random_state; argparse reports a wrong one."""
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer from 0 to 2**32 - 1")
    return int(text)


def import_pictures():
    """Return the module that draws the pictures, or None if matplotlib is not installed."""
    try:
        from sknn_edu.tour import pictures
    except ImportError:
        return None
    return pictures


def check_folder(folder, parser):
    """Create the folder if necessary; exit with an error message if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = f"cannot write pictures to {folder}: {error.strerror}"
        parser.exit(2, f"{parser.prog}: error: {reason}. Try --pictures DIR or --no-pictures.\n")
