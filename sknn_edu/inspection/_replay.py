"""A training run as a page to play with: each epoch's decision, weights and loss."""

import base64
import json
import zlib
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy.sparse import issparse
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score

from sknn_edu._perceptron import PerceptronClassifier
from sknn_edu._trainable import TrainableNetwork
from sknn_edu.inspection._answers import answers
from sknn_edu.inspection._displays import last_step, shown

MOST_CLASSES = 8
"""A picture in colours and shapes tells no more classes apart."""

MOST_SAMPLES = 400
"""So many are drawn; the page says how many there are."""

FIRST = 10
"""The first epochs, in which most happens, are all kept."""

MAP = 16
"""What a neuron sees is drawn from so many points across and down."""


class TrainingReplay:
    """Records a training run on two features, to be replayed in a browser.

    The page that :meth:`save` writes is one file that needs no network: play, pause and a slider
    over the epochs; the decision with the samples, the network with its weights and a small map of
    what each neuron sees, and the loss curve.

    Parameters
    ----------
    estimator : estimator
        A PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier or MLPRegressor, or a
        Pipeline that ends with one. It is cloned, not changed.
    most_frames : int, default=60
        About how many epochs to keep, at least 20: the first ten, the last, and some between.
    resolution : int, default=48
        The decision is drawn from so many points across and down.
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
            Handed on to ``fit`` of the estimator.

        Returns
        -------
        self : object
            The replay, ready to be saved.

        Raises
        ------
        TypeError
            If the estimator is none of ours.
        ValueError
            If X has not two columns, or y more than 8 classes or several columns.
        """
        self._check(X, y)
        model = clone(self.estimator)
        learner = last_step(model)
        recorder = Recorder(self.most_frames)
        before = getattr(last_step(self.estimator), "_skl_callbacks", [])
        learner.set_callbacks(*before, recorder)
        try:
            model.fit(X, y, **fit_params)
        finally:
            learner.set_callbacks(*before)
        if recorder.last is None:
            raise ValueError(
                "The fit ended before its first epoch, so there is nothing to replay. With lbfgs a "
                "smaller tol makes it begin."
            )
        frames = recorder.frames()
        self.estimator_, self.epochs_ = model, list(frames)
        self._payload = payload(model, frames, X, y, self.resolution)
        return self

    def to_html(self):
        """Return the page as text.

        Returns
        -------
        html : str
            A whole HTML document.
        """
        if not hasattr(self, "estimator_"):
            raise NotFittedError("There is nothing to replay yet: call fit(X, y) first.")
        title = self.title or type(last_step(self.estimator)).__name__
        page = files("sknn_edu.inspection").joinpath("_replay.html").read_text(encoding="utf-8")
        return page.replace("{{payload}}", self._payload).replace("{{title}}", escape(title))

    def save(self, path):
        """Write the page.

        Parameters
        ----------
        path : str or Path
            Where to, such as ``"replay.html"``.

        Returns
        -------
        path : Path
            Where it is now.
        """
        path = Path(path)
        path.write_text(self.to_html(), encoding="utf-8")
        return path

    def _repr_html_(self):
        if not hasattr(self, "estimator_"):
            return f"<pre>{escape(repr(self))}</pre>"
        return (
            f'<iframe srcdoc="{escape(self.to_html(), quote=True)}" title="Training replay" '
            'style="width: 100%; height: 640px; border: 0"></iframe>'
        )

    def __repr__(self):
        return f"TrainingReplay({self.estimator!r})"

    def _check(self, X, y):
        learner = last_step(self.estimator)
        if not isinstance(learner, TrainableNetwork | PerceptronClassifier):
            raise TypeError(
                "estimator must be a PerceptronClassifier, SigmoidNeuronClassifier, MLPClassifier "
                "or MLPRegressor of sknn_edu, or a Pipeline that ends with one; got "
                f"{self.estimator!r}."
            )
        if self.most_frames < 2 * FIRST:
            raise ValueError(f"most_frames must be at least {2 * FIRST}; got {self.most_frames}.")
        if not 8 <= self.resolution <= 256:
            raise ValueError(f"resolution must be from 8 to 256; got {self.resolution}.")
        if np.ndim(X) != 2 or np.shape(X)[1] != 2:
            raise ValueError(
                f"X must have two columns, the axes of the picture; got shape {np.shape(X)}. "
                "Choose two features, or reduce them to two, for example with PCA."
            )
        if not np.isfinite(np.asarray(X, dtype=float)).all():
            raise ValueError(
                "X must be finite numbers, to have a place in the picture; got NaN or inf."
            )
        if np.ndim(y) != 1:
            raise ValueError(f"y must have one dimension to be drawn; got shape {np.shape(y)}.")
        if is_classifier(learner) and not 2 <= (n_classes := np.unique(y).size) <= MOST_CLASSES:
            raise ValueError(
                f"y must have 2 to {MOST_CLASSES} classes, which a picture can tell apart; got "
                f"{n_classes}."
            )


