"""A recipe for tables: preprocessing and a network that need no tuning."""

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu._mlp_classifier import MLPClassifier
from sknn_edu._mlp_regressor import MLPRegressor
from sknn_edu._tabular_preprocessor import TabularPreprocessor

_FOR_BOTH = {
    "hidden_layer_sizes": (256, 256, 256),
    "parametrization": "ntk",
    "feature_scale": True,
    "init": "data_driven",
    "alpha": 0.0,
    "learning_rate": "coslog4",
    "beta_2": 0.95,
    "max_iter": 256,
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


def tabular_pipeline(estimator, **overrides):
    """Return a Pipeline that learns from a table as it is: no cleaning, no scaling, no tuning.

    The table may be a pandas or polars frame with numbers, gaps, strings, categories, booleans and
    dates, see :class:`TabularPreprocessor`. The targets of a regression are standardised for
    training and predictions brought back to their units.

    Parameters
    ----------
    estimator : {'classifier', 'regressor'} or estimator
        A word stands for the network that :data:`RECIPES` describes: an :class:`MLPClassifier` or
        :class:`MLPRegressor`. A classifier or regressor of your own is used as it is.
    **overrides
        Parameters of the network that are to differ from the recipe, such as ``max_iter=64`` or
        ``random_state=0``; with ``preprocessor__`` before them, of the preprocessor.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        Its steps are ``preprocessor`` and ``classifier`` or ``regressor``; the latter is a
        :class:`~sklearn.compose.TransformedTargetRegressor`, so a grid over the network's
        parameters says ``classifier__dropout`` or ``regressor__regressor__dropout``.

    Raises
    ------
    ValueError
        If estimator is another word or neither classifier nor regressor, or has no such parameter.

    References
    ----------
    D. Holzmueller, L. Grinsztajn, I. Steinwart, "Better by default: Strong pre-tuned MLPs and
    boosted trees on tabular data", arXiv 2407.04491.

    Examples
    --------
    >>> import pandas as pd
    >>> from sknn_edu import tabular_pipeline
    >>> table = pd.DataFrame({"size": [70, 120, None, 45], "city": ["Ulm", "Bonn", "Ulm", "Rom"]})
    >>> rent = [900, 1500, 1100, 700]
    >>> model = tabular_pipeline("regressor", max_iter=8, random_state=0).fit(table, rent)
    >>> model.predict(table).shape
    (4,)
    """
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
        network = MLPClassifier() if estimator == "classifier" else MLPRegressor()
        network.set_params(**{**RECIPES[estimator], **of_network})
    else:
        network = clone(estimator).set_params(**of_network)
    preprocessor = TabularPreprocessor().set_params(**of_preprocessor)
    if is_classifier(network):
        return Pipeline([("preprocessor", preprocessor), ("classifier", network)])
    if not is_regressor(network):
        raise ValueError(f"estimator must be a classifier or a regressor; got {estimator!r}.")
    if not isinstance(network, TransformedTargetRegressor):
        network = TransformedTargetRegressor(network, transformer=StandardScaler())
    return Pipeline([("preprocessor", preprocessor), ("regressor", network)])
