"""Support for the callbacks of scikit-learn 1.9 and newer. Each epoch is a task of the fit."""

from contextlib import contextmanager, nullcontext

try:
    from sklearn.callback import (
        AutoPropagatedCallback,
        CallbackSupportMixin,
        ScoringMonitor,
        with_callbacks,
    )
except ImportError:  # scikit-learn 1.8
    AutoPropagatedCallback = ()

    class CallbackSupportMixin:
        """Replaces scikit-learn's class in versions without callbacks."""

        def set_callbacks(self, *callbacks):
            """Raise an error, because callbacks need scikit-learn 1.9 or newer.

            Parameters
            ----------
            *callbacks : callback instances
                The callbacks.

            Returns
            -------
            self : object
                The estimator, if no callbacks are passed.

            Raises
            ------
            ImportError
                If any callbacks are passed.
            """
            if callbacks:
                raise ImportError(NEEDS_1_9.format("set_callbacks"))
            return self

        def _init_callback_context(self, **options):
            return NoTasks()

    class ScoringMonitor:
        """Replaces scikit-learn's class in versions without callbacks."""

        def __init__(self, *, scoring):
            raise ImportError(NEEDS_1_9.format("ValidationMonitor"))

    def with_callbacks(method):
        """Return the method unchanged."""
        return method


NEEDS_1_9 = (
    "{} needs the callbacks of scikit-learn 1.9 or newer, which this installation does not have: "
    'pip install "scikit-learn>=1.9".'
)

NO_PROGRESS_BAR = (
    "verbose=2 shows a progress bar, which needs scikit-learn 1.9 or newer and the package rich: "
    'pip install "scikit-learn>=1.9" "sknn_edu[progress]". The losses are printed instead, as with '
    "verbose=1."
)


class NoTasks:
    """Replaces scikit-learn's callback context in versions without callbacks; does nothing."""

    def subcontext(self, **options):
        return self

    def call_on_fit_task_begin(self, **options):
        return self

    def call_on_fit_task_end(self, **options):
        return False

    def propagate_callback_context(self, estimator):
        return nullcontext()


class MetaCallbackMixin(CallbackSupportMixin):
    """Callback support for a meta-estimator that trains copies of its ``estimator``."""

    def set_callbacks(self, *callbacks):
        """Set the callbacks of this meta-estimator and of its networks.

        Parameters
        ----------
        *callbacks : callback instances
            Callbacks that scikit-learn propagates to sub-estimators, such as
            :class:`sklearn.callback.ProgressBar`, are set on this estimator and follow the whole
            fit. All others, such as :class:`ValidationMonitor` and :class:`Checkpoint`, replace
            the callbacks of ``estimator`` and follow each network.

        Returns
        -------
        self : object
            The estimator.
        """
        kept = [c for c in callbacks if isinstance(c, AutoPropagatedCallback)]
        passed_on = [c for c in callbacks if not isinstance(c, AutoPropagatedCallback)]
        super().set_callbacks(*kept)
        if passed_on or hasattr(self.estimator, "_skl_callbacks"):
            self.estimator.set_callbacks(*passed_on)
        return self

    def _begin_tasks(self, X, y, n_copies):
        """Tell the callbacks that the fit begins; return its task and a subtask for each copy."""
        task = self._init_callback_context(max_subtasks=n_copies)
        task.call_on_fit_task_begin(estimator=self, X=X, y=y)
        return task, [task.subcontext(task_name=f"fit-member-{k}") for k in range(n_copies)]


@contextmanager
def as_task_of(owner, task, copy, X, y):
    """Context in which to fit ``copy``, a copy of an estimator, as a task of a meta-estimator."""
    with task.propagate_callback_context(copy):
        task.call_on_fit_task_begin(estimator=owner, X=X, y=y)
        yield
        task.call_on_fit_task_end(estimator=owner, X=X, y=y)


def estimator_score(estimator, X, y, **weight):
    """Return the score of the estimator's ``score`` method."""
    return estimator.score(X, y, **weight)


