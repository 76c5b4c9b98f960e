"""The multi-layer perceptron regressor: losses and what they predict."""

from numbers import Real

import numpy as np
from scipy.special import expit
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from sknn_edu._base import (
    Interval,
    InvalidParameterError,
    StrOptions,
    fill_docstring,
    fit_method,
)
from sknn_edu._mlp import BaseMLP
from sknn_edu._mlp_docs import ATTRIBUTES, NOTES, PARAMETERS, REFERENCES
from sknn_edu.core.losses import (
    LOSSES,
    Loss,
    quantiles,
)

REGRESSION_OUTPUTS = {name: output for name, output in LOSSES if output in ("identity", "exp")}
"""The output activation that belongs to each loss of the regressor."""


@fill_docstring(parameters=PARAMETERS, attributes=ATTRIBUTES, notes=NOTES, references=REFERENCES)
class MLPRegressor(RegressorMixin, BaseMLP):
    r"""Multi-layer perceptron regressor: layers of neurons trained on the squared error.

    A superset of :class:`sklearn.neural_network.MLPRegressor`: the same parameters, defaults and
    attributes and, given the same ``random_state``, the same numbers, faster. As
    there, the first positional parameter is ``loss``.

    Parameters
    ----------
    loss : str or Loss, default='squared_error'
        What to minimise, with the error e = prediction - y:

        - ``'squared_error'``: e^2 / 2; predicts the mean.
        - ``'absolute_error'``: abs(e); predicts the median, unmoved by outliers.
        - ``'huber'``: e^2 / 2 where abs(e) <= 1, else abs(e) - 1/2.
        - ``'log_cosh'``: log(cosh(e)), a smooth relative of the two.
        - ``'quantile'``: the pinball loss; see ``quantile``.
        - ``'poisson'``: half the Poisson deviance, for counts and rates y >= 0; predicts exp(z).
        - ``'gamma'``: half the gamma deviance, for amounts y > 0; predicts exp(z).

        Or a :class:`~sknn_edu.core.losses.Loss` of your own.
    {parameters}
    quantile : float or array-like of float, default=0.5
        For ``loss='quantile'``: the share of targets that should lie below the prediction, in
        (0, 1). Several, in increasing order, are predicted by one network and never cross.
    clip_output : bool, default=False
        Whether predictions are kept between the lowest and the highest target seen in training.

    Attributes
    ----------
    target_range_ : ndarray of shape (2, n_targets)
        The lowest and the highest target of each column of y, among samples with a weight above 0;
        it widens over warm starts and partial_fit.
    {attributes}

    See Also
    --------
    MLPClassifier : The same for class labels.
    sklearn.compose.TransformedTargetRegressor : To train on standardised targets.

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

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_OUTPUTS)), Loss],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
        "clip_output": ["boolean"],
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

    def _validate_params(self):
        if not isinstance(self.loss, str | Loss):
            raise InvalidParameterError(
                f"loss must be one of {sorted(REGRESSION_OUTPUTS)} or a Loss, got {self.loss!r}. "
                "The first positional parameter of MLPRegressor is loss, as in scikit-learn: did "
                f"you mean MLPRegressor(hidden_layer_sizes={self.loss!r})?"
            )
        super()._validate_params()
        try:
            levels = self._levels()
        except (TypeError, ValueError):
            levels = ()
        if not all(0 < q < 1 for q in levels) or any(np.diff(levels) <= 0) or not levels:
            raise InvalidParameterError(
                "quantile must be a number in (0, 1), or several of them in increasing order, such "
                f"as [0.1, 0.5, 0.9]; got {self.quantile!r}."
            )

    def _levels(self):
        return tuple(float(q) for q in np.atleast_1d(self.quantile))

    @available_if(lambda self: self._has_epochs())
    @fit_method
    def partial_fit(
        self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None
    ):
        """Train for one epoch on the given samples, from where the last call stopped.

        The optimiser's state, the learning rate and the random numbers go on as well, so calls on
        the same samples are epochs that differ in their shuffling. No samples are held out, so
        ``early_stopping`` has no effect; after a fit that was stopped early, it is refused.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, at least 0 and not all 0.
        X_val, y_val, sample_weight_val
            A validation set, measured after the epoch; see :meth:`fit`.

        Returns
        -------
        self : object
            The estimator, one epoch further.
        """
        validation = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, validation, incremental=True)

    def predict(self, X):
        """Return the network's output for each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of the weights.
        """
        return self._outputs(self._output_sums(X))

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
            At most 1; 0 for a model that always says the mean.
        """
        return r2_score(y, self._middle(self.predict(X)), sample_weight=sample_weight)

    def _middle(self, predicted):
        """Return what is predicted, of several quantiles the middle one."""
        if self.out_activation_ == "in_order":
            return predicted[:, self.n_outputs_ // 2]
        return predicted

    def _outputs(self, z):
        with np.errstate(over="ignore"):
            self._loss().activate(z.T)
        if self.clip_output:
            np.clip(z, *self.target_range_.astype(z.dtype), out=z)
        return z[:, 0] if z.shape[1] == 1 else z

    def _slopes_of_outputs(self, X, slopes):
        z = self._output_sums(X)
        if self.out_activation_ == "exp":
            slopes *= np.exp(z)[:, :, np.newaxis]
        elif self.out_activation_ == "logistic":
            slopes *= (expit(z) * expit(-z))[:, :, np.newaxis]
        elif self.out_activation_ == "in_order":
            slopes[:, 1:] *= expit(z[:, 1:])[:, :, np.newaxis]
            np.cumsum(slopes, axis=1, out=slopes)
        elif self.out_activation_ != "identity":
            raise ValueError(
                "input_gradient knows the slopes of the outputs identity, exp, logistic and "
                f"in_order; the loss {self.loss!r} has the output {self.out_activation_!r}."
            )
        return slopes

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _target_options(self):
        return {"multi_output": True, "y_numeric": True}

    def _prepare_targets(self, X, y, weight, *, continuing, classes):
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        if self.loss == "quantile" and len(self._levels()) > 1:
            if self.n_outputs_ > 1:
                raise ValueError(
                    f"Several quantiles of one target can be predicted, but y has "
                    f"{self.n_outputs_} columns. Give one quantile, or fit one regressor a column."
                )
            self.n_outputs_ = len(self._levels())
        self.out_activation_ = self._loss().output
        weighs = slice(None) if weight is None else weight > 0
        self._widen_target_range(y.reshape(y.shape[0], -1)[weighs], continuing)

    def _widen_target_range(self, y, continuing):
        """Set ``target_range_`` to the lowest and the highest y of each output so far."""
        seen = np.stack([y.min(axis=0), y.max(axis=0)]).astype(float)
        if continuing and hasattr(self, "target_range_"):
            low, high = self.target_range_
            seen = np.stack([np.minimum(low, seen[0]), np.maximum(high, seen[1])])
        self.target_range_ = seen

    def _encode(self, y, X):
        y = y.astype(X.dtype, copy=False).reshape(X.shape[0], -1)
        expected = 1 if self.out_activation_ == "in_order" else self.n_outputs_
        if y.shape[1] != expected:
            raise ValueError(f"y must have {expected} columns here; got {y.shape[1]}.")
        lowest = {"poisson": "y >= 0", "gamma": "y > 0"}.get(self.loss)
        if lowest and (y.min() < 0 or (self.loss == "gamma" and y.min() == 0)):
            raise ValueError(
                f"loss={self.loss!r} is for counts, rates and amounts, {lowest}; the smallest y is "
                f"{y.min()}. Use loss='squared_error' for targets that may be negative."
            )
        if not np.isfinite(y).all():
            raise ValueError(
                f"y has values too large for {X.dtype}. Scale y, for example with "
                "TransformedTargetRegressor."
            )
        return np.broadcast_to(y, (y.shape[0], self.n_outputs_))  # each quantile has the same

    def _loss(self):
        if self.loss == "quantile":
            return quantiles(self._levels())
        if isinstance(self.loss, Loss):
            return self.loss
        return LOSSES[self.loss, REGRESSION_OUTPUTS[self.loss]]

    def _validation_score(self, z, y, weight):
        predicted = self._outputs(z.copy())
        if not np.isfinite(predicted).all():
            return np.nan
        y = y[:, 0] if self.out_activation_ == "in_order" else y
        return r2_score(y, self._middle(predicted), sample_weight=weight)
