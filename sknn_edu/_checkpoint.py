"""A fit that survives its process: its state in a file, written anew after some epochs."""

import errno
import json
import os
import re
from dataclasses import fields, is_dataclass
from functools import partial
from numbers import Integral
from pathlib import Path

import numpy as np

from sknn_edu._base import package_version
from sknn_edu._paused import Paused, checksum
from sknn_edu._trainable import TrainableNetwork
from sknn_edu.core.gradient_descent import Pace
from sknn_edu.core.optimizers import State
from sknn_edu.core.training import Patience

FORMAT = 1
"""Of the files written here; another number is refused."""

FREE = ("max_iter", "verbose", "warm_start")
"""Parameters that may differ between the fit that was saved and the one that goes on; ``max_iter``
only if the learning rate does not reckon with the end.
"""

GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
"""NumPy's."""

LEARNED = ("n_features_in_", "n_outputs_", "out_activation_")
"""Attributes that are saved as they are."""


class Checkpoint:
    """Callback that saves the state of a fit, so that it can go on after a crash.

    The file is written beside its place and then moved there, so that it is whole at all times. A
    fit that goes on from it ends with the same bits as one that was never interrupted. The file
    holds arrays and text; reading it runs no code.

    Parameters
    ----------
    path : str or Path
        Where to save; one file for each fit that runs at the same time.
    every : int, default=1
        Save after each so many epochs.

    Raises
    ------
    ValueError
        If ``every`` is not an int of at least 1. In a fit, if it cannot be saved: by its solver, or
        because a parameter has no text by which another process would know it.
    FileExistsError
        In a fit, if the file exists and the fit does not go on from it.
    OSError
        In a fit, if the file cannot be written; the one before is intact.

    Notes
    -----
    For :class:`SigmoidNeuronClassifier`, :class:`MLPClassifier` and :class:`MLPRegressor` with a
    solver that trains in epochs; not for 'lbfgs', whose state is within SciPy. Needs scikit-learn
    1.9 or newer. Between calls of ``partial_fit`` save the estimator itself.

    Examples
    --------
    A script that can be killed and started again at any time:

    >>> import os, tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import Checkpoint, MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> path = os.path.join(tempfile.mkdtemp(), "iris.checkpoint")
    >>> checkpoint = Checkpoint(path, every=10)
    >>> mlp = MLPClassifier(tol=1e-2, random_state=0, warm_start=True).set_callbacks(checkpoint)
    >>> if checkpoint.exists():
    ...     mlp = checkpoint.restore(mlp)
    >>> mlp = mlp.fit(X, y)
    >>> checkpoint.exists()
    True
    """

    def __init__(self, path, every=1):
        if not isinstance(every, Integral) or every < 1:
            raise ValueError(
                f"every must be a number of epochs, an int of at least 1; got {every!r}."
            )
        self.path, self.every = Path(path), every
        self._checksum = None

    def exists(self):
        """Tell whether there is a file to go on from.

        Returns
        -------
        exists : bool
        """
        return self.path.exists()

    # -- scikit-learn's protocol -------------------------------------------------------------------

    def setup(self, estimator, context):
        """Refuse early what cannot be saved later; scikit-learn calls this."""
        self._checksum = None
        if not isinstance(estimator, TrainableNetwork) or estimator.solver == "lbfgs":
            raise ValueError(
                f"Checkpoint cannot save a fit of {estimator!r}: it needs a "
                "SigmoidNeuronClassifier, MLPClassifier or MLPRegressor with a solver that trains "
                "in epochs, such as 'adam'."
            )
        parameters_of(estimator)
        if not self.path.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, "There is no such folder for the checkpoint", str(self.path.parent)
            )

    def teardown(self, estimator, context):
        """End a fit; scikit-learn calls this."""

    def on_fit_task_begin(self, estimator, context):
        """Save the state before an epoch; scikit-learn calls this."""
        if context.task_name != "epoch":
            return
        training = getattr(estimator, "_training", None)
        if training is None:
            raise ValueError(
                "Checkpoint works with fit, not with partial_fit: save the estimator itself "
                "between the calls."
            )
        paused = Paused.after(*training, incremental=False)
        n_epochs = paused.patience.n_epochs
        if n_epochs == 0 and self.exists():
            raise FileExistsError(
                errno.EEXIST,
                "This fit begins anew and would overwrite the checkpoint of another. Call "
                "restore(estimator) before fit to go on from it, or delete it",
                str(self.path),
            )
        if n_epochs == 0 or n_epochs % self.every:
            return
        if self._checksum is None:
            self._checksum = checksum(*training[0].samples)
        paused.checksum = self._checksum
        work, _, learner, _ = training
        self._write(*taken_from(estimator, paused, work, learner.reckons_with_the_end))

    def on_fit_task_end(self, estimator, context):
        """Do nothing after an epoch; scikit-learn calls this."""

    def _write(self, arrays, facts):
        beside = self.path.with_name(self.path.name + ".part")
        try:
            with open(beside, "wb") as file:
                facts = json.dumps(facts, default=np.ndarray.tolist)
                np.savez(file, facts=np.array(facts), **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise OSError(
                error.errno,
                f"The checkpoint could not be written ({error.strerror}); the one before is "
                "intact, if there was one. Make room, or choose another path",
                str(self.path),
            ) from error

    # -- going on ----------------------------------------------------------------------------------

    def restore(self, estimator):
        """Give an estimator the state in the file; ``fit`` on the same samples then goes on.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            With the parameters of the fit that was saved (``max_iter`` and ``verbose`` may differ)
            and ``warm_start=True``.

        Returns
        -------
        estimator : object
            The same one. It predicts as after the epoch that was saved.

        Raises
        ------
        FileNotFoundError
            If there is no file.
        ValueError
            If the file is damaged or of another kind, or the estimator has other parameters. Fit
            raises it if the samples are others.
        """
        facts, arrays = self._read()
        if not isinstance(estimator, TrainableNetwork) or kind(estimator) != facts.get("estimator"):
            raise ValueError(
                f"The checkpoint {self.path} is one of {facts.get('estimator')}, not of "
                f"{estimator!r}."
            )
        if not estimator.warm_start:
            raise ValueError(
                "warm_start must be True for fit to go on from a checkpoint: call "
                "set_params(warm_start=True)."
            )
        wanted, had = parameters_of(estimator), facts.get("parameters", {})
        if not facts.get("reckons_with_the_end"):
            wanted.pop("max_iter")
        if other := [name for name in wanted if wanted[name] != had.get(name)]:
            raise ValueError(
                f"The checkpoint {self.path} was written with other parameters: "
                + ", ".join(f"{name}={had.get(name)}" for name in other)
                + f". Set them, or delete the file to start anew. (Free are {', '.join(FREE)}.)"
            )
        before = dict(vars(estimator))
        try:
            give(estimator, arrays, facts)
        except Exception as error:
            vars(estimator).clear()
            vars(estimator).update(before)
            raise ValueError(DAMAGED.format(self.path, error)) from error
        return estimator

    def _read(self):
        try:
            with open(self.path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = dict(archive)
            facts = json.loads(str(arrays.pop("facts")))
            format_ = facts["format"]
        except FileNotFoundError:
            raise
        except Exception as error:  # there is no end of what a damaged archive may raise
            raise ValueError(DAMAGED.format(self.path, error)) from error
        if format_ != FORMAT:
            raise ValueError(
                f"The checkpoint {self.path} has format {format_}, written by sknn_edu "
                f"{facts.get('version')}; this version reads format {FORMAT}. Use that version, or "
                "delete the file to start anew."
            )
        return facts, arrays


DAMAGED = "The checkpoint {} is damaged, or not a checkpoint ({}). Delete it to start anew."


def kind(estimator):
    """Return the name of the class of an estimator."""
    return f"{type(estimator).__module__.split('.')[0]}.{type(estimator).__name__}"


def parameters_of(estimator):
    """Return the parameters that shape training, as text."""
    return {
        name: written(name, value)
        for name, value in sorted(estimator.get_params().items())
        if name == "max_iter" or name not in FREE
    }


def written(name, value):
    """Return a parameter as text that is the same in another process, or refuse it."""
    if isinstance(value, np.random.RandomState):
        return "RandomState"  # its state is in the checkpoint
    if isinstance(value, partial):
        return f"partial{written(name, (value.func, *value.args, *value.keywords.items()))}"
    if is_dataclass(value) and not isinstance(value, type):
        values = [getattr(value, field.name) for field in fields(value)]
        return f"{type(value).__qualname__}{written(name, values)}"
    if isinstance(value, list | tuple):
        return f"({', '.join(written(name, one) for one in value)})"
    text = repr(value)
    if callable(value) and hasattr(value, "__qualname__"):
        text = f"{value.__module__}.{value.__qualname__}"
    if "<lambda>" in text or re.search(r" at 0x[0-9a-f]+", text):
        raise ValueError(
            f"Checkpoint cannot tell {name}={value!r} from another one in another process. Use a "
            "function with a name, a dataclass, or a class with a __repr__ that says it all."
        )
    return text


# -- the state of a fit, as arrays and as what JSON can say ----------------------------------------

PATIENCE = ("best", "best_epoch", "n_epochs", "n_stalled")
PACE = ("eta", "rate", "n_seen", "n_epochs")
"""The numbers that patience and pace are made of."""


def taken_from(estimator, paused, training, reckons_with_the_end):
    """Return the state of a fit as arrays, and the rest of it as what JSON can say."""
    pace, patience, watch = paused.pace, paused.patience, training.watch
    classes = getattr(estimator, "classes_", [])
    arrays = {
        "theta": paused.theta,
        "order": paused.order,
        "held_out": paused.held_out,
        "keepsake": patience.keepsake,
        "feature_names": getattr(estimator, "feature_names_in_", None),
        "target_range": getattr(estimator, "target_range_", None),
        **numbered("vector", pace.optimizer_state.vectors),
        **numbered("classes", classes if isinstance(classes, list) else [classes]),
    }
    facts = {
        "format": FORMAT,
        "version": package_version(),
        "estimator": kind(estimator),
        "parameters": parameters_of(estimator),
        "structure": estimator._structure_facts(),
        "learned": {n: getattr(estimator, n) for n in LEARNED if hasattr(estimator, n)},
        "several_columns": isinstance(getattr(estimator, "classes_", None), list),
        "curves": estimator._curves(watch, training.continuing),
        "pace": {name: getattr(pace, name) for name in PACE},
        "t": pace.optimizer_state.t,
        "chance": None if pace.chance is None else pace.chance.bit_generator.state,
        "patience": {name: getattr(patience, name) for name in PATIENCE},
        "steers": watch.steers,
        "rng": paused.rng.get_state(legacy=False),
        "reckons_with_the_end": reckons_with_the_end,
        "eta_0": paused.eta_0,
        "n_samples": paused.n_samples,
        "validates": training.aim[-1],
        "checksum": paused.checksum,
    }
    return {name: plain(name, array) for name, array in arrays.items() if array is not None}, facts


def numbered(name, arrays):
    """Return arrays by a name with their number."""
    return {f"{name}_{k}": array for k, array in enumerate(arrays)}


def listed(name, arrays):
    """Return the arrays of :func:`numbered`."""
    n = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{k}"] for k in range(n)]


def plain(name, array):
    """Return an array that can be written without pickle; strings become a fixed width."""
    if array.dtype != object:
        return array
    if all(isinstance(one, str) for one in array):
        return array.astype(str)
    raise ValueError(
        f"A checkpoint can hold {name} that are numbers or strings; got objects: {array[:3]}."
    )


def give(estimator, arrays, facts):
    """Give an estimator the state of a fit."""
    patience = Patience(**facts["patience"], keepsake=arrays.get("keepsake"))
    state = State.of(listed("vector", arrays), facts["t"])
    pace = Pace(state, **facts["pace"])
    if facts["chance"] is not None:
        pace.chance = np.random.default_rng()
        pace.chance.bit_generator.state = facts["chance"]
    rng = random_state_of(facts["rng"])

    learned = dict(facts["learned"])
    if "feature_names" in arrays:
        learned["feature_names_in_"] = arrays["feature_names"].astype(object)
    if "target_range" in arrays:
        learned["target_range_"] = arrays["target_range"]
    if "classes_0" in arrays:
        classes = listed("classes", arrays)
        learned["classes_"] = classes if facts["several_columns"] else classes[0]
    vars(estimator).pop("feature_names_in_", None)
    vars(estimator).update(learned)
    estimator._keep_structure(facts["structure"])
    network = estimator._network_of(**facts["structure"])
    parameters = network.parameters(arrays["theta"].dtype)
    parameters.theta[:] = arrays["theta"]
    vars(estimator).update(estimator._fitted(parameters))
    estimator._record(
        facts["curves"], pace.n_seen, patience.n_epochs, patience, steers=facts["steers"]
    )
    estimator._paused = Paused(
        solver=estimator.solver,
        eta_0=facts["eta_0"],
        pace=pace,
        patience=patience,
        rng=rng,
        n_samples=facts["n_samples"],
        aim=(estimator.early_stopping, estimator.scoring, facts["validates"]),
        order=arrays["order"],
        held_out=arrays.get("held_out"),
        theta=arrays["theta"],
        checksum=facts["checksum"],
    )


def random_state_of(said):
    """Return the RandomState that was in this state."""
    if said["bit_generator"] not in GENERATORS:
        raise ValueError(f"unknown random generator {said['bit_generator']!r}")
    rng = np.random.RandomState(getattr(np.random, said["bit_generator"])())
    numbers = {k: np.array(v) if isinstance(v, list) else v for k, v in said["state"].items()}
    rng.set_state(said | {"state": numbers})
    return rng
