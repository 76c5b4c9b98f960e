"""scikit-learn's callbacks (since its version 1.9): each epoch is a task of the fit."""

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
        """Stands in for scikit-learn's; says which version has callbacks."""

        def set_callbacks(self, *callbacks):
            """Callbacks need scikit-learn 1.9 or newer; with this version none can be set.

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
                If any are passed.
            """
            if callbacks:
                raise ImportError(NEEDS_1_9.format("set_callbacks"))
            return self

        def _init_callback_context(self, **options):
            return NoTasks()

    class ScoringMonitor:
        """Stands in for scikit-learn's."""

        def __init__(self, *, scoring):
            raise ImportError(NEEDS_1_9.format("ValidationMonitor"))

    def with_callbacks(method):
        """Return the method as it is."""
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
    """The tasks of a fit that has no callbacks to tell of them."""

    def subcontext(self, **options):
        return self

    def call_on_fit_task_begin(self, **options):
        return self

    def call_on_fit_task_end(self, **options):
        return False

    def propagate_callback_context(self, estimator):
        return nullcontext()


class MetaCallbackMixin(CallbackSupportMixin):
    """Callbacks of a meta-estimator that trains copies of its ``estimator``."""

    def set_callbacks(self, *callbacks):
        """Set callbacks. A progress bar shows the whole fit, all others are those of the networks.

        Parameters
        ----------
        *callbacks : callback instances
            Those that scikit-learn propagates by itself, such as
            :class:`sklearn.callback.ProgressBar`, are kept here. All others, such as
            :class:`ValidationMonitor` and :class:`Checkpoint`, replace those of ``estimator``.

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
        """Tell the callbacks that the fit begins; return its task, and one for each copy."""
        task = self._init_callback_context(max_subtasks=n_copies)
        task.call_on_fit_task_begin(estimator=self, X=X, y=y)
        return task, [task.subcontext(task_name=f"fit-member-{k}") for k in range(n_copies)]


@contextmanager
def as_task_of(owner, task, copy, X, y):
    """Within this context a copy of an estimator is fitted as a task of a meta-estimator."""
    with task.propagate_callback_context(copy):
        task.call_on_fit_task_begin(estimator=owner, X=X, y=y)
        yield
        task.call_on_fit_task_end(estimator=owner, X=X, y=y)


def estimator_score(estimator, X, y, **weight):
    """Return what the estimator's own score method returns."""
    return estimator.score(X, y, **weight)


class ValidationMonitor(ScoringMonitor):
    """Callback that scores the validation samples after each epoch.

    It does for the samples passed as ``X_val`` and ``y_val``, or held out by early stopping, what
    :class:`sklearn.callback.ScoringMonitor` does for the training samples. ``get_logs()`` returns
    the scores.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None, default=None
        As for :class:`sklearn.callback.ScoringMonitor`; None uses the estimator's ``score``.

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
        """Refuse an estimator that has no validation samples; scikit-learn calls this."""
        if not hasattr(estimator, "validation_fraction"):
            raise ValueError(
                "ValidationMonitor follows the training of a network, but was set on a "
                f"{type(estimator).__name__}. Set it on the network or the average of networks, "
                "such as the last step of a pipeline: pipeline[-1].set_callbacks(monitor)."
            )
        super().setup(estimator, context)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Score the fitted estimator on the validation samples, if there are any.

        Parameters
        ----------
        estimator : estimator
            The estimator in training.
        context : sklearn.callback.CallbackContext
            Of the epoch.
        fitted_estimator : estimator or None
            The estimator as it would be if training ended here.
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
    """Tells the callbacks of an estimator when a fit and each of its epochs begins and ends.

    Parameters
    ----------
    estimator : estimator
    data : dict
        X, y and metadata of the fit, as the user passed them.
    max_epochs : int
        The largest possible number of epochs.
    fitted_attributes : callable ``fitted_attributes() -> dict``
        The attributes that turn the estimator in training into a fitted one.
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
        """Tell that the fit has ended and the estimator has all its attributes."""
        if self._epoch is not None:  # an unfinished epoch
            self._epoch.call_on_fit_task_end(estimator=self.estimator)
        self._fit.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes={}, **self.data
        )


@contextmanager
def progress_bar(estimator):
    """Show a progress bar within this context, if this installation has one.

    Not inside a meta-estimator, such as a Pipeline or a grid search, which has bars of its own.
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
    """Return a progress bar, or None where scikit-learn or rich is missing for it."""
    try:
        from sklearn.callback import ProgressBar

        return ProgressBar()
    except ImportError:
        return None
