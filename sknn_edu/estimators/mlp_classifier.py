"""The multi-layer perceptron classifier: from labels to targets, and back to predictions."""

from numbers import Real

from sklearn.utils.metaestimators import available_if

from sknn_edu.estimators.accuracy import AccuracyMixin
from sknn_edu.estimators.class_labels import check_first_call
from sknn_edu.estimators.mlp import BaseMLP
from sknn_edu.estimators.mlp_docs import (
    ATTRIBUTES,
    CLASSES,
    NOTES,
    OTHER_PARAMETERS,
    PARAMETERS,
    PARTIAL_FIT,
    REFERENCES,
    START_WITH,
)
from sknn_edu.estimators.network_estimator import trains_in_epochs
from sknn_edu.estimators.targets import CLASSIFICATION_KINDS
from sknn_edu.fitting.estimator import Interval, fill_docstring, fit_method, one_of
from sknn_edu.fitting.fit import fit_network


@fill_docstring(
    start_with=START_WITH,
    parameters=PARAMETERS,
    other_parameters=OTHER_PARAMETERS,
    attributes=ATTRIBUTES,
    notes=NOTES,
    references=REFERENCES,
)
class MLPClassifier(AccuracyMixin, BaseMLP):
    r"""Multi-layer perceptron classifier: a neural network trained on the cross-entropy.

    {start_with}

    This classifier has all parameters, defaults and attributes of
    :class:`sklearn.neural_network.MLPClassifier`, and more. Given the same ``random_state`` it
    computes the same numbers, faster.

    The output layer depends on y:

    - Two classes: one logistic neuron, whose output is the probability of the second class.
    - More classes: one neuron per class; a softmax turns their sums into probabilities.
    - Several labels (y is a matrix of 0 and 1): one logistic neuron per label.
    - Several columns of classes: for each column one neuron per class, with a softmax of its own.

    Parameters
    ----------
    {parameters}
    class_weight : dict, 'balanced' or None, default=None
        Factors of the sample weights for each class, ``{label: factor}``; 'balanced' gives all
        classes the same total weight. For several columns y, 'balanced' or a list of dicts.

    Other Parameters
    ----------------
    {other_parameters}
    label_smoothing : float, default=0.0
        The targets are moved by this share, in [0, 1), towards equal probabilities for all
        classes, so that the network does not become overconfident (Szegedy et al., arXiv
        1512.00567).
    undo_smoothing : bool, default=False
        Whether predicted probabilities are corrected for ``label_smoothing``: a network that was
        trained to predict 0.95 when it is certain then predicts 1. Predicted classes and
        ``decision_function`` stay the same.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
        The sorted labels; for multilabel y the column numbers; for several columns of classes one
        array per column.
    {attributes}

    See Also
    --------
    MLPRegressor : The same for real-valued targets.
    SigmoidNeuronClassifier : A single neuron: logistic regression.
    PerceptronClassifier : A single neuron with a threshold.

    Notes
    -----
    The loss is the cross-entropy in nats, averaged over samples and summed over labels,

    .. math:: L = -\frac{1}{n} \sum_i \log p(y_i \mid x_i)
              + \frac{\alpha}{2 n} \lVert W \rVert^2

    {notes}

    References
    ----------
    {references}

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import train_test_split
    >>> from sknn_edu import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> X_train, X_test, y_train, y_test = train_test_split(X / 16, y, random_state=0)
    >>> mlp = MLPClassifier(random_state=0, max_iter=60, tol=1e-2).fit(X_train, y_train)
    >>> mlp.score(X_test, y_test) > 0.95
    True
    >>> mlp.predict_proba(X_test).shape
    (450, 10)
    """

    loss = "log_loss"

    _y_options = {"multi_output": True}
    _target_kinds = CLASSIFICATION_KINDS

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "class_weight": [one_of("balanced"), dict, list, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "undo_smoothing": ["boolean"],
    }

    def __init__(
        self,
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
        class_weight=None,
        label_smoothing=0.0,
        undo_smoothing=False,
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
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.undo_smoothing = undo_smoothing

    @available_if(trains_in_epochs)
    @fit_method
    def partial_fit(
        self,
        X,
        y,
        sample_weight=None,
        classes=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        classes = check_first_call(classes, getattr(self, "classes_", None))
        validation = X_val, y_val, sample_weight_val
        return fit_network(self, X, y, sample_weight, validation, incremental=True, classes=classes)

    partial_fit.__doc__ = PARTIAL_FIT.replace("{classes}", CLASSES)

    def decision_function(self, X):
        """Return the weighted sums of the output neurons, before the output activation.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes the log-odds of the second; otherwise one column per class or label. In
            the dtype of the weights.
        """
        z = self._output_sums(X)
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X):
        """Return the most probable class of each sample; for several columns y, one per column.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            Labels from ``classes_``; 0 or 1 for multilabel y.
        """
        return self._of_output_sums(X, lambda z, targets: targets.predict(z))

    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or a list of them
            Rows sum to 1, except for multilabel y, whose columns are independent of each other. For
            several columns of classes, one array per column.
        """
        return self._of_output_sums(
            X, lambda z, targets: targets.predict_proba(z, self.undo_smoothing)
        )

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`, finite even where that is tiny.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes), or a list of them
            Where the probability underflows, the logarithm is computed from the weighted sums.
        """
        return self._of_output_sums(
            X, lambda z, targets: targets.predict_log_proba(z, self.undo_smoothing)
        )
