"""A page on which a neuron or network learns in the browser, from the seed of an estimator."""

from numbers import Integral, Real

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import train_test_split

from sknn_edu.estimators.interface import fitted_network, training_problem
from sknn_edu.estimators.mlp import as_layer_sizes
from sknn_edu.inspection.displays import MAX_NEURONS, last_step
from sknn_edu.inspection.pages import Page, pack_payload
from sknn_edu.inspection.replay import (
    check_two_features,
    described_curves,
    feature_names,
    grid,
    is_pipeline,
    layer_widths,
    picture_box,
    record_epochs,
    task_of,
    transformation,
)

RESOLUTION = 48
"""The decision is computed at this many points in each direction."""

MAX_HIDDEN_LAYERS, MAX_HIDDEN_NEURONS = 6, 64
"""A page can train this many layers with this many neurons each."""

MAX_INPUTS = 64
"""A page contains this many features for each of RESOLUTION^2 points, if a pipeline makes them."""

ACTIVATIONS_OF_THE_PAGE = ("identity", "logistic", "tanh", "relu", "leaky_relu")

NETWORK_PARAMETERS = (
    "hidden_layer_sizes",
    "activation",
    "solver",
    "alpha",
    "batch_size",
    "learning_rate_init",
    "shuffle",
    "random_state",
    "momentum",
    "nesterovs_momentum",
    "beta_1",
    "beta_2",
    "epsilon",
    "loss",
    "dtype",
)

PARAMETERS_OF_THE_PAGE = {
    "MLPClassifier": NETWORK_PARAMETERS,
    "MLPRegressor": NETWORK_PARAMETERS,
    "SigmoidNeuronClassifier": (
        "loss",
        "solver",
        "alpha",
        "batch_size",
        "learning_rate_init",
        "shuffle",
        "random_state",
        "dtype",
    ),
    "PerceptronClassifier": ("eta0", "fit_intercept", "shuffle", "random_state"),
}
"""The parameters that the page trains with."""

WITHOUT_EFFECT = (
    "max_iter",
    "tol",
    "n_iter_no_change",
    "verbose",
    "warm_start",
    "validation_fraction",
    "max_fun",
    "power_t",
)
"""Parameters that may have any value: they do not change an epoch, or only with other options."""

VALUES_OF_THE_PAGE = {
    "activation": ACTIVATIONS_OF_THE_PAGE,
    "solver": ("sgd", "gd", "adam"),
    "loss": ("log_loss", "squared_error"),
    "dtype": ("auto", "float64"),
}
"""Of these parameters the page knows only some values."""

WAY_OUT = "TrainingReplay shows a recorded run of any of these estimators."


class Playground(Page):
    """A page for the browser on which an estimator can be changed and trained, live.

    :meth:`save` writes a single file that needs no internet connection. It trains on your samples,
    or on four classic data sets, and lets its reader change layers, activation, solver, learning
    rate, L2 penalty, batch size, noise and seed. It shows the decision, the output and the weights
    of each neuron, training and test loss, and one sample's forward and backward pass in numbers.
    The run that Python has recorded can be replayed as well.

    The page starts from the seed: it reproduces the random numbers of NumPy, so that the network on
    the page is the one that ``fit`` trains, to about 1e-15 in each weight, and it shows the Python
    code for it.

    Parameters
    ----------
    estimator : estimator
        A PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier or MLPRegressor, or a
        Pipeline that ends with one. It is cloned, not changed. Without a ``random_state`` a seed is
        drawn for the clone.
    test_size : float or int, default=0.25
        How many samples are held out for the test loss, as a share or a number; 0 trains on all.
        :func:`sklearn.model_selection.train_test_split` chooses them, with ``random_state=0``.
    max_samples : int, default=1000
        Of more samples, this many are chosen at random, for training and test together. The page
        says so.
    most_frames : int, default=60
        About how many epochs of the recorded run to keep, at least 20.
    title : str, default=None
        The heading of the page; None is the name of the estimator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone: what the page shows as the run recorded in Python. It has been trained on
        the training samples only.
    epochs_ : list of int
        The recorded epochs, counted from 1.

    Raises
    ------
    ImportError
        With scikit-learn before 1.9, which has no callbacks.

    See Also
    --------
    TrainingReplay : A recorded run of any estimator of this package, without training.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import Playground
    >>> X, y = make_moons(100, noise=0.2, random_state=0)
    >>> mlp = MLPClassifier((4, 4), learning_rate_init=0.03, tol=1e-3, random_state=0)
    >>> playground = Playground(mlp).fit(X, y)
    >>> playground.estimator_.n_iter_ == playground.epochs_[-1]
    True
    >>> "new Training(" in playground.to_html()  # or playground.save("playground.html")
    True
    """

    _template, _frame_title = "playground.html", "Playground"

    def __init__(self, estimator, *, test_size=0.25, max_samples=1000, most_frames=60, title=None):
        self.estimator = estimator
        self.test_size = test_size
        self.max_samples = max_samples
        self.most_frames = most_frames
        self.title = title

    def fit(self, X, y, *, X_test=None, y_test=None):
        """Train a clone of the estimator, record it, and prepare the page.

        Parameters
        ----------
        X : array-like of shape (n_samples, 2)
            The samples; a data frame gives the axes their names.
        y : array-like of shape (n_samples,)
            Labels of at most 8 classes, or numbers for a regressor.
        X_test, y_test : array-like, default=None
            Test samples; without them ``test_size`` samples of X are held out.

        Returns
        -------
        self : object
            The playground, ready to be saved.

        Raises
        ------
        TypeError
            If the estimator is not one of the four, or a subclass; if X is sparse.
        ValueError
            If X has not two columns, y more than 8 classes or several columns, if the test samples
            have other columns or labels, or if the estimator has an option that the page does not
            have.
        """
        check_two_features(self.estimator, X, y, self.most_frames)
        model = clone(self.estimator)
        learner = last_step(model)
        if learner.random_state is None:
            learner.random_state = int(np.random.randint(2**31))
        check_parameters(learner, np.unique(y).size if is_classifier(learner) else None)
        X = in_float64(X)
        if is_pipeline(model) and "dtype" in learner.get_params():
            learner.dtype = "float64"
        parts, code = self._split(X, y, X_test, y_test)
        if is_classifier(learner):
            check_classes(*parts[2:], is_split=X_test is None)
        frames = record_epochs(model, parts[0], parts[2], self.most_frames)
        if learner.n_features_in_ > MAX_INPUTS:
            raise ValueError(
                f"The steps of the pipeline must make at most {MAX_INPUTS} features in a "
                f"playground; got {learner.n_features_in_}. {WAY_OUT}"
            )
        self.estimator_, self.epochs_ = model, list(frames)
        facts = described_page(model, parts, len(X))
        facts |= {"python": code, "recorded": described_run(learner, frames)}
        self._payload = pack_payload(facts, recorded_parameters(frames))
        return self

    def _heading(self):
        return self.title or type(last_step(self.estimator)).__name__

    def _split(self, X, y, X_test, y_test):
        """Return (X, X_test, y, y_test), the tests None if there are none, and the code for it."""
        given = "# X, y: the samples that the page was made from, in float64\n"
        if (X_test is None) != (y_test is None):
            raise ValueError("X_test and y_test must be given together; got one of them.")
        if X_test is not None:
            check_two_features(self.estimator, X_test, y_test, self.most_frames, is_test=True)
            check_same_features(X, X_test)
            return (X, X_test, y, y_test), given + "X_train, y_train = X, y"
        n_used = min(len(X), self._checked_max_samples())
        n_test = n_test_samples(self.test_size, n_used)
        if n_test == 0 and n_used == len(X):
            return (X, None, y, None), given + "X_train, y_train = X, y"
        sizes = {"train_size": n_used - n_test, "test_size": n_test or len(X) - n_used}
        X, X_test, y, y_test = train_test_split(X, y, **sizes, random_state=0)
        code = (
            "from sklearn.model_selection import train_test_split\n\n"
            f"{given}X_train, X_test, y_train, y_test = train_test_split(\n"
            f"    X, y, train_size={sizes['train_size']}, test_size={sizes['test_size']}, "
            "random_state=0\n)"
        )
        return (X, X_test, y, y_test) if n_test else (X, None, y, None), code

    def _checked_max_samples(self):
        if not isinstance(self.max_samples, Integral) or self.max_samples < 2:
            raise ValueError(f"max_samples must be an int of at least 2; got {self.max_samples!r}.")
        return int(self.max_samples)


