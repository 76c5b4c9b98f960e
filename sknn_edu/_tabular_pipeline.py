"""A recipe for tables: preprocessing and a network that need no tuning."""

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu._averaging import AveragingClassifier, AveragingRegressor
from sknn_edu._mlp_classifier import MLPClassifier
from sknn_edu._mlp_regressor import MLPRegressor
from sknn_edu._tabular_preprocessor import TabularPreprocessor

_FOR_BOTH = {
    "hidden_layer_sizes": (256, 256, 256),
    "parametrization": "ntk",
    "feature_scale": True,
    "init": "data_driven",
    "alpha": 0.0,
    "batch_size": 0.25,
    "learning_rate": "coslog4",
    "beta_2": 0.95,
    "max_iter": 64,
    "early_stopping": "last_best",
    "validation_fraction": 0.1,
    "category_embedding": 8,
    "number_embedding": "pbld",
    "dropout": 0.15,
    "weight_decay": 0.02,
    "regularization_schedule": "flat_cosine",
}

RECIPES = {
    "classifier": {
        **_FOR_BOTH,
        "activation": "parametric_selu",
        "learning_rate_init": 0.04,
        "label_smoothing": 0.1,
        "undo_smoothing": True,
    },
    "regressor": {
        **_FOR_BOTH,
        "activation": "parametric_mish",
        "learning_rate_init": 0.14,
        "clip_output": True,
    },
}
"""The parameters of the networks that :func:`tabular_pipeline` makes."""

_PREFIX = "preprocessor__"


def tabular_pipeline(estimator, *, n_estimators=4, n_jobs=None, random_state=None, **overrides):
    """Return a Pipeline that learns from a table as it is: no cleaning, no scaling, no tuning.

    The table may be a pandas or polars frame with numbers, gaps, strings, categories, booleans and
    dates, see :class:`TabularPreprocessor`. The targets of a regression are standardised for
    training and predictions brought back to their units. Weights of samples
    (``classifier__sample_weight`` or ``regressor__sample_weight`` of fit) reach the networks: the
    preprocessor and the scale of the targets look at all rows alike.

    Parameters
    ----------
    estimator : {'classifier', 'regressor'} or estimator
        A word stands for the network that :data:`RECIPES` describes, an :class:`MLPClassifier` or
        :class:`MLPRegressor`. Another classifier or regressor is used as it is.
    n_estimators : int, default=4
        How many such networks are trained, for their average to predict; for a word only.
    n_jobs : int or None, default=None
        How many of these are trained side by side; for a word only.
    random_state : int, RandomState instance or None, default=None
        Draws all that is random; for a word only.
    **overrides
        Parameters of the network, or of the estimator, that are to differ, such as
        ``max_iter=256``; with ``preprocessor__`` before them, of the preprocessor.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Its steps are ``preprocessor`` and ``classifier``, an :class:`AveragingClassifier`, or
        ``regressor``, a :class:`~sklearn.compose.TransformedTargetRegressor` of an
        :class:`AveragingRegressor`. A grid over the network's parameters therefore says
        ``classifier__estimator__dropout`` or ``regressor__regressor__estimator__dropout``.

    Raises
    ------
    ValueError
        If estimator is another word, a class, or neither classifier nor regressor, or has no such
        parameter.

    References
    ----------
    D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default: Strong pre-tuned MLPs and
    boosted trees on tabular data", arXiv 2407.04491.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknn_edu import tabular_pipeline
    >>> table = pd.DataFrame(
    ...     {"size": [70, 120, None, 45] * 5, "city": ["Ulm", "Bonn", "Ulm", "Rom"] * 5}
    ... )
    >>> rent = [900, 1500, 1100, 700] * 5
    >>> model = tabular_pipeline("regressor", random_state=0).fit(table, rent)
    >>> model.score(table, rent) > 0.9
    True
    """
    # of all imports the longest, so only where it is needed
    from sklearn.compose import TransformedTargetRegressor

    if isinstance(estimator, type):
        raise ValueError(
            f"estimator must be an instance, not a class: pass {estimator.__name__}()."
        )
    of_preprocessor = {
        name.removeprefix(_PREFIX): value
        for name, value in overrides.items()
        if name.startswith(_PREFIX)
    }
    of_network = {name: v for name, v in overrides.items() if not name.startswith(_PREFIX)}
    if isinstance(estimator, str):
        if estimator not in RECIPES:
            raise ValueError(
                f"estimator must be 'classifier', 'regressor' or an estimator; got {estimator!r}."
            )
        several = {"n_estimators": n_estimators, "n_jobs": n_jobs, "random_state": random_state}
        of_network = {**RECIPES[estimator], **of_network}
        if estimator == "classifier":
            model = AveragingClassifier(MLPClassifier().set_params(**of_network), **several)
        else:
            model = AveragingRegressor(MLPRegressor().set_params(**of_network), **several)
    else:
        model = clone(estimator).set_params(**of_network)
    preprocessor = TabularPreprocessor().set_params(**of_preprocessor)
    if is_classifier(model):
        return Pipeline([("preprocessor", preprocessor), ("classifier", model)])
    if not is_regressor(model):
        raise ValueError(f"estimator must be a classifier or a regressor; got {estimator!r}.")
    if not isinstance(model, TransformedTargetRegressor):
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return Pipeline([("preprocessor", preprocessor), ("regressor", model)])
