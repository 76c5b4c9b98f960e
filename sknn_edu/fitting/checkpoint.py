"""A fit that survives its process: its state in a file, rewritten every few epochs."""

import errno
import json
import os
import re
from dataclasses import fields, is_dataclass
from functools import partial
from numbers import Integral
from pathlib import Path

import numpy as np

from sknn_edu.core.optimizers import OptimizerState
from sknn_edu.core.training import BestSoFar
from sknn_edu.fitting.estimator import package_version
from sknn_edu.fitting.fit import Trainable, continued_curves, record
from sknn_edu.fitting.training_state import TrainingState, checksum

FORMAT = 1
"""The format of the files written here; another one is refused."""

FREE_PARAMETERS = ("max_iter", "verbose", "warm_start")
"""Parameters that may differ between the saved fit and the one that continues it; ``max_iter`` only
if the steps do not depend on the number of epochs.
"""

GENERATORS = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
"""NumPy's random generators."""

ATTRIBUTES = ("n_features_in_", "n_outputs_", "out_activation_")
"""Fitted attributes that are saved as they are."""


class Checkpoint:
    """Callback that saves the state of a fit, so that it can continue after a crash.

    Each file is written under another name and then renamed, so that the checkpoint is complete at
    all times. A fit that continues from it ends with the same bits as one that was never
    interrupted. The file contains arrays and text; reading it runs no code.

    Parameters
    ----------
    path : str or Path
        Where to save; fits that run at the same time need different files.
    every : int, default=1
        Save every so many epochs.

    Raises
    ------
    ValueError
        If ``every`` is not an int of at least 1. In a fit, if it cannot be saved: because of its
        solver, or because a parameter has no text that identifies it in another process.
    FileExistsError
        In a fit, if the file exists and the fit does not continue from it.
    OSError
        In a fit, if the file cannot be written; the previous one is intact.

    Notes
    -----
    For :class:`SigmoidNeuronClassifier`, :class:`MLPClassifier` and :class:`MLPRegressor` with a
    solver that trains in epochs; not for 'lbfgs', whose state is inside SciPy. Needs scikit-learn
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
        """Return whether there is a file to continue from.

        Returns
        -------
        exists : bool
        """
        return self.path.exists()

    # -- scikit-learn's protocol -------------------------------------------------------------------

    def setup(self, estimator, context):
        """Refuse early what cannot be saved later; scikit-learn calls this."""
        self._checksum = None
        if not isinstance(estimator, Trainable) or estimator.solver == "lbfgs":
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
        run = getattr(estimator, "_running_fit", None)
        if run is None:
            raise ValueError(
                "Checkpoint works with fit, not with partial_fit: save the estimator itself "
                "between the calls."
            )
        n_epochs = run.state.best_so_far.n_epochs
        if n_epochs == 0 and self.exists():
            raise FileExistsError(
                errno.EEXIST,
                "This fit starts anew and would overwrite the checkpoint of another one. Call "
                "restore(estimator) before fit to continue from it, or delete it",
                str(self.path),
            )
        if n_epochs == 0 or n_epochs % self.every:
            return
        if self._checksum is None:
            self._checksum = checksum(*run.arrays)
        self._write(*pack(estimator, run, self._checksum))

    def on_fit_task_end(self, estimator, context):
        """Do nothing after an epoch; scikit-learn calls this."""

    def _write(self, arrays, facts):
        part = self.path.with_name(self.path.name + ".part")
        try:
            with open(part, "wb") as file:
                facts = json.dumps(facts, default=np.ndarray.tolist)
                np.savez(file, facts=np.array(facts), **arrays)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, self.path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise OSError(
                error.errno,
                f"The checkpoint could not be written ({error.strerror}); the previous one is "
                "intact, if there was one. Free some space, or choose another path",
                str(self.path),
            ) from error

    # -- continuing --------------------------------------------------------------------------------

    def restore(self, estimator):
        """Give an estimator the state in the file; ``fit`` on the same samples then continues.

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
            raises it if the samples differ.
        """
        facts, arrays = self._read()
        name = facts.get("estimator")
        if not isinstance(estimator, Trainable) or class_name(estimator) != name:
            raise ValueError(f"The checkpoint {self.path} is one of {name}, not of {estimator!r}.")
        if not estimator.warm_start:
            raise ValueError(
                "warm_start must be True for fit to continue from a checkpoint: call "
                "set_params(warm_start=True)."
            )
        parameters, saved = parameters_of(estimator), facts.get("parameters", {})
        if not facts.get("depends_on_n_epochs"):
            parameters.pop("max_iter")
        if changed := [name for name in parameters if parameters[name] != saved.get(name)]:
            raise ValueError(
                f"The checkpoint {self.path} was written with other parameters: "
                + ", ".join(f"{name}={saved.get(name)}" for name in changed)
                + ". Set them, or delete the file to start anew. Only these may differ: "
                + f"{', '.join(FREE_PARAMETERS)}."
            )
        before = dict(vars(estimator))
        try:
            unpack(estimator, arrays, facts)
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
        except Exception as error:  # a damaged archive may raise anything
            raise ValueError(DAMAGED.format(self.path, error)) from error
        if format_ != FORMAT:
            raise ValueError(
                f"The checkpoint {self.path} has format {format_}, written by sknn_edu "
                f"{facts.get('version')}; this version reads format {FORMAT}. Use that version, or "
                "delete the file to start anew."
            )
        return facts, arrays


DAMAGED = "The checkpoint {} is damaged, or is not a checkpoint ({}). Delete it to start anew."


def class_name(estimator):
    """Return the package and the name of an estimator's class."""
    return f"{type(estimator).__module__.split('.')[0]}.{type(estimator).__name__}"


