"""The multi-layer perceptron classifier: classes into targets, and output sums into answers."""

from dataclasses import replace
from numbers import Real

import numpy as np
from scipy.sparse import issparse
from scipy.special import expit, log_expit, log_softmax
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from sknn_edu._base import (
    Interval,
    StrOptions,
    class_factors,
    class_numbers,
    fill_docstring,
    same_labels,
)
from sknn_edu._class_columns import (
    ColumnsClassifierMixin,
    has_columns_of_classes,
    plain,
    side_by_side,
)
from sknn_edu._mlp import BaseMLP
from sknn_edu._mlp_docs import ATTRIBUTES, NOTES, PARAMETERS, REFERENCES
from sknn_edu._trainable import NetworkClassifier
from sknn_edu.core._mini_batches import MiniBatches
from sknn_edu.core.losses import (
    LOSSES,
    OUTPUTS,
    Loss,
    SoftmaxOfEach,
    error_delta,
    soft_cross_entropy,
    undo_smoothing,
    within_0_and_1,
)


@fill_docstring(parameters=PARAMETERS, attributes=ATTRIBUTES, notes=NOTES, references=REFERENCES)
class MLPClassifier(ColumnsClassifierMixin, NetworkClassifier, BaseMLP):
    r"""Multi-layer perceptron classifier: layers of neurons trained on the cross-entropy.

    A superset of :class:`sklearn.neural_network.MLPClassifier`: the same parameters, defaults and
    attributes and, given the same ``random_state``, the same numbers, faster.

    Two classes have one output neuron with the logistic function, more have one each with softmax,
    several labels per sample (a 0/1 matrix y) have one logistic neuron each, and several columns of
    classes have a softmax each.

    Parameters
    ----------
    {parameters}
    class_weight : dict, 'balanced' or None, default=None
        Factors of the sample weights of each class, ``{label: factor}``; 'balanced' gives all
        classes the same total weight. If y has several columns, 'balanced' or a list of dicts.
    label_smoothing : float, default=0.0
        The targets are moved by this share towards "all classes alike", in [0, 1): a network that
        need not be certain learns less by heart (Szegedy et al., arXiv 1512.00567).
    undo_smoothing : bool, default=False
        Whether probabilities are moved back by ``label_smoothing``: a network that was taught to
        say 0.95 where it is certain then says 1. Predicted classes stay the same, and so does
        ``decision_function``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
        The labels, sorted; for multilabel y the column numbers; one array for each column of y if
        there are several with more than two classes.
    {attributes}

    See Also
    --------
    MLPRegressor : The same for real-valued targets.
    SigmoidNeuronClassifier : A single neuron: logistic regression.
    PerceptronClassifier : A single neuron with a step.

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

    _parameter_constraints: dict = {
        **BaseMLP._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
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

    def predict(self, X):
        """Return the most probable class of each sample; for several columns y, of each column.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_columns)
            Labels from ``classes_``; 0 or 1 for multilabel y.
        """
        z = self._output_sums(X)
        if self._is_multilabel():
            return (z > 0).astype(int)
        if self._is_multioutput():
            columns = zip(self.classes_, self._of_each(z), strict=True)
            labels = [classes[z_k.argmax(axis=1)] for classes, z_k in columns]
            return side_by_side(labels)
        return self.classes_[self._winners(z)]

    def predict_proba(self, X):
        """Return the probability of each class, or of each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes), or a list of them
            Rows sum to 1, except for multilabel y, whose columns are independent of each other. If
            y has several columns of classes, one array for each.
        """
        z = self._output_sums(X)
        if self._is_multioutput():
            return [self._probabilities(z_k) for z_k in self._of_each(z)]
        return self._probabilities(z)

    def predict_log_proba(self, X):
        """Return the natural logarithm of :meth:`predict_proba`, finite where that rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes), or a list of them
            Where the probability has underflowed, the logarithm comes from the weighted sums.
        """
        z = self._output_sums(X)
        if self._is_multioutput():
            return [self._logarithms(z_k) for z_k in self._of_each(z)]
        return self._logarithms(z)

    def _probabilities(self, z):
        if self._is_softmax():
            columns = z.T.copy()  # softmax takes one column per sample, and is faster so
            OUTPUTS["softmax"](columns)
            p = columns.T.copy()
        else:
            p = expit(z if self._is_multilabel() else self._for_two_classes(z))
        if self._undoes_smoothing() and p.shape[1] > 1:
            return self._without_smoothing(p)
        within_0_and_1(p, lambda: self._log_probabilities(z))
        return p

    def _undoes_smoothing(self):
        return self.undo_smoothing and self.label_smoothing > 0

    def _without_smoothing(self, p):
        """Return the probabilities that belong to those of smoothed labels."""
        if self._is_multilabel():
            yes, no = (undo_smoothing(q, self.label_smoothing, 2) for q in (p, 1 - p))
            return yes / (yes + no)
        believed = undo_smoothing(p, self.label_smoothing, p.shape[1])
        return believed / believed.sum(axis=1, keepdims=True)

    def _logarithms(self, z):
        if self._undoes_smoothing():
            return np.log(self._probabilities(z))
        log_p, p = self._log_probabilities(z), self._probabilities(z)
        normal = p > 1e4 * np.finfo(p.dtype).tiny
        np.log(p, out=log_p, where=normal)  # the same to the last digit
        return log_p

    def _log_probabilities(self, z):
        if self._is_softmax():
            return log_softmax(z, axis=1)
        return log_expit(z if self._is_multilabel() else self._for_two_classes(z))

    def _for_two_classes(self, z):
        """Return the log-odds of each class; one that was alone in training is (nearly) certain."""
        return np.hstack([-z, z]) if self.classes_.size == 2 else np.full_like(z, 1e3)

    def _of_each(self, z):
        """Part the output sums by the columns of y that they belong to."""
        return np.split(z, self._starts()[1:], axis=1)

    def _sizes(self):
        return tuple(classes.size for classes in self.classes_)

    def _starts(self):
        """Return the number of the first output of each column of y."""
        return np.cumsum([0, *self._sizes()[:-1]])

    def _is_softmax(self):
        return self.out_activation_ in ("softmax", "softmax_of_each")

    def _is_multioutput(self):
        return self.out_activation_ == "softmax_of_each"

    def _is_multilabel(self):
        return self.n_outputs_ > 1 and self.out_activation_ == "logistic"

    # -- what TrainableNetwork asks for --------------------------------------------------------

    def _target_options(self):
        return {"multi_output": True}

    def _prepare_targets(self, X, y, weight, *, continuing, classes):
        had = getattr(self, "classes_", None) if continuing else None
        if isinstance(had, list) or isinstance(classes, list) or has_columns_of_classes(y):
            self._prepare_columns(y, continuing, classes)
            return
        check_classification_targets(y)
        multilabel = y.ndim == 2
        if classes is None:
            classes = unique_labels(y)
        elif not multilabel:
            class_numbers(y, classes)  # no unknown labels
        if not multilabel:
            output = (1, "logistic") if classes.size <= 2 else (classes.size, "softmax")
        else:
            output = y.shape[1], "logistic"
        if continuing and hasattr(self, "classes_"):
            self._check_same_task(classes, output)
        if multilabel and not np.array_equal(classes, np.arange(y.shape[1])):
            raise ValueError(
                f"y has {y.shape[1]} columns of labels, so classes must be the column numbers, "
                f"np.arange({y.shape[1]}); got {classes}."
            )
        self.classes_ = classes
        self.n_outputs_, self.out_activation_ = output

    def _prepare_columns(self, y, continuing, classes):
        """Learn the classes of each column of y."""
        if classes is None:
            known = self.classes_ if continuing else None
            classes = known or [unique_labels(column) for column in plain(y)]
        if not isinstance(classes, list) or y.ndim != 2 or len(classes) != y.shape[1]:
            raise ValueError(
                "y with several columns of classes needs the same number of columns in each call, "
                f"and classes as a list of as many arrays; got y of shape {y.shape} and "
                f"classes={classes!r}."
            )
        classes = [np.asarray(of_column) for of_column in classes]
        if continuing and not same_labels(classes, getattr(self, "classes_", classes)):
            self._check_same_task(classes, (sum(map(len, classes)), "softmax_of_each"))
        self.classes_ = classes
        self.n_outputs_, self.out_activation_ = sum(self._sizes()), "softmax_of_each"

    def _encode(self, y, X):
        n_columns = 1 if y.ndim == 1 else y.shape[1]
        expected = 1
        if self._is_multioutput():
            expected = len(self.classes_)
        elif self._is_multilabel():
            expected = self.n_outputs_
        if n_columns != expected:
            raise ValueError(f"y must have {expected} columns here; got {n_columns}.")
        if self._is_multioutput():
            numbers = map(class_numbers, plain(y), self.classes_)
            return np.stack(list(numbers), axis=1) + self._starts()
        if self._is_multilabel():
            y = y.toarray() if issparse(y) else y
            if not np.isin(y, (0, 1)).all():
                raise ValueError("y with several labels a sample must hold only 0 and 1.")
            return y.astype(bool)
        y = class_numbers(y, self.classes_)
        return y if self._is_softmax() else (y == 1)[:, np.newaxis]

    def _loss(self):
        if self._is_multioutput():
            activate = SoftmaxOfEach(self._sizes())
            return Loss("log_loss", "softmax_of_each", activate, soft_cross_entropy, error_delta)
        loss = LOSSES[self.loss, self.out_activation_]
        if self.label_smoothing > 0 and self._is_softmax():
            return replace(loss, value=soft_cross_entropy)
        return loss

    def _batches(self, X, y, weight, network, batch_size, dtype):
        return MiniBatches(
            X,
            y,
            self.n_outputs_,
            weight,
            batch_size,
            dtype,
            smoothing=float(self.label_smoothing),
            ignorance=self._ignorance().astype(dtype)[:, np.newaxis],
        )

    def _ignorance(self):
        """Return what each output should say that knows nothing: all classes alike."""
        if self._is_multioutput():
            return np.repeat(1 / np.array(self._sizes()), self._sizes())
        return np.full(self.n_outputs_, 1 / self.n_outputs_ if self._is_softmax() else 0.5)

    def _total_weight(self, y, y_given, weight):
        if self.class_weight is None:
            return weight
        columns = [y_given] if y_given.ndim == 1 else plain(y_given)
        same_for_all = self.class_weight == "balanced" or len(columns) == 1
        wanted = [self.class_weight] * len(columns) if same_for_all else self.class_weight
        if not isinstance(wanted, list) or len(wanted) != len(columns):
            raise ValueError(
                f"class_weight must be 'balanced' or a list with a dict for each of the "
                f"{len(columns)} columns of y; got {self.class_weight!r}."
            )
        known = self.classes_ if self._is_multioutput() else [self.classes_]
        if self._is_multilabel():
            known = [np.unique(column) for column in columns]
        total = 1.0 if weight is None else weight
        for of_column, column, classes in zip(wanted, columns, known, strict=True):
            if isinstance(of_column, list):
                raise ValueError(
                    "class_weight must be 'balanced' or a dict, since y has one column; got a "
                    f"list: {self.class_weight!r}."
                )
            factors = class_factors(of_column, classes, column, weight)
            total = total * factors[np.searchsorted(classes, column)]
        return total.astype(weight.dtype) if weight is not None else total

    def _check_same_task(self, classes, output):
        before = self.n_outputs_, self.out_activation_
        is_list = isinstance(classes, list) or isinstance(self.classes_, list)
        if is_list or (output != before and set(classes) == set(self.classes_)):
            raise ValueError(
                f"y asks for {output[0]} {output[1]} outputs, but the network was fitted with "
                f"{before[0]} {before[1]} outputs for the classes {self.classes_}. Go on with "
                "targets of the same kind, or start anew with clone()."
            )
        self._check_same_classes(classes)

    def _check_same_classes(self, labels):
        if set(labels) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {labels}"
            )

    def _validation_score(self, z, y, weight):
        if self._is_multioutput():
            won = [z_k.argmax(axis=1) for z_k in self._of_each(z)]
            right = (np.stack(won, axis=1) + self._starts() == y).all(axis=1)
            return float(np.average(right, weights=weight))
        decided = z > 0 if self._is_multilabel() else self._winners(z)
        truth = y[:, 0].astype(int) if self.n_outputs_ == 1 else y
        return accuracy_score(truth, decided, sample_weight=weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags
