"""A training run as a page for the browser: the decision, weights and loss of each epoch."""

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone, is_classifier
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_consistent_length

from sknn_edu.estimators.interface import fitted_network, is_inspectable
from sknn_edu.fitting.given_targets import labels_of_one_kind
from sknn_edu.inspection.displays import last_step, shown
from sknn_edu.inspection.pages import Page, pack_payload

MAX_CLASSES = 8
"""Colours and shapes cannot distinguish more classes."""

MAX_SAMPLES = 400
"""At most this many samples are drawn; the page tells how many there are."""

N_FIRST = 10
"""The first epochs, in which most changes, are all kept."""

MAP_SIZE = 16
"""The map of a neuron has this many points in each direction."""


class TrainingReplay(Page):
    """Records a training run on two features, to be replayed in a browser.

    :meth:`save` writes a page that is a single file and needs no internet connection. It has
    buttons to play and pause, a slider over the epochs, the decision with the samples, the network
    with its weights and a small map of each neuron's output, and the loss curve.

    Parameters
    ----------
    estimator : estimator
        A PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier or MLPRegressor, or a
        Pipeline that ends with one. It is cloned, not changed.
    most_frames : int, default=60
        About how many epochs to keep, at least 20: the first ten, the last, and some in between.
    resolution : int, default=48
        The number of points in each direction from which the decision is drawn.
    title : str, default=None
        The heading of the page; None is the name of the estimator.

    Attributes
    ----------
    estimator_ : estimator
        The fitted clone.
    epochs_ : list of int
        The epochs kept, counted from 1.

    Raises
    ------
    ImportError
        With scikit-learn before 1.9, which has no callbacks.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from sknn_edu import MLPClassifier
    >>> from sknn_edu.inspection import TrainingReplay
    >>> X, y = make_moons(100, noise=0.2, random_state=0)
    >>> mlp = MLPClassifier(8, learning_rate_init=0.03, tol=1e-3, random_state=0)
    >>> replay = TrainingReplay(mlp).fit(X, y)
    >>> replay.epochs_[:3]
    [1, 2, 3]
    >>> "<canvas" in replay.to_html()  # or replay.save("moons.html")
    True
    """

    _template, _frame_title = "replay.html", "Training replay"

    def __init__(self, estimator, *, most_frames=60, resolution=48, title=None):
        self.estimator = estimator
        self.most_frames = most_frames
        self.resolution = resolution
        self.title = title

    def fit(self, X, y, **fit_params):
        """Train a clone of the estimator and record it.

        Parameters
        ----------
        X : array-like of shape (n_samples, 2)
            The samples; a data frame gives the axes their names.
        y : array-like of shape (n_samples,)
            Labels of at most 8 classes, or numbers for a regressor.
        **fit_params : dict
            Passed to ``fit`` of the estimator.

        Returns
        -------
        self : object
            The replay, ready to be saved.

        Raises
        ------
        TypeError
            If the estimator is not one of this package.
        ValueError
            If X has not two columns, or y more than 8 classes or several columns.
        """
        check_two_features(self.estimator, X, y, self.most_frames)
        if not 8 <= self.resolution <= 256:
            raise ValueError(f"resolution must be from 8 to 256; got {self.resolution}.")
        model = clone(self.estimator)
        frames = record_epochs(model, X, y, self.most_frames, **fit_params)
        self.estimator_, self.epochs_ = model, list(frames)
        self._payload = payload(model, frames, X, y, self.resolution)
        return self

    def _heading(self):
        return self.title or type(last_step(self.estimator)).__name__


def check_two_features(estimator, X, y, most_frames, *, is_test=False):
    """Refuse what a page cannot draw."""
    learner, of = last_step(estimator), "_test" if is_test else ""
    if not is_inspectable(learner):
        raise TypeError(
            "estimator must be a PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier "
            "or MLPRegressor of sknn_edu, or a Pipeline that ends with one; got "
            f"{estimator!r}."
        )
    if most_frames < 2 * N_FIRST:
        raise ValueError(f"most_frames must be at least {2 * N_FIRST}; got {most_frames}.")
    check_points(X, f"X{of}")
    check_targets(y, f"y{of}", is_classifier(learner), is_test=is_test)
    check_consistent_length(X, y)


def check_points(X, name):
    """Refuse samples that have no place in a picture."""
    if issparse(X):
        raise TypeError(f"{name} must be dense to be drawn; got a sparse array: use X.toarray().")
    if np.ndim(X) != 2 or np.shape(X)[1] != 2:
        raise ValueError(
            f"{name} must have two columns, the axes of the picture; got shape {np.shape(X)}. "
            "Choose two features, or reduce them to two, for example with PCA."
        )
    if np.shape(X)[0] == 0:
        raise ValueError(f"{name} must have at least one sample.")
    if not np.isfinite(np.asarray(X, dtype=float)).all():
        raise ValueError(
            f"{name} must be finite numbers, to have a place in the picture; got NaN or inf."
        )