class ValidationMonitor(ScoringMonitor):
    """Callback that computes scores on the validation samples after each epoch.

    The validation samples are those passed to ``fit`` as ``X_val`` and ``y_val``, or those held out
    by early stopping; without validation samples, nothing is computed. For scores on the training
    samples use :class:`sklearn.callback.ScoringMonitor`. The inherited method ``get_logs()``
    returns the scores. Requires scikit-learn 1.9 or newer.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None, default=None
        The score or scores to compute, as for :class:`sklearn.callback.ScoringMonitor`. None uses
        the ``score`` method of the estimator.

    Raises
    ------
    ImportError
        If scikit-learn is older than 1.9.
    ValueError
        In ``fit``, if the estimator cannot have validation samples, such as a whole pipeline.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknn_edu import MLPClassifier, ValidationMonitor
    >>> X, y = load_iris(return_X_y=True)
    >>> monitor = ValidationMonitor(scoring="neg_log_loss")
    >>> mlp = MLPClassifier(early_stopping=True, random_state=0)
    >>> mlp = mlp.set_callbacks(monitor).fit(X, y)
    >>> len(monitor.get_logs().data) == mlp.n_iter_ + 1  # each epoch, and the fit
    True
    """

    def __init__(self, *, scoring=None):
        super().__init__(scoring={"score": estimator_score} if scoring is None else scoring)

    def setup(self, estimator, context):
        """Raise a ValueError if the estimator cannot have validation samples.

        scikit-learn calls this method at the start of a fit.

        Parameters
        ----------
        estimator : estimator
            The estimator to be fitted.
        context : sklearn.callback.CallbackContext
            The context of the fit.
        """
        if not hasattr(estimator, "validation_fraction"):
            raise ValueError(
                "ValidationMonitor must be set on a network or an average of networks, but was set "
                f"on a {type(estimator).__name__}. If the network is the last step of a pipeline, "
                "use pipeline[-1].set_callbacks(monitor)."
            )
        super().setup(estimator, context)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Compute the scores on the validation samples, if there are any.

        scikit-learn calls this method after each epoch.

        Parameters
        ----------
        estimator : estimator
            The estimator in training.
        context : sklearn.callback.CallbackContext
            The context of the epoch.
        fitted_estimator : estimator or None
            A fitted estimator with the current parameters.
        """
        validation = getattr(estimator, "_validation_samples", None)
        if fitted_estimator is None or validation is None:
            return
        X, y, weight = validation
        super().on_fit_task_end(
            estimator,
            context,
            X=X,
            y=y,
            fitted_estimator=fitted_estimator,
            metadata=None if weight is None else {"sample_weight": weight},
        )


class FitTasks:
    """Tells the callbacks of an estimator when a fit and each of its epochs begin and end.

    Parameters
    ----------
    estimator : estimator
    data : dict
        X, y and metadata of the fit, as the user passed them.
    max_epochs : int
        The largest possible number of epochs.
    fitted_attributes : callable ``fitted_attributes() -> dict``
        Returns the fitted attributes of the estimator for the current parameters.
    """

    def __init__(self, estimator, data, max_epochs, fitted_attributes):
        self.estimator, self.data, self.fitted_attributes = estimator, data, fitted_attributes
        self.stop = False
        self._epoch = None
        self._fit = estimator._init_callback_context(max_subtasks=max_epochs)
        self._fit.call_on_fit_task_begin(estimator=estimator, **data)

    def epoch_begins(self):
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_ended(self):
        self.stop |= self._epoch.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self.fitted_attributes, **self.data
        )
        self._epoch = None

    def fit_ended(self):
        """Tell the callbacks that the fit has ended; the estimator has all fitted attributes."""
        if self._epoch is not None:  # the epoch was interrupted
            self._epoch.call_on_fit_task_end(estimator=self.estimator)
        self._fit.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes={}, **self.data
        )


@contextmanager
def progress_bar(estimator):
    """Show a progress bar within this context, if scikit-learn and rich are installed for it.

    There is no bar inside a meta-estimator, such as a Pipeline or a grid search, which shows its
    own bars.
    """
    before, bar = list(getattr(estimator, "_skl_callbacks", [])), new_progress_bar()
    is_inside = hasattr(estimator, "_parent_callback_ctx")
    if bar is None or is_inside or any(isinstance(callback, type(bar)) for callback in before):
        yield
        return
    estimator.set_callbacks(*before, bar)
    try:
        yield
    finally:
        estimator.set_callbacks(*before)


def new_progress_bar():
    """Return a progress bar, or None without scikit-learn 1.9 or rich."""
    try:
        from sklearn.callback import ProgressBar

        return ProgressBar()
    except ImportError:
        return None
