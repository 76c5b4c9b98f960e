"""A fit that survives its process: its state in a file, rewritten every few epochs."""

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
"""Parameters that may differ between the saved fit and the one that continues it; ``max_iter`` only
if the steps do not depend on the number of epochs.
"""


class Checkpoint:
    """Callback that saves the state of a fit, so that it can continue after a crash.

    Each file is written under another name and then renamed, so that the checkpoint is complete at
    all times. A fit that continues from it ends with the same bits as one that was never
    interrupted. The file contains arrays and text; reading it runs no code.

    While a fit runs it holds a lock, in an empty file ``path.lock`` that stays, so that a second
    fit with the same path is refused.

    Parameters
    ----------
    path : str or Path
        Where to save; a symbolic link is followed. Fits that run at the same time need different
        files; each member of an :class:`AveragingClassifier` writes its own, ``path.0``,
        ``path.1`` and so on.
    every : int, default=1
        Save every so many epochs.

    Raises
    ------
    ValueError
        If ``every`` is not an int of at least 1. In a fit, before its first epoch, if it cannot be
        saved: because of its solver, or because a parameter has no text that identifies it in
        another process, such as a lambda.
    FileExistsError
        In a fit, if the file exists and the fit does not continue from it.
    BlockingIOError
        In a fit, if another one is writing the same file.
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
        self._fit = None

    def __getstate__(self):
        return {**vars(self), "_fit": None}  # a copy is not at work

    def exists(self):
        """Return whether there is a file to continue from.

        Returns
        -------
        exists : bool
        """
        return self.path.exists()

    # -- scikit-learn's protocol -------------------------------------------------------------------

    def setup(self, estimator, context):
        """Refuse early what cannot be saved later, and lock the file; scikit-learn calls this."""
        if not isinstance(estimator, Trainable) or estimator.solver == "lbfgs":
            name = type(estimator).__name__
            raise ValueError(
                f"Checkpoint cannot save a fit of {name}: it needs a SigmoidNeuronClassifier, "
                "MLPClassifier or MLPRegressor with a solver that trains in epochs, such as "
                "'adam'. Set it on the last step of a pipeline: pipeline[-1].set_callbacks(...)."
            )
        parameters, path = parameters_of(estimator), Path(os.path.realpath(self.path))
        if not path.parent.is_dir():
            raise FileNotFoundError(
                errno.ENOENT, "There is no such folder for the checkpoint", str(path.parent)
            )
        self._fit = FitToSave(context, path, parameters, Lock(path))

    def teardown(self, estimator, context):
        """Unlock the file; scikit-learn calls this at the end of a fit, also of one that fails."""
        if self._fit is not None and self._fit.context is context:
            self._fit.lock.release()
            self._fit = None

    def on_fit_task_begin(self, estimator, context):
        """Save the state before an epoch; scikit-learn calls this."""
        if context.task_name != "epoch":
            return
        run, fit = getattr(estimator, "_running_fit", None), self._fit
        if run is None:
            raise ValueError(
                "Checkpoint works with fit, not with partial_fit: save the estimator itself "
                "between the calls."
            )
        n_epochs = run.state.best_so_far.n_epochs
        if n_epochs == 0 and fit.path.exists():
            raise FileExistsError(
                errno.EEXIST,
                "This fit starts over and would overwrite the checkpoint of another one. Call "
                "restore(estimator) before fit to continue from it, or delete it",
                str(self.path),
            )
        is_first = fit.checksum is None
        if is_first:
            fit.checksum = checksum(*run.arrays)
        saves = n_epochs > 0 and n_epochs % self.every == 0
        if is_first or saves:  # before the first epoch, to find out whether it can be saved
            facts, arrays = pack(estimator, fit.parameters, run, fit.checksum)
        if saves:
            write(fit.path, facts, arrays)

    def on_fit_task_end(self, estimator, context):
        """Do nothing after an epoch; scikit-learn calls this."""

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
        OSError
            If the file cannot be read, or does not exist.
        ValueError
            If the file is damaged or of another kind, or the estimator has other parameters. Fit
            raises it if the samples differ.
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
        """Refuse an estimator of another class or with other parameters."""
        name, saved = facts.get("estimator"), facts.get("parameters")
        if not isinstance(estimator, Trainable) or class_name(estimator) != name:
            raise ValueError(f"The checkpoint {self.path} is one of {name}, not of {estimator!r}.")
        if not estimator.warm_start:
            raise ValueError(
                "warm_start must be True for fit to continue from a checkpoint: call "
                "set_params(warm_start=True)."
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
                + ". Set them, or delete the file to start over. Only these may differ: "
                + f"{', '.join(FREE_PARAMETERS)}."
            )


@dataclass
class FitToSave:
    """A fit that a :class:`Checkpoint` is saving.

    Attributes
    ----------
    context : sklearn.callback.CallbackContext
    path : Path
        Absolute, without symbolic links.
    parameters : dict of str to str
        Of the estimator, as text.
    lock : Lock
    checksum : int or None
        Of the samples; computed once.
    """

    context: Any
    path: Path
    parameters: dict[str, str]
    lock: Lock
    checksum: int | None = None


def parameters_of(estimator):
    """Return the parameters that training depends on, as text."""
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
                "function of a module, a functools.partial of one, or a dataclass."
            ) from error
    return texts


def checkpoint_member(member, k):
    """Give each checkpoint within member k of an average a file of its own.

    A member with warm_start=True continues from its file if there is one.

    Parameters
    ----------
    member : estimator
        About to be fitted; changed in place.
    k : int
        Its number, which is appended to the path.
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