def check_targets(y, name, are_labels, *, is_test):
    """Refuse targets that a picture cannot show."""
    if np.ndim(y) != 1:
        raise ValueError(f"{name} must have one dimension to be drawn; got shape {np.shape(y)}.")
    targets = labels_of_one_kind(np.asarray(y), name) if are_labels else np.asarray(y, float)
    if targets.dtype.kind == "f" and not np.isfinite(targets).all():
        raise ValueError(f"{name} must not contain NaN or inf.")
    if is_test or not are_labels:
        return
    if not 2 <= (n_classes := np.unique(targets).size) <= MAX_CLASSES:
        raise ValueError(
            f"y must have 2 to {MAX_CLASSES} classes, which a picture can tell apart; got "
            f"{n_classes}."
        )


def record_epochs(model, X, y, most_frames, **fit_params):
    """Fit the model in place and return {epoch: copy of it after that epoch}."""
    learner, recorder = last_step(model), EpochRecorder(most_frames)
    callbacks = getattr(learner, "_skl_callbacks", [])
    learner.set_callbacks(*callbacks, recorder)
    try:
        model.fit(X, y, **fit_params)
    finally:
        learner.set_callbacks(*callbacks)
    if recorder.last is None:
        raise ValueError(
            "The fit ended before its first epoch, so there is nothing to replay. With lbfgs a "
            "smaller tol makes it begin."
        )
    return recorder.frames()


class EpochRecorder:
    """A callback that keeps copies of the estimator after some of the epochs."""

    def __init__(self, most_frames):
        self.most_frames, self.stride, self.n_epochs = most_frames, 1, 0
        self.kept, self.last = {}, None

    def setup(self, estimator, context):
        """Do nothing before a fit."""

    def teardown(self, estimator, context):
        """Do nothing after a fit."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing before an epoch."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Keep the estimator after an epoch; if there are too many, drop every other one."""
        if context.task_name != "epoch" or fitted_estimator is None:
            return
        self.n_epochs += 1
        self.last = fitted_estimator
        if self._is_kept(self.n_epochs):
            self.kept[self.n_epochs] = fitted_estimator
        if len(self.kept) > self.most_frames:
            self.stride *= 2
            self.kept = {n: kept for n, kept in self.kept.items() if self._is_kept(n)}

    def _is_kept(self, epoch):
        return epoch <= N_FIRST or epoch % self.stride == 0

    def frames(self):
        """Return {epoch: estimator after it}, the last epoch included."""
        return {**self.kept, self.n_epochs: self.last}


def payload(model, frames, X, y, resolution):
    """Return what the page shows, as base64 of compressed JSON and bytes.

    The bytes contain for each frame the decision (resolution^2 values from the top left; for more
    than two classes twice as many: the class, then its certainty) and a map of MAP_SIZE^2 values
    for each drawn neuron; 0 to 255 stand for 0 to 1, or for -1 to 1 in a map.
    """
    learner, points = last_step(model), np.asarray(X, dtype=float)
    task, box, sizes = task_of(learner, y), picture_box(points), layer_widths(learner)
    drawn = [[i for i, _ in shown(size)] for size in sizes]
    rows, images = draw_frames(
        frames, transformation(model, X), box, points, task, drawn, resolution
    )
    facts = {
        **described_samples(X, points, task),
        "box": np.transpose(box).round(6).tolist(),
        "resolution": resolution,
        "map": MAP_SIZE,
        **task.described(),
        "sizes": sizes,
        "drawn": drawn,
        **described_curves(learner),
        "frames": rows,
    }
    return pack_payload(facts, np.concatenate(images).tobytes())


def task_of(learner, y):
    """Return the targets y of a fitted estimator, and how its answers are drawn."""
    return ClassesTask(learner, y) if is_classifier(learner) else NumbersTask(y)


def layer_widths(learner):
    """Return the number of inputs of a fitted estimator, then of neurons in each layer."""
    weights = fitted_network(learner).weights
    return [weights[0].shape[0], *(W.shape[1] for W in weights)]