def parameters_of(estimator):
    """Return the parameters that training depends on, as text."""
    return {
        name: as_text(name, value)
        for name, value in sorted(estimator.get_params().items())
        if name == "max_iter" or name not in FREE_PARAMETERS
    }


def as_text(name, value):
    """Return a parameter as text that is the same in another process, or refuse it."""
    if isinstance(value, np.random.RandomState):
        return "RandomState"  # its state is in the checkpoint
    if isinstance(value, partial):
        return f"partial{as_text(name, (value.func, *value.args, *value.keywords.items()))}"
    if is_dataclass(value) and not isinstance(value, type):
        values = [getattr(value, field.name) for field in fields(value)]
        return f"{type(value).__qualname__}{as_text(name, values)}"
    if isinstance(value, list | tuple):
        return f"({', '.join(as_text(name, item) for item in value)})"
    text = repr(value)
    if callable(value) and hasattr(value, "__qualname__"):
        text = f"{value.__module__}.{value.__qualname__}"
    if "<lambda>" in text or re.search(r" at 0x[0-9a-f]+", text):
        raise ValueError(
            f"Checkpoint cannot identify {name}={value!r} in another process. Use a named "
            "function, a dataclass, or a class whose __repr__ describes it completely."
        )
    return text


# -- the state of a fit, as arrays and as JSON -----------------------------------------------------


def pack(estimator, run, checksum_of_data):
    """Return the state of a fit at work: arrays, and everything else as JSON can hold it."""
    state, plan = run.state, estimator._plan
    optimizer, best = state.optimizer_state, state.best_so_far
    target_arrays, target_facts = pack_targets(plan.targets)
    arrays = {
        "theta": run.parameters.theta,
        "order": state.order,
        "held_out": state.held_out,
        "best_parameters": best.best_parameters,
        "feature_names": getattr(estimator, "feature_names_in_", None),
        **numbered("vector", optimizer.vectors),
        **target_arrays,
    }
    facts = {
        "format": FORMAT,
        "version": package_version(),
        "estimator": class_name(estimator),
        "parameters": parameters_of(estimator),
        "plan": plan.found_in_samples(),
        **target_facts,
        "attributes": {n: getattr(estimator, n) for n in ATTRIBUTES if hasattr(estimator, n)},
        "curves": continued_curves(estimator, run.history, run.continuing),
        "optimizer": {name: getattr(optimizer, name) for name in OPTIMIZER_COUNTS},
        "dropout_rng": state.dropout_rng and state.dropout_rng.bit_generator.state,
        "best_so_far": {name: getattr(best, name) for name in BEST_SO_FAR},
        "steers": run.history.steers,
        "rng": state.rng.get_state(legacy=False),
        "depends_on_n_epochs": run.learner.depends_on_n_epochs,
        "eta_0": state.eta_0,
        "n_samples": state.n_samples,
        "has_validation_set": state.stopping_rule[-1],
        "checksum": checksum_of_data,
    }
    arrays = {name: array for name, array in arrays.items() if array is not None}
    return {name: without_objects(name, array) for name, array in arrays.items()}, facts