def n_test_samples(test_size, n_samples):
    """Return how many of the samples are held out for the test."""
    is_number = isinstance(test_size, Integral) and 0 <= test_size < n_samples
    is_share = isinstance(test_size, Real) and 0 <= test_size < 1
    if not (is_number or (is_share and round(test_size * n_samples) < n_samples)):
        raise ValueError(
            "test_size must be a share in [0, 1) or a number of samples below "
            f"n_samples={n_samples}, and leave some to train on; got {test_size!r}."
        )
    return int(test_size) if is_number else round(test_size * n_samples)


def in_float64(X):
    """Return samples in float32 in float64, as the page computes."""
    kinds = X.dtypes if hasattr(X, "iloc") else [getattr(X, "dtype", None)]
    return X.astype(float) if any(kind == np.float32 for kind in kinds) else X


def check_same_features(X, X_test):
    """Refuse test samples whose columns are not those of X."""
    have_names = hasattr(X, "columns") and hasattr(X_test, "columns")
    if have_names and (names := feature_names(X)) != (found := feature_names(X_test)):
        raise ValueError(f"X_test must have the columns of X, {names}; got {found}.")


def check_classes(y, y_test, *, is_split):
    """Refuse test samples of a class that the training samples lack, and a single class."""
    known = np.unique(y).tolist()
    tested = [] if y_test is None else np.unique(y_test).tolist()
    unseen = [label for label in tested if label not in known]
    if unseen and not is_split:
        raise ValueError(f"y_test must have the labels of y, {known}; got {unseen} besides.")
    if unseen or len(known) < 2:
        raise ValueError(
            "The training samples must have every class of the page, and at least two; test_size "
            f"and max_samples leave them {known}. Choose other sizes, or pass X_test and y_test."
        )


def check_parameters(learner, n_classes):
    """Refuse, by name, what the page cannot train."""
    kind, defaults = type(learner).__name__, type(learner)().get_params()
    if kind not in PARAMETERS_OF_THE_PAGE:
        raise TypeError(
            f"estimator must be one of {', '.join(PARAMETERS_OF_THE_PAGE)} in a playground, not a "
            f"subclass; got {learner!r}. {WAY_OUT}"
        )
    known = PARAMETERS_OF_THE_PAGE[kind]
    for name, value in learner.get_params().items():
        allowed = VALUES_OF_THE_PAGE.get(name)
        if name in known and allowed and not (isinstance(value, str) and value in allowed):
            refuse(name, value, f"one of {', '.join(map(repr, allowed))}")
        if name not in known and name not in WITHOUT_EFFECT and not is_same(value, defaults[name]):
            refuse(name, value, repr(defaults[name]))
    if not isinstance(learner.random_state, Integral):
        refuse("random_state", learner.random_state, "an int, or None")
    if isinstance(learner.get_params().get("batch_size"), Real) and learner.batch_size < 1:
        refuse("batch_size", learner.batch_size, "an int or 'auto'")
    if n_classes and n_classes > 2 and kind in ("PerceptronClassifier", "SigmoidNeuronClassifier"):
        raise ValueError(
            f"y must have two classes for a playground of a {kind}; got {n_classes}. "
            f"MLPClassifier takes up to 8. {WAY_OUT}"
        )
    if "hidden_layer_sizes" in known:
        sizes = as_layer_sizes(learner.hidden_layer_sizes)
        if len(sizes) > MAX_HIDDEN_LAYERS or max(sizes, default=0) > MAX_HIDDEN_NEURONS:
            expected = f"at most {MAX_HIDDEN_LAYERS} layers of at most {MAX_HIDDEN_NEURONS} neurons"
            refuse("hidden_layer_sizes", learner.hidden_layer_sizes, expected)


