"""Checkpoints: save the state of a fit, so that the fit can continue in another process."""

import errno
import os
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from sknn_edu.fitting.checkpoint_file import DAMAGED, Lock, read, write
from sknn_edu.fitting.checkpoint_state import class_name, pack, unpack
from sknn_edu.fitting.estimator import restore_attributes
from sknn_edu.fitting.fit import Trainable
from sknn_edu.fitting.parameter_text import as_text
from sknn_edu.fitting.training_state import checksum

FREE_PARAMETERS = ("max_iter", "verbose", "warm_start")
"""Parameters that may differ between the saved fit and the fit that continues it.

``max_iter`` may differ only if no schedule depends on the number of epochs.
"""


class Checkpoint:
    """Callback that saves the state of a fit, so that the fit can continue after a crash.

    The file is written under a temporary name and then renamed, so the checkpoint is complete at
    all times. A fit that continues from it gives exactly the same parameters as a fit that was
    never interrupted. The file contains only arrays and text; reading it does not execute code.

    While a fit runs, it holds a lock on the file ``path.lock``. A second fit with the same path
    raises an error. The lock file is empty, and is not deleted after the fit.

    Parameters
    ----------
    path : str or Path
        The file to write; a symbolic link is followed. Fits that run at the same time need
        different files. Each member of an :class:`AveragingClassifier` or
        :class:`AveragingRegressor` writes its own file: ``path.0``, ``path.1`` and so on.
    every : int, default=1
        The number of epochs between two saves.

    Raises
    ------
    ValueError
        If ``every`` is not an int >= 1. In ``fit``, before the first epoch, if the fit cannot be
        saved: because of its solver, or because a parameter, such as a lambda, cannot be
        identified in another process.
    FileNotFoundError
        In ``fit``, if the folder of the file does not exist.
    FileExistsError
        In ``fit``, if the file exists and the fit does not continue from it.
    BlockingIOError
        In ``fit``, if another fit is writing the same file.
    OSError
        In ``fit``, if the file cannot be written; the previous checkpoint is not changed.

    Notes
    -----
    Checkpoints work for :class:`SigmoidNeuronClassifier`, :class:`MLPClassifier` and
    :class:`MLPRegressor` with a solver that trains in epochs. They do not work with 'lbfgs',
    because its state is inside SciPy, nor with ``partial_fit``: save the estimator itself between
    the calls. Requires scikit-learn 1.9 or newer.

    Examples
    --------
    A script that can be stopped and restarted at any time:

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
                f"every must be the number of epochs between two saves, an int >= 1; got {every!r}."
            )
        self.path, self.every = Path(path), every
        self._fit = None

    def __getstate__(self):
        return {**vars(self), "_fit": None}  # a copy does not follow a fit

    def exists(self):
        """Return whether the checkpoint file exists.

        Returns
        -------
        exists : bool
            True if there is a file at ``path``.
        """
        return self.path.exists()

    # -- scikit-learn's protocol -------------------------------------------------------------------

    def setup(self, estimator, context):
        """Check that the fit can be saved, and lock the file.

        scikit-learn calls this method at the start of a fit.

        Parameters
        ----------
        estimator : estimator
            The estimator to be fitted.
        context : sklearn.callback.CallbackContext
            The context of the fit.
        """
        if not isinstance(estimator, Trainable) or estimator.solver == "lbfgs":
            name = type(estimator).__name__
            raise ValueError(
                f"Checkpoint cannot save a fit of {name}: it needs a SigmoidNeuronClassifier, "
                "MLPClassifier or MLPRegressor with a solver that trains in epochs, such as "
                "'adam'. If the network is the last step of a pipeline, use "
                "pipeline[-1].set_callbacks(...)."
            )
        parameters, path = parameters_of(estimator), Path(os.path.realpath(self.path))
        if not path.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT,
                "The folder of the checkpoint does not exist. Create it, or choose another path",
                str(path.parent),
            )
        self._fit = FitToSave(context, path, parameters, Lock(path))

    def teardown(self, estimator, context):
        """Unlock the file.

        scikit-learn calls this method at the end of a fit, even if the fit fails.

        Parameters
        ----------
        estimator : estimator
            The estimator.
        context : sklearn.callback.CallbackContext
            The context of the fit.
        """
        if self._fit is not None and self._fit.context is context:
            self._fit.lock.release()
            self._fit = None

    def on_fit_task_begin(self, estimator, context):
        """Save the state, if it is due before this epoch.

        scikit-learn calls this method before each epoch.

        Parameters
        ----------
        estimator : estimator
            The estimator in training.
        context : sklearn.callback.CallbackContext
            The context of the task that begins.
        """
        if context.task_name != "epoch":
            return
        run, fit = getattr(estimator, "_running_fit", None), self._fit
        if run is None:
            raise ValueError(
                "Checkpoint works with fit, but not with partial_fit. Save the estimator itself "
                "between the calls of partial_fit, for example with joblib.dump."
            )
        n_epochs = run.state.best_so_far.n_epochs
        if n_epochs == 0 and fit.path.exists():
            raise FileExistsError(
                errno.EEXIST,
                "This fit starts from the beginning and would overwrite an existing checkpoint. "
                "To continue from the checkpoint, call restore(estimator) before fit; to start "
                "over, delete the file",
                str(self.path),
            )
        is_first = fit.checksum is None
        if is_first:
            fit.checksum = checksum(*run.arrays)
        saves = n_epochs > 0 and n_epochs % self.every == 0
        if is_first or saves:  # also before the first epoch, to check that the state can be saved
            facts, arrays = pack(estimator, fit.parameters, run, fit.checksum)
        if saves:
            write(fit.path, facts, arrays)

    def on_fit_task_end(self, estimator, context):
        """Do nothing. scikit-learn requires this method.

        Parameters
        ----------
        estimator : estimator
            The estimator in training.
        context : sklearn.callback.CallbackContext
            The context of the task that ends.
        """

    # -- continuing --------------------------------------------------------------------------------

    def restore(self, estimator):
        """Load the saved state into an estimator, so that ``fit`` continues from it.

        Call ``fit`` with the same samples afterwards.

        Parameters
        ----------
        estimator : SigmoidNeuronClassifier, MLPClassifier or MLPRegressor
            An estimator with ``warm_start=True`` and the parameters of the saved fit. ``verbose``
            may differ, and so may ``max_iter``, unless a schedule depends on it.
            The estimator is changed in place.

        Returns
        -------
        estimator : object
            The same estimator. It can already predict, with the parameters of the saved epoch.

        Raises
        ------
        OSError
            If the file does not exist or cannot be read.
        ValueError
            If the file is damaged or is not a checkpoint, or if the class or the parameters of the
            estimator differ from the saved ones. ``fit`` raises it if the samples differ.
        """
        facts, arrays = read(self.path)
        self._check_estimator(estimator, facts)
        before = dict(vars(estimator))
        try:
            unpack(estimator, facts, arrays)
        except BaseException as error:
            restore_attributes(estimator, before)
            if isinstance(error, MemoryError) or not isinstance(error, Exception):
                raise
            raise ValueError(DAMAGED.format(self.path, error)) from error
        return estimator

    def _check_estimator(self, estimator, facts):
        """Raise a ValueError if the estimator has another class or other parameters."""
        name, saved = facts.get("estimator"), facts.get("parameters")
        if not isinstance(estimator, Trainable) or class_name(estimator) != name:
            raise ValueError(
                f"The checkpoint {self.path} was written by {name}, so it cannot be restored into "
                f"{estimator!r}. Pass an estimator of that class."
            )
        if not estimator.warm_start:
            raise ValueError(
                "warm_start must be True to continue from a checkpoint; got "
                f"{estimator.warm_start!r}. Call estimator.set_params(warm_start=True)."
            )
        parameters = parameters_of(estimator)
        if not isinstance(saved, dict) or set(saved) != set(parameters):
            raise ValueError(DAMAGED.format(self.path, "it does not name all parameters"))
        if not facts.get("depends_on_n_epochs"):
            parameters.pop("max_iter")
        if changed := [name for name in parameters if parameters[name] != saved[name]]:
            raise ValueError(
                f"The checkpoint {self.path} was written with other parameters: "
                + ", ".join(f"{name}={saved[name]}" for name in changed)
                + ". Set these parameters to continue, or delete the file to start over. Only "
                + f"these parameters may differ: {', '.join(FREE_PARAMETERS)}."
            )


@dataclass
class FitToSave:
    """A fit that a :class:`Checkpoint` is saving.

    Attributes
    ----------
    context : sklearn.callback.CallbackContext
    path : Path
        The absolute path of the checkpoint, without symbolic links.
    parameters : dict of str to str
        The parameters of the estimator as text.
    lock : Lock
    checksum : int or None
        The checksum of the samples; computed once.
    """

    context: Any
    path: Path
    parameters: dict[str, str]
    lock: Lock
    checksum: int | None = None


def parameters_of(estimator):
    """Return the parameters that training depends on, as text: {name: text}."""
    texts = {}
    for name, value in sorted(estimator.get_params().items()):
        if name in FREE_PARAMETERS and name != "max_iter":
            continue
        if isinstance(value, np.random.RandomState):
            texts[name] = "RandomState"  # its state is in the checkpoint
            continue
        try:
            texts[name] = as_text(value)
        except ValueError as error:
            raise ValueError(
                f"Checkpoint cannot identify {name}={value!r} in another process: {error}. Use a "
                "function that is defined in a module, a functools.partial of one, or a dataclass."
            ) from error
    return texts


def checkpoint_member(member, k):
    """Give the checkpoints of member k of an average their own files.

    A member with warm_start=True continues from its file, if the file exists.

    Parameters
    ----------
    member : estimator
        The member to be fitted; changed in place.
    k : int
        The number of the member, which is appended to the path.
    """
    for estimator in (member, *member.get_params().values()):
        callbacks = getattr(estimator, "_skl_callbacks", [])
        own = {
            c: Checkpoint(c.path.with_name(f"{c.path.name}.{k}"), c.every)
            for c in callbacks
            if isinstance(c, Checkpoint)
        }
        if own:
            estimator.set_callbacks(*(own.get(callback, callback) for callback in callbacks))
        for checkpoint in own.values():
            if estimator.warm_start and checkpoint.exists():
                checkpoint.restore(estimator)
