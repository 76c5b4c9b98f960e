"""The pipeline from a raw table to predictions."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import (
    RECIPES,
    AveragingRegressor,
    MLPClassifier,
    MLPRegressor,
    TabularPreprocessor,
    tabular_pipeline,
)
from tests.table_data import QUICK, array_table, pandas_table, polars_table, targets

# in the three epochs of QUICK
pytestmark = pytest.mark.filterwarnings("ignore:The network is no better than a constant")


@pytest.mark.parametrize("table", [pandas_table, polars_table, array_table])
@pytest.mark.parametrize("kind", RECIPES)
def test_a_raw_table_is_learned_and_predictions_are_reproducible(kind, table):
    X, y = table(), targets(kind)
    model = tabular_pipeline(kind, **QUICK).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))
    if kind == "classifier":
        assert set(model.predict(X)) <= {"rich", "poor"}
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-6)
    else:
        assert y.min() <= model.predict(X).min() <= model.predict(X).max() <= y.max() * (1 + 1e-6)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_is_a_dict_of_parameters(kind):
    network = MLPClassifier() if kind == "classifier" else MLPRegressor()
    assert network.set_params(**RECIPES[kind]).get_params() | RECIPES[kind] == network.get_params()


@pytest.mark.parametrize("kind", RECIPES)
def test_overrides_change_the_recipe(kind):
    model = tabular_pipeline(kind, dropout=0.5, preprocessor__smooth_clip=None)
    network = model[-1].estimator
    assert network.dropout == 0.5
    assert network.activation == RECIPES[kind]["activation"]
    assert model["preprocessor"].smooth_clip is None


def test_categories_that_training_did_not_have_can_be_predicted():
    X, y = pandas_table(), targets("classifier")
    model = tabular_pipeline("classifier", **QUICK).fit(X, y)
    new = X.head(3).assign(city=["Paris", None, "Ulm"], plan=["new", "gold", "new"])
    assert model.predict(new).shape == (3,)


def test_a_pipeline_is_searched_and_cross_validated():
    X, y = pandas_table(), targets("classifier")
    grid = {"classifier__estimator__dropout": [0.0, 0.3], "preprocessor__smooth_clip": [3, None]}
    search = GridSearchCV(tabular_pipeline("classifier", **QUICK), grid, cv=2).fit(X, y)
    assert set(search.best_params_) == set(grid)
    assert cross_val_score(tabular_pipeline("regressor", **QUICK), X, targets("r"), cv=2).size == 2


def test_a_pipeline_gives_its_feature_names():
    model = tabular_pipeline("classifier", **QUICK).fit(pandas_table(), targets("classifier"))
    names = model[:-1].get_feature_names_out()
    assert names[0] == "income"
    assert len(names) == model[-1].n_features_in_


@pytest.mark.parametrize("kind", RECIPES)
def test_weights_of_samples_go_through_a_pipeline(kind):
    X, y = pandas_table(), targets(kind)
    weight = np.where(X["rooms"] > 2, 1.0, 0.0)
    model = tabular_pipeline(kind, **QUICK).fit(X, y, **{f"{kind}__sample_weight": weight})
    without = clone(model).fit(X, y)
    answer = "predict_proba" if kind == "classifier" else "predict"
    assert not np.array_equal(getattr(model, answer)(X), getattr(without, answer)(X))


def test_a_given_estimator_keeps_its_parameters():
    table = pandas_table()
    lr = tabular_pipeline(LogisticRegression(C=3.0), max_iter=500).fit(table, targets("classifier"))
    assert lr[-1].C == 3.0
    assert lr[-1].max_iter == 500
    model = tabular_pipeline(Ridge(alpha=3.0)).fit(table, targets("regressor"))
    assert model[-1].alpha == 3
    target_transformer = TransformedTargetRegressor(
        MLPRegressor(max_iter=3), func=np.log1p, inverse_func=np.expm1
    )
    assert tabular_pipeline(target_transformer)[-1].func is np.log1p


def test_a_given_network_learns_targets_of_any_unit_unless_told_otherwise():
    network = MLPRegressor(max_iter=3)
    assert tabular_pipeline(network)[-1].scale_target
    assert not tabular_pipeline(network, scale_target=False)[-1].scale_target
    assert tabular_pipeline(AveragingRegressor(network))[-1].estimator.scale_target
    assert not network.scale_target


@pytest.mark.parametrize("wrong", ["clasifier", TabularPreprocessor(), LogisticRegression])
def test_anything_but_a_classifier_or_a_regressor_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        tabular_pipeline(wrong)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValueError, match="Invalid parameter 'depth'"):
        tabular_pipeline("classifier", depth=3)


def test_a_recipe_learns_iris_and_diabetes():
    X, y = load_iris(return_X_y=True)
    model = tabular_pipeline("classifier", max_iter=30, n_estimators=2, random_state=0)
    assert cross_val_score(model, X, y, cv=3).mean() > 0.92
    X, y = load_diabetes(return_X_y=True)
    model = tabular_pipeline("regressor", max_iter=30, n_estimators=2, random_state=0)
    assert cross_val_score(model, X, y, cv=3).mean() > 0.38


@pytest.mark.parametrize("kind", RECIPES)
def test_targets_may_be_pandas_series(kind):
    expected = tabular_pipeline(kind, **QUICK).fit(pandas_table(), targets(kind))
    for table, y in (
        (pandas_table(), pd.Series(targets(kind), name="y")),
        (polars_table(), pl.Series("y", targets(kind))),
    ):
        model = tabular_pipeline(kind, **QUICK).fit(table, y)
        np.testing.assert_array_equal(
            model.predict(pandas_table()), expected.predict(pandas_table())
        )


@pytest.mark.parametrize("kind", RECIPES)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 12])
def test_a_table_with_few_rows_can_be_learned(kind, n):
    X, y = pandas_table().head(n), np.arange(n) % 2
    model = tabular_pipeline(kind, **QUICK).fit(X, y)
    assert model.predict(X).shape == (n,)


def test_a_class_of_one_sample_can_be_learned():
    X, y = pandas_table(), np.array(["no"] * 59 + ["yes"])
    model = tabular_pipeline("classifier", **QUICK).fit(X, y)
    assert model.predict_proba(X).shape == (60, 2)


# -- metadata ----------------------------------------------------------------------------------


def prices(n=400):
    """Return a table with prices as text and targets that follow them, in cents."""
    rng = np.random.default_rng(0)
    price = rng.lognormal(6, 1, n)
    table = pd.DataFrame(
        {"price": [f"${x:,.2f}" for x in price], "town": rng.choice(list("abc"), n)}
    )
    return table, 1e6 * np.log(price)


SMALL = {"n_estimators": 1, "max_iter": 20, "random_state": 0}


def test_a_validation_set_and_weights_reach_every_step_under_routing():
    X, y = prices()
    weight = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    with config_context(enable_metadata_routing=True):
        model = tabular_pipeline("regressor", **SMALL)
        model.fit(X[:300], y[:300], sample_weight=weight[:300], X_val=X[300:], y_val=y[300:])
        assert model.score(X[300:], y[300:]) > 0.95
        scores = cross_val_score(model, X, y, params={"sample_weight": weight}, cv=2)
        assert (scores > 0.9).all()
    kept = TabularPreprocessor().fit(
        X[:300][weight[:300] > 0], None, weight[:300][weight[:300] > 0]
    )
    np.testing.assert_array_equal(model["preprocessor"].center_, kept.center_)


def test_rows_of_weight_0_do_not_count_in_any_step():
    X, _ = prices(200)
    more = pd.concat([X, pd.DataFrame({"price": ["$1e9"] * 50, "town": ["z"] * 50})])
    weight = np.r_[np.ones(200), np.zeros(50)]
    model = TabularPreprocessor().fit(more, None, weight)
    np.testing.assert_array_equal(model.transform(X), TabularPreprocessor().fit_transform(X))


def test_a_validation_set_that_no_step_transformed_is_refused():
    X, y = prices(100)
    model = tabular_pipeline("regressor", **SMALL)
    with pytest.raises(
        ValueError, match=r"got a DataFrame with named columns as X_val.*transform_input"
    ):
        model.fit(X, y, regressor__X_val=X, regressor__y_val=y)
    model = make_pipeline(StandardScaler(), MLPRegressor())
    X = np.random.default_rng(0).normal(1000, 1, (50, 4))
    with pytest.warns(UserWarning, match="X_val seems to be scaled differently from X: in 4 of 4"):
        model.set_params(mlpregressor__max_iter=500, mlpregressor__solver="lbfgs").fit(
            X, X[:, 0], mlpregressor__X_val=X, mlpregressor__y_val=X[:, 0]
        )
    with pytest.raises(ValueError, match=r"X_val and y_val: X has 3 features.*transform_input"):
        model.fit(X, X[:, 0], mlpregressor__X_val=X[:, :3], mlpregressor__y_val=X[:, 0])


def test_the_parameter_reader_reaches_the_preprocessor():
    assert tabular_pipeline("classifier", reader=None)["preprocessor"].reader is None