class Recorder:
    """A callback of scikit-learn's that keeps the estimator as it was after some epochs."""

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
        """Keep the estimator after an epoch; where there are too many, every other one goes."""
        if context.task_name != "epoch" or fitted_estimator is None:
            return
        self.n_epochs += 1
        self.last = fitted_estimator
        if self._is_kept(self.n_epochs):
            self.kept[self.n_epochs] = fitted_estimator
        if len(self.kept) > self.most_frames:
            self.stride *= 2
            self.kept = {n: one for n, one in self.kept.items() if self._is_kept(n)}

    def _is_kept(self, epoch):
        return epoch <= FIRST or epoch % self.stride == 0

    def frames(self):
        """Return {epoch: estimator as it was}, the last epoch included."""
        return {**self.kept, self.n_epochs: self.last}


def payload(model, frames, X, y, resolution):
    """Return what the page shows, as base64 of compressed JSON and bytes.

    The bytes are, for each frame, the decision (resolution^2 numbers from the top left; for more
    than two classes twice as many: the class, then how certain) and a map of MAP^2 numbers for each
    neuron drawn; 0 to 255 stand for 0 to 1, or -1 to 1 in a map.
    """
    learner, points = last_step(model), np.asarray(X, dtype=float)
    to_inputs = transformation(model, X)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.15 * np.where(high > low, high - low, 1)
    box = low - margin, high + margin
    task = ClassesTask(learner, y) if is_classifier(learner) else NumbersTask(y)
    on_grid, on_map = (to_inputs(grid(*box, n)) for n in (resolution, MAP))
    on_samples = to_inputs(points)
    weights = learner._layers()[0]
    sizes = [weights[0].shape[0], *(W.shape[1] for W in weights)]
    drawn = [[i for i, _ in shown(size)] for size in sizes]

    rows, images = [], []
    for epoch, then in frames.items():
        images += task.decision(answers(then, on_grid)[-1])
        images += maps_of(answers(then, on_map), drawn, task)
        between = [
            [[float(f"{w:.3g}") for w in row] for row in W[np.ix_(below, above)]]
            for W, below, above in zip(then._layers()[0], drawn, drawn[1:], strict=False)
        ]
        score = task.score(answers(then, on_samples)[-1])
        rows.append({"epoch": epoch, "weights": between, "score": score})

    some = np.arange(len(points))
    if some.size > MOST_SAMPLES:
        some = np.sort(np.random.default_rng(0).choice(some, MOST_SAMPLES, replace=False))
    names = [str(name) for name in getattr(X, "columns", ["first feature", "second feature"])]
    curve = getattr(learner, "loss_curve_", None)
    said = {
        "features": names,
        "box": np.transpose(box).round(6).tolist(),
        "resolution": resolution,
        "map": MAP,
        "n_samples": len(points),
        "points": points[some].round(4).tolist(),
        "targets": task.of_samples()[some].tolist(),
        **task.described(),
        "sizes": sizes,
        "drawn": drawn,
        "curve": curve if curve is not None else learner.mistake_curve_,
        "curve_name": "mean loss" if curve is not None else "mistakes",
        "validation": getattr(learner, "validation_loss_curve_", None),
        "best": learner.best_epoch_ if getattr(learner, "early_stopping", False) else None,
        "frames": rows,
    }
    text = json.dumps(finite(said), separators=(",", ":"), allow_nan=False).encode()
    whole = len(text).to_bytes(4, "big") + text + np.concatenate(images).tobytes()
    return base64.b64encode(zlib.compress(whole, 9)).decode()


def finite(value):
    """Return the value with null for what JSON has no number for."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def grid(low, high, n):
    """Return the centres (n * n, 2) of the pixels of a picture, from the top left."""
    across, down = (low + (high - low) * (np.arange(n)[:, np.newaxis] + 0.5) / n).T
    first, second = np.meshgrid(across, down[::-1])
    return np.column_stack([first.ravel(), second.ravel()])


def transformation(model, X):
    """Return a function from points of the picture to the inputs of the last step of the model."""
    if not hasattr(model, "steps") or len(model.steps) == 1:
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
    """Return numbers from 0 to 1 as bytes; what is none is in the middle."""
    return np.round(255 * np.clip(np.nan_to_num(share, nan=0.5), 0, 1)).astype(np.uint8)


def maps_of(said, drawn, task):
    """Return for each neuron drawn what it answers over the picture, against its layer's most."""
    maps = []
    for k, (a, neurons) in enumerate(zip(said, drawn, strict=True)):
        if k == len(said) - 1:
            share = task.share(a)
        else:
            a = a - a.mean(axis=0) if k == 0 else a
            share = 0.5 + 0.5 * a / (np.abs(a).max() or 1.0)
        maps += [as_bytes(share[:, i]) for i in neurons]
    return maps


class ClassesTask:
    """What a classifier is to say, and how it is drawn."""

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
    """What a regressor is to say, and how it is drawn."""

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
        answers = middle(a)
        if not np.isfinite(answers).all():
            return None
        with np.errstate(over="ignore"):
            return float(r2_score(self.y, answers))


def middle(a):
    """Return the only output, or the middle one of several quantiles."""
    return a[:, a.shape[1] // 2]
