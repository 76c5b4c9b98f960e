"""scikit-learn's callbacks (since its version 1.9): an epoch is a task of the fit."""

from contextlib import contextmanager

try:
    from sklearn.callback import CallbackSupportMixin, ScoringMonitor, with_callbacks
except ImportError:  # scikit-learn 1.8

    class CallbackSupportMixin:
        """Says which version brings callbacks."""

        def set_callbacks(self, *callbacks):
            """Callbacks need scikit-learn 1.9 or newer; with this version nothing can be set.

            Parameters
            ----------
            *callbacks : callback instances
                Would be the callbacks.

            Returns
            -------
            self : object
                If there are no callbacks to set.

            Raises
            ------
            ImportError
                If there are any.
            """
            if callbacks:
                raise ImportError(NEEDS_1_9.format("set_callbacks"))
            return self

    class ScoringMonitor:
        """Stands in for scikit-learn's."""

        def __init__(self, *, scoring):
            raise ImportError(NEEDS_1_9.format("ValidationMonitor"))

    def with_callbacks(method):
        return method


NEEDS_1_9 = (
    "{} needs the callbacks of scikit-learn 1.9 or newer, which this installation does not have: "
    'pip install "scikit-learn>=1.9".'
)


def own_score(estimator, X, y, **weight):
    """Return what the estimator's own score method says."""
    return estimator.score(X, y, **weight)


class ValidationMonitor(ScoringMonitor):
    """Callback that scores, after each epoch, the samples that training is validated on.

    It is :class:`sklearn.callback.ScoringMonitor`, which scores the training samples, for those
    passed as ``X_val`` and ``y_val`` or held out by early stopping. Read with ``get_logs()``.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None, default=None
        What to score, as for :class:`sklearn.callback.ScoringMonitor`; None is the estimator's own
        ``score``.

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
        super().__init__(scoring={"score": own_score} if scoring is None else scoring)

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """Score the fitted estimator on the validation samples, if there are any.

        Parameters
        ----------
        estimator : estimator
            The one in training.
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


class Tasks:
    """Tells the callbacks of an estimator that a fit, and each of its epochs, begins and ends.

    Parameters
    ----------
    estimator : estimator
    data : dict
        X, y and metadata of the fit, as the user gave them.
    max_epochs : int
        No more epochs than this.
    state : callable ``state() -> dict``
        The attributes that make a fitted estimator of the one in training.
    """

    def __init__(self, estimator, data, max_epochs, state):
        self.estimator, self.data, self.state = estimator, data, state
        self.stop = False
        self._fit = self._epoch = None
        if getattr(estimator, "_skl_callbacks", None):
            self._fit = estimator._init_callback_context(max_subtasks=max_epochs)
            self._fit.call_on_fit_task_begin(estimator=estimator, **data)

    def epoch_begins(self):
        if self._fit is not None:
            self._epoch = self._fit.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(estimator=self.estimator, **self.data)

    def epoch_ended(self):
        if self._epoch is not None:
            self.stop |= self._epoch.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes=self.state, **self.data
            )
            self._epoch = None

    def fit_ended(self):
        """Say that the fit has ended and the estimator has all its attributes."""
        if self._epoch is not None:  # an epoch that was begun but not finished
            self._epoch.call_on_fit_task_end(estimator=self.estimator)
        if self._fit is not None:
            self._fit.call_on_fit_task_end(
                estimator=self.estimator, reconstruction_attributes={}, **self.data
            )


@contextmanager
def progress_bar(estimator):
    """Show a progress bar within this context if the estimator's verbose is 2.

    Under a meta-estimator, such as a Pipeline or a grid search, the bars are its affair.
    """
    if estimator.verbose != 2 or hasattr(estimator, "_parent_callback_ctx"):
        yield
        return
    try:
        from sklearn.callback import ProgressBar
    except ImportError as error:
        raise ImportError(NEEDS_1_9.format("verbose=2, a progress bar,")) from error
    try:
        bar = ProgressBar()
    except ImportError as error:
        raise ImportError(
            "verbose=2 shows a progress bar and needs the package rich: "
            'pip install "sknn_edu[progress]". verbose=1 prints the losses without it.'
        ) from error
    before = list(getattr(estimator, "_skl_callbacks", []))
    if any(isinstance(callback, ProgressBar) for callback in before):
        yield
        return
    estimator.set_callbacks(*before, bar)
    try:
        yield
    finally:
        estimator.set_callbacks(*before)