def pack_targets(targets):
    """Return what targets have learned: arrays, and everything else as JSON can hold it."""
    learned = {name: getattr(targets, name) for name in targets.learned}
    arrays, numbers, lists = {}, {}, {}
    for name, value in learned.items():
        if isinstance(value, np.ndarray):
            arrays[f"targets_{name}"] = value
        elif isinstance(value, list):
            arrays |= numbered(name, value)
            lists[name] = len(value)
        else:
            numbers[name] = value
    return arrays, {"target_kind": targets.name, "targets": numbers, "target_lists": lists}


def unpack_targets(arrays, facts):
    """Return what targets have learned, from what :func:`pack_targets` returned."""
    prefix = "targets_"
    learned = {n.removeprefix(prefix): arrays[n] for n in arrays if n.startswith(prefix)}
    for name, length in facts["target_lists"].items():
        learned[name] = [arrays[f"{name}_{k}"] for k in range(length)]
    return {**facts["targets"], **learned}


BEST_SO_FAR = ("best", "best_epoch", "n_epochs", "n_stalled")
OPTIMIZER_COUNTS = tuple(f.name for f in fields(OptimizerState) if f.name != "vectors")
"""The fields that are numbers."""


def numbered(name, arrays):
    """Return arrays under a name with their number."""
    return {f"{name}_{k}": array for k, array in enumerate(arrays)}


def without_objects(name, array):
    """Return an array that can be written without pickle; strings get a fixed width."""
    if array.dtype != object:
        return array
    if all(isinstance(value, str) for value in array):
        return array.astype(str)
    raise ValueError(
        f"A checkpoint can hold {name} that are numbers or strings; got objects: {array[:3]}."
    )


def unpack(estimator, arrays, facts):
    """Give an estimator the state of a fit."""
    vars(estimator).pop("feature_names_in_", None)
    if "feature_names" in arrays:
        estimator.feature_names_in_ = arrays["feature_names"].astype(object)
    vars(estimator).update(facts["attributes"])
    targets = estimator._restore_targets(facts["target_kind"], unpack_targets(arrays, facts))
    found = {name: as_tuples(value) for name, value in facts["plan"].items()}
    estimator._plan = estimator._plan_with(found, targets)
    architecture = estimator._plan.architecture
    parameters = architecture.parameters(arrays["theta"].dtype)
    parameters.theta[:] = arrays["theta"]
    vars(estimator).update(estimator._model_attributes(architecture, parameters))
    state = estimator._training_state = unpack_state(estimator, arrays, facts)
    best, n_seen = state.best_so_far, state.optimizer_state.n_seen
    record(estimator, facts["curves"], n_seen, best.n_epochs, best, facts["steers"])


def unpack_state(estimator, arrays, facts):
    """Return the state of training."""
    vectors = []
    while f"vector_{len(vectors)}" in arrays:
        vectors.append(arrays[f"vector_{len(vectors)}"])
    best = BestSoFar(**facts["best_so_far"], best_parameters=arrays.get("best_parameters"))
    rule = estimator.early_stopping, estimator.scoring, facts["has_validation_set"]
    return TrainingState(
        solver=estimator.solver,
        n_samples=facts["n_samples"],
        rng=random_state_of(facts["rng"]),
        eta_0=facts["eta_0"],
        optimizer_state=OptimizerState(vectors, **facts["optimizer"]),
        best_so_far=best,
        dropout_rng=facts["dropout_rng"] and generator_of(facts["dropout_rng"]),
        stopping_rule=rule,
        order=arrays["order"],
        held_out=arrays.get("held_out"),
        theta=arrays["theta"],
        checksum=facts["checksum"],
    )


def as_tuples(value):
    """Return lists, which JSON has instead of tuples, as tuples."""
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def generator_of(state):
    """Return the Generator in this state."""
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    return rng


def random_state_of(state):
    """Return the RandomState in this state."""
    if state["bit_generator"] not in GENERATORS:
        raise ValueError(f"unknown random generator {state['bit_generator']!r}")
    rng = np.random.RandomState(getattr(np.random, state["bit_generator"])())
    inner = {k: np.array(v) if isinstance(v, list) else v for k, v in state["state"].items()}
    rng.set_state(state | {"state": inner})
    return rng
