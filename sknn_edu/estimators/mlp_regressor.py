"""The multi-layer perceptron regressor: losses, and what they predict."""

from numbers import Real

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from sknn_edu.core.losses import Loss
from sknn_edu.estimators.mlp import BaseMLP
from sknn_edu.estimators.mlp_docs import (
    ATTRIBUTES,
    NOTES,
    OTHER_PARAMETERS,
    PARAMETERS,
    PARTIAL_FIT,
    REFERENCES,
    START_WITH,
)
from sknn_edu.estimators.network_estimator import trains_in_epochs
from sknn_edu.estimators.real_targets import REGRESSION_KINDS, REGRESSION_OUTPUTS, RealTargets
from sknn_edu.fitting.estimator import (
    Interval,
    InvalidParameterError,
    fill_docstring,
    fit_method,
    one_of,
)
from sknn_edu.fitting.fit import fit_network


@fill_docstring(
    start_with=START_WITH,
    parameters=PARAMETERS,
    other_parameters=OTHER_PARAMETERS,
    attributes=ATTRIBUTES,
    notes=NOTES,
    references=REFERENCES,
)
class MLPRegressor(RegressorMixin, BaseMLP):
    r"""Multi-layer perceptron regressor: a neural network for real-valued targets.

    {start_with}

    Set ``scale_target=True`` as well, unless the targets have a standard deviation near 1.

    This regressor has all parameters, defaults and attributes of
    :class:`sklearn.neural_network.MLPRegressor`, and more. Given the same ``random_state`` it
    computes the same numbers, faster. The first positional parameter is ``loss``, as there.

    Parameters
    ----------
    loss : str or Loss, default='squared_error'
        What to minimise, with the error e = prediction - y:

        - ``'squared_error'``: e^2 / 2; predicts the mean.
        - ``'absolute_error'``: abs(e); predicts the median, robust to outliers.
        - ``'huber'``: e^2 / 2 where abs(e) <= 1, else abs(e) - 1/2.
        - ``'log_cosh'``: log(cosh(e)), a smooth alternative to 'huber'.
        - ``'quantile'``: the pinball loss; see ``quantile``.
        - ``'poisson'``: half the Poisson deviance, for counts and rates y >= 0; predicts exp(z).
        - ``'gamma'``: half the gamma deviance, for amounts y > 0; predicts exp(z).

        See :class:`~sknn_edu.core.losses.Loss` for losses of your own.
    {parameters}
    quantile : float or array-like of float, default=0.5
        For ``loss='quantile'``: the fraction of targets below the prediction, in (0, 1). With
        several quantiles, in increasing order, one network predicts all of them, and they never
        cross.
    scale_target : bool, default=False
        Whether the network computes with targets of mean 0 and standard deviation 1 (for 'poisson'
        and 'gamma': of mean 1). Neither a good learning rate nor the precision of float32 then
        depends on the unit of y. Predictions (in float64) and scores are in the unit of y;
        ``loss_``, ``loss_curve_``, ``validation_loss_curve_`` and ``tol`` are in the scaled unit.
        The scale comes from the samples and weights of the first call of fit or partial_fit, so
        the first chunk of a stream should have dozens of samples.

    Other Parameters
    ----------------
    {other_parameters}
    clip_output : bool, default=False
        Whether predictions are clipped to the range of the training targets.

    Attributes
    ----------
    target_range_ : ndarray of shape (2, n_targets)
        The smallest and the largest target of each column of y, of samples with a weight above 0;
        warm starts and partial_fit extend it.
    target_center_, target_scale_ : ndarray of shape (n_targets,)
        The network learns ``(y - target_center_) / target_scale_``; 0 and 1 without
        ``scale_target``.
    {attributes}

    See Also
    --------
    MLPClassifier : The same for class labels.

    Notes
    -----
    The loss is averaged over samples and summed over outputs; with the squared error

    .. math:: L = \frac{1}{2 n} \sum_i \lVert \hat{y}_i - y_i \rVert^2
              + \frac{\alpha}{2 n} \lVert W \rVert^2

    {notes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknn_edu import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mlp = MLPRegressor(learning_rate_init=0.01, tol=1e-3, random_state=0)
    >>> model = make_pipeline(StandardScaler(), mlp).fit(X, y / 100)
    >>> model.score(X, y / 100) > 0.5
    True
    """

    _y_options = {"multi_output": True, "y_numeric": True}
    _target_kinds = REGRESSION_KINDS

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [one_of(*REGRESSION_OUTPUTS), Loss],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
        "clip_output": ["boolean"],
        "scale_target": ["boolean"],
    }

    def __init__(
        self,
        loss="squared_error",
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        init="auto",
        dropout=0.0,
        weight_decay="auto",
        clip_norm=None,
        warmup_fraction=0.0,
        scoring=None,
        dtype="auto",
        parametrization="standard",
        feature_scale=False,
        number_embedding=None,
        category_embedding=None,
        regularization_schedule=None,
        quantile=0.5,
        clip_output=False,
        scale_target=False,
    ):
        super().__init__(
            hidden_layer_sizes=hidden_layer_sizes,
            activation=activation,
            solver=solver,
            alpha=alpha,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            verbose=verbose,
            warm_start=warm_start,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            n_iter_no_change=n_iter_no_change,
            max_fun=max_fun,
            init=init,
            dropout=dropout,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            warmup_fraction=warmup_fraction,
            scoring=scoring,
            dtype=dtype,
            parametrization=parametrization,
            feature_scale=feature_scale,
            number_embedding=number_embedding,
            category_embedding=category_embedding,
            regularization_schedule=regularization_schedule,
        )
        self.loss = loss
        self.quantile = quantile
        self.clip_output = clip_output
        self.scale_target = scale_target

    def _validate_params(self):
        if not isinstance(self.loss, str | Loss):
            raise InvalidParameterError(
                f"loss must be one of {list(REGRESSION_OUTPUTS)} or a Loss; got {self.loss!r}. "
                "The first positional parameter of MLPRegressor is loss, as in scikit-learn: did "
                f"you mean MLPRegressor(hidden_layer_sizes={self.loss!r})?"
            )
        super()._validate_params()
        try:
            quantiles = RealTargets.parameters_of(self)["quantiles"]
        except (TypeError, ValueError):
            quantiles = ()
        if not all(0 < q < 1 for q in quantiles) or any(np.diff(quantiles) <= 0) or not quantiles:
            raise InvalidParameterError(
                "quantile must be a number in (0, 1), or several of them in increasing order, such "
                f"as [0.1, 0.5, 0.9]; got {self.quantile!r}."
            )

    @available_if(trains_in_epochs)
    @fit_method
    def partial_fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None
    ):
        validation = X_val, y_val, sample_weight_val
        return fit_network(self, X, y, sample_weight, validation, incremental=True)

    partial_fit.__doc__ = PARTIAL_FIT.replace("{classes}", "")

    def predict(self, X):
        """Return the prediction for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of the weights; in float64 with ``scale_target``.
        """
        z = self._output_sums(X)
        return self._plan.targets.predict(z, self.target_range_ if self.clip_output else None)

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination R^2; of several quantiles that of the middle one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Their weights.

        Returns
        -------
        r2 : float
            At most 1; 0 for a model that always predicts the mean.
        """
        predictions = self.predict(X)
        return r2_score(y, self._plan.targets.middle(predictions), sample_weight=sample_weight)

    def _output_gradients(self, X, gradients):
        return self._plan.targets.output_gradients(self._output_sums(X), gradients)