def picture_box(points):
    """Return the lower left and the upper right corner of the picture, each (2,)."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1)
    return low - margin, high + margin


def draw_frames(frames, to_inputs, box, points, task, drawn, resolution):
    """Return what the page shows of each frame: a dict for each, and images as bytes."""
    on_grid, on_map = (to_inputs(grid(*box, n)) for n in (resolution, MAP_SIZE))
    on_samples, rows, images = to_inputs(points), [], []
    for epoch, estimator in frames.items():
        network = fitted_network(estimator)
        images += task.decision(network.layer_outputs(on_grid)[-1])
        images += maps_of(network.layer_outputs(on_map), drawn, task)
        weights = [
            rounded(W[np.ix_(below, above)])
            for W, below, above in zip(network.weights, drawn, drawn[1:], strict=False)
        ]
        biases = [rounded(b[above]) for b, above in zip(network.biases, drawn[1:], strict=True)]
        score = task.score(network.layer_outputs(on_samples)[-1])
        rows.append({"epoch": epoch, "weights": weights, "biases": biases, "score": score})
    return rows, images


def rounded(values):
    """Return an array as lists of numbers with three digits."""
    if values.ndim > 1:
        return [rounded(row) for row in values]
    return [float(f"{value:.3g}") for value in values]


def described_samples(X, points, task):
    """Return what the page shows of the samples; of many, a random choice."""
    rows = np.arange(len(points))
    if rows.size > MAX_SAMPLES:
        rows = np.sort(np.random.default_rng(0).choice(rows, MAX_SAMPLES, replace=False))
    return {
        "features": feature_names(X),
        "n_samples": len(points),
        "points": points[rows].round(4).tolist(),
        "targets": task.of_samples()[rows].tolist(),
    }


def feature_names(X):
    """Return the names of the two features."""
    return [str(name) for name in getattr(X, "columns", ["first feature", "second feature"])]


def described_curves(learner):
    """Return the training curves of a fitted estimator."""
    curve = getattr(learner, "loss_curve_", None)
    return {
        "curve": curve if curve is not None else learner.mistake_curve_,
        "curve_name": "mean loss" if curve is not None else "mistakes",
        "validation": getattr(learner, "validation_loss_curve_", None),
        "best": learner.best_epoch_ if getattr(learner, "early_stopping", False) else None,
    }


def grid(low, high, n):
    """Return the centres (n * n, 2) of the pixels of a picture, from the top left."""
    across, down = (low + (high - low) * (np.arange(n)[:, np.newaxis] + 0.5) / n).T
    first, second = np.meshgrid(across, down[::-1])
    return np.column_stack([first.ravel(), second.ravel()])


def is_pipeline(model):
    """Return whether the last step of the model has other steps before it."""
    return hasattr(model, "steps") and len(model.steps) > 1


def transformation(model, X):
    """Return a function from points of the picture to the inputs of the last step of the model."""
    if not is_pipeline(model):
        return lambda points: points

    def transform(points):
        if hasattr(X, "iloc"):
            points = type(X)(points, columns=X.columns)
        elif hasattr(X, "columns"):
            points = type(X)(points, schema=X.columns)
        inputs = model[:-1].transform(points)
        return np.asarray(inputs.toarray() if issparse(inputs) else inputs, dtype=float)

    return transform


def as_bytes(share):
    """Return numbers from 0 to 1 as bytes; NaN is in the middle."""
    return np.round(255 * np.clip(np.nan_to_num(share, nan=0.5), 0, 1)).astype(np.uint8)


def maps_of(outputs, drawn, task):
    """Return a map of each drawn neuron's output, relative to the largest in its layer."""
    maps = []
    for k, (a, neurons) in enumerate(zip(outputs, drawn, strict=True)):
        if k == len(outputs) - 1:
            share = task.share(a)
        else:
            a = a - a.mean(axis=0) if k == 0 else a
            share = 0.5 + 0.5 * a / (np.abs(a).max() or 1.0)
        maps += [as_bytes(share[:, i]) for i in neurons]
    return maps


class ClassesTask:
    """The targets of a classifier, and how its decision is drawn."""

    def __init__(self, learner, y):
        self.classes = learner.classes_
        self.y = np.searchsorted(self.classes, np.asarray(y))

    def described(self):
        return {"classes": [str(label) for label in self.classes], "score_name": "accuracy"}

    def of_samples(self):
        return self.y

    def share(self, a):
        return a

    def decision(self, a):
        if a.shape[1] == 1:
            return [as_bytes(a[:, 0])]
        return [a.argmax(axis=1).astype(np.uint8), as_bytes(a.max(axis=1))]

    def score(self, a):
        decided = a[:, 0] >= 0.5 if a.shape[1] == 1 else a.argmax(axis=1)
        return float(np.mean(decided == self.y))


class NumbersTask:
    """The targets of a regressor, and how its predictions are drawn."""

    def __init__(self, y):
        self.y = np.asarray(y, dtype=float)
        self.low, self.width = self.y.min(), np.ptp(self.y) or 1.0

    def described(self):
        range_ = [float(self.low), float(self.low + self.width)]
        return {"classes": None, "range": range_, "score_name": "R\N{SUPERSCRIPT TWO}"}

    def of_samples(self):
        return ((self.y - self.low) / self.width).round(4)

    def share(self, a):
        return (a - self.low) / self.width

    def decision(self, a):
        return [as_bytes(self.share(middle(a)))]

    def score(self, a):
        predictions = middle(a)
        if not np.isfinite(predictions).all():
            return None
        with np.errstate(over="ignore"):
            return float(r2_score(self.y, predictions))


def middle(a):
    """Return the only output, or the middle one of several quantiles."""
    return a[:, a.shape[1] // 2]