def refuse(name, value, expected):
    """Raise an error that names the parameter, what is expected, and the way out."""
    raise ValueError(
        f"{name} must be {expected} in a playground, whose page has no other; got {value!r}. "
        f"{WAY_OUT}"
    )


def is_same(value, default):
    """Return whether a parameter has its default value; 0 is 0.0."""
    are_numbers = isinstance(value, Real) and isinstance(default, Real)
    return value is default or ((are_numbers or type(value) is type(default)) and value == default)


def described_page(model, parts, n_given):
    """Return what the page needs to know of the estimator and the samples."""
    X, X_test, y, y_test = parts
    learner, to_inputs, has_steps = last_step(model), transformation(model, X), is_pipeline(model)
    points = [np.asarray(part, dtype=float) for part in (X, X_test) if part is not None]
    box = picture_box(np.vstack(points))
    described = [
        {
            "X": to_inputs(samples).ravel().tolist(),
            "y": task_of(learner, part).y.tolist(),
            "points": samples.tolist() if has_steps else None,
        }
        for samples, part in zip(points, (y, y_test), strict=False)
    ]
    return {
        "kind": type(learner).__name__,
        "parameters": page_parameters(learner, to_inputs(points[0]), y),
        "defaults": page_defaults(learner),
        "loss": fitted_network(learner).loss.name,
        "range": None,
        **task_of(learner, y).described(),
        "most": {"layers": MAX_HIDDEN_LAYERS, "neurons": MAX_HIDDEN_NEURONS, "drawn": MAX_NEURONS},
        "features": feature_names(X),
        "box": np.transpose(box).tolist(),
        "resolution": RESOLUTION,
        "n_inputs": int(learner.n_features_in_),
        "has_steps": has_steps,
        "train": described[0],
        "test": described[1] if X_test is not None else None,
        "grid": to_inputs(grid(*box, RESOLUTION)).ravel().tolist() if has_steps else None,
        "about": about(points, n_given, has_steps),
    }


def about(points, n_given, has_steps):
    """Return what the page says of its samples."""
    numbers = [len(part) for part in points]
    parts = f"{numbers[0]} samples to train on" + (f", {numbers[1]} to test" if numbers[1:] else "")
    chosen = f", chosen at random from {n_given}" if sum(numbers) < n_given else ""
    steps = " The network sees what the first steps of the pipeline make of them." * has_steps
    return f"This page holds {parts}{chosen}.{steps}"


def page_defaults(learner):
    """Return the default values of the parameters that the page trains with."""
    return in_json({**type(learner)().get_params(), "random_state": None}, learner)


def page_parameters(learner, X, y):
    """Return the values of the parameters that the page trains with."""
    parameters = in_json(learner.get_params(), learner)
    if parameters.get("learning_rate_init") == "auto":
        parameters["learning_rate_init"] = training_problem(clone(learner), X, y).learner.eta_0
    return parameters


def in_json(parameters, learner):
    """Return the parameters that the page trains with, with values that JSON has."""
    known = PARAMETERS_OF_THE_PAGE[type(learner).__name__]
    chosen = {name: parameters[name] for name in known if name in parameters}
    if "hidden_layer_sizes" in chosen:
        chosen["hidden_layer_sizes"] = list(as_layer_sizes(parameters["hidden_layer_sizes"]))
    return {
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in chosen.items()
    }


def described_run(learner, frames):
    """Return what the page shows of the recorded run, besides the parameters of each frame."""
    return {
        "epochs": list(frames),
        "sizes": layer_widths(learner),
        **described_curves(learner),
    }


def recorded_parameters(frames):
    """Return W and b of each layer, for each frame, as bytes of float64."""
    networks = [fitted_network(last_step(frame)) for frame in frames.values()]
    parts = [
        part
        for network in networks
        for W, b in zip(network.weights, network.biases, strict=True)
        for part in (np.ravel(W), b)
    ]
    return np.concatenate(parts).astype("<f8").tobytes()
