"""A pipeline for tables: preprocessing and averaged networks with recommended parameters."""

from sklearn import get_config
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from sknn_edu.estimators.mlp_classifier import MLPClassifier
from sknn_edu.estimators.mlp_regressor import MLPRegressor
from sknn_edu.tables.averaging import AveragingClassifier, AveragingRegressor
from sknn_edu.tables.preprocessor import TabularPreprocessor

_FOR_BOTH = {
    "hidden_layer_sizes": (256, 256, 256),
    "parametrization": "ntk",
    "feature_scale": True,
    "init": "data_driven",
    "alpha": 0.0,
    "batch_size": 0.25,
    "learning_rate": "coslog4",
    "beta_2": 0.95,
    "max_iter": 48,
    "early_stopping": "last_best",
    "validation_fraction": 0.1,
    "category_embedding": 8,
    "number_embedding": "auto",
    "dropout": 0.15,
    "weight_decay": 0.02,
    "regularization_schedule": "flat_cosine",
}

RECIPES = {
    "classifier": {
        **_FOR_BOTH,
        "activation": "parametric_selu",
        "learning_rate_init": 0.06,
        "label_smoothing": 0.1,
        "undo_smoothing": True,
    },
    "regressor": {
        **_FOR_BOTH,
        "activation": "parametric_mish",
        "learning_rate_init": 0.14,
        "clip_output": True,
        "scale_target": True,
    },
}
"""The parameters of the networks in :func:`tabular_pipeline`, for 'classifier' and 'regressor'."""

_PREFIX = "preprocessor__"

SCALES = "scale_target", "estimator__scale_target"
"""The parameter of a network, and of an average of networks, that scales the targets."""


def tabular_pipeline(
    estimator, *, n_estimators=4, n_jobs=None, random_state=None, reader="skrub", **overrides
):
    """Return a pipeline that learns from a raw table, without cleaning, scaling or tuning.

    The table is a pandas or polars frame or an array. It may contain numbers, missing values, text,
    categories, booleans, dates and durations; see :class:`TabularPreprocessor`. Columns of dates or
    prose need the extra ``tables``. Regression targets may have any scale, because the networks use
    ``scale_target=True``.

    If scikit-learn's metadata routing is enabled before this call, ``fit`` accepts
    ``sample_weight``, which the preprocessor and the networks use, and a validation set ``X_val``
    and ``y_val``, which the preprocessor transforms; ``score`` accepts ``sample_weight``, too.
    Without metadata routing, pass the weights to ``fit`` as ``classifier__sample_weight`` or
    ``regressor__sample_weight`` for the networks, and as ``preprocessor__sample_weight`` for the
    preprocessor.

    Parameters
    ----------
    estimator : {'classifier', 'regressor'} or estimator
        A string selects an average of networks, :class:`MLPClassifier` or :class:`MLPRegressor`,
        with the parameters in :data:`RECIPES`. An estimator is copied and keeps its own parameters,
        except that :class:`MLPRegressor`, alone or in an average, gets ``scale_target=True``.
    n_estimators : int, default=4
        The number of networks to average. Ignored unless ``estimator`` is a string.
    n_jobs : int or None, default=None
        The number of processes that train the networks; see :class:`AveragingClassifier`. Ignored
        unless ``estimator`` is a string.
    random_state : int, RandomState instance or None, default=None
        Draws a seed for each network. Pass an int for reproducible results. Ignored unless
        ``estimator`` is a string.
    reader : {'skrub', None}, default='skrub'
        Whether skrub encodes dates and text; see :class:`TabularPreprocessor`.
    **overrides
        Parameters of the network or of the given estimator, such as ``max_iter=256``. They replace
        the values in the recipe or in the estimator. The names of parameters of the preprocessor
        start with ``preprocessor__``, such as ``preprocessor__smooth_clip=2``.

    Returns
    -------
    pipeline : sklearn.pipeline.Pipeline
        The unfitted pipeline. Its steps are ``preprocessor``, a :class:`TabularPreprocessor`, and
        ``classifier`` or ``regressor``: an :class:`AveragingClassifier`, an
        :class:`AveragingRegressor`, or the copy of the given estimator. In a grid search, the
        dropout rate of the networks is ``classifier__estimator__dropout`` or
        ``regressor__estimator__dropout``.

    Raises
    ------
    ValueError
        If ``estimator`` is another string, a class, or neither a classifier nor a regressor, or if
        a name in ``overrides`` is not a parameter.

    See Also
    --------
    TabularPreprocessor : The first step of the pipeline.
    AveragingClassifier, AveragingRegressor : The averages of networks.

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
    for_preprocessor = {
        name.removeprefix(_PREFIX): value
        for name, value in overrides.items()
        if name.startswith(_PREFIX)
    }
    for_model = {name: v for name, v in overrides.items() if not name.startswith(_PREFIX)}
    if isinstance(estimator, str):
        average = {"n_estimators": n_estimators, "n_jobs": n_jobs, "random_state": random_state}
        model = _average_of_networks(estimator, for_model, average)
    else:
        model = _copy_with(estimator, for_model)
    preprocessor = TabularPreprocessor(reader=reader).set_params(**for_preprocessor)
    if not (is_classifier(model) or is_regressor(model)):
        raise ValueError(
            f"estimator must be a classifier or a regressor; got {estimator!r}. Pass 'classifier', "
            "'regressor' or an estimator of either kind."
        )
    steps = [
        ("preprocessor", preprocessor),
        ("classifier" if is_classifier(model) else "regressor", model),
    ]
    # a Pipeline only accepts transform_input if routing is enabled
    is_routed = get_config()["enable_metadata_routing"]
    return Pipeline(steps, transform_input=["X_val"] if is_routed else None)


def _average_of_networks(kind, overrides, average):
    """Return an average of the networks of a recipe.

    Parameters
    ----------
    kind : {'classifier', 'regressor'}
        The name of the recipe.
    overrides : dict
        Parameters of the network that replace those of the recipe.
    average : dict
        Parameters of the average.

    Returns
    -------
    model : AveragingClassifier or AveragingRegressor
        Unfitted.
    """
    if kind not in RECIPES:
        raise ValueError(
            f"estimator must be 'classifier', 'regressor' or an estimator; got {kind!r}. Use "
            "'classifier' for labels and 'regressor' for real-valued targets."
        )
    parameters = {**RECIPES[kind], **overrides}
    if kind == "classifier":
        return AveragingClassifier(MLPClassifier().set_params(**parameters), **average)
    return AveragingRegressor(MLPRegressor().set_params(**parameters), **average)


def _copy_with(estimator, overrides):
    """Return an unfitted copy of the estimator with some parameters replaced; refuse a class."""
    if isinstance(estimator, type):
        raise ValueError(
            f"estimator must be an instance, not a class; got the class {estimator.__name__}. Pass "
            f"{estimator.__name__}()."
        )
    model = clone(estimator)
    scales = [name for name in SCALES if name in model.get_params()]
    return model.set_params(**dict.fromkeys(scales, True)).set_params(**overrides)
