"""For any table and options, a fit gives a sound model or a clear error."""

from copy import deepcopy

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from sknn_edu import MLPClassifier, MLPRegressor, TabularPreprocessor, tabular_pipeline
from tests.fuzz.checks import is_finite, quietly, refusal_of
from tests.slow import tally
from tests.slow.frames import OF_PREPROCESSOR, options_for_tables, tables
from tests.strategies import labels, nearly_always, subset_of, weights

pytestmark = pytest.mark.slow

SETTINGS = settings(
    deadline=None, database=None, print_blob=True, suppress_health_check=[*HealthCheck]
)


def in_blocks(n_blocks, n_examples, **strategies):
    """Make a test in blocks that may run in parallel, each with a fixed seed."""

    def decorate(holds):
        def test(block):
            checked = given(**strategies)(lambda **drawn: holds(**drawn))
            seed(block)(settings(SETTINGS, max_examples=n_examples)(checked))()

        test.__name__ = test.__qualname__ = holds.__name__
        return pytest.mark.parametrize("block", range(n_blocks))(test)

    return decorate


@st.composite
def targets(draw, kind, n):
    """Draw targets for n rows, most of them ordinary."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    if kind == "classifier":
        words = np.array(["no", "yes", "perhaps"])[rng.permutation(np.arange(n) % 3)]
        return draw(st.sampled_from([words, words == "yes"]) | labels(n))
    usual = [rng.normal(size=n), rng.lognormal(9, 2, n), rng.integers(0, 9, n), np.full(n, 2.0)]
    usual += [rng.normal(size=(n, 2)), 1e-30 * rng.normal(size=n), rng.normal(size=n) + 1e8]
    return draw(nearly_always(usual, [rng.normal(size=n) * 1e30, usual[0][:-1]]))


@st.composite
def pipelines(draw):
    """Draw a pipeline, a table, targets, and the parameters of fit."""
    kind = draw(st.sampled_from(["classifier", "regressor"]))
    network = MLPClassifier if kind == "classifier" else MLPRegressor
    table, n = draw(tables())
    params = draw(options_for_tables(kind, network))
    if draw(st.integers(0, 3)) == 3:  # the recipe with these options
        params["learning_rate_init"] = params.get("learning_rate_init", 0.04)
        params = {"hidden_layer_sizes": (6,), "max_iter": 3} | params
        seed_of_members = params.pop("random_state", 0)
        pipeline = tabular_pipeline(
            kind, n_estimators=draw(st.integers(1, 2)), random_state=seed_of_members, **params
        )
    else:
        pipeline = tabular_pipeline(network(), **params)
    weight = draw(st.none() | weights(n))
    fit_params = {} if weight is None else {f"{kind}__sample_weight": weight}
    return pipeline, table, draw(targets(kind, n)), fit_params


def is_unchanged(table, before):
    """Compare a table with a deep copy; frames also hold caches, which may change."""
    if isinstance(table, pd.DataFrame | pl.DataFrame):
        return table.equals(before)
    return joblib.hash(table) == joblib.hash(before)


def check_sound_on(pipeline, table):
    """Check that predictions for the rows of training are finite, and probabilities likely."""
    predicted = np.asarray(pipeline.predict(table))
    assert len(predicted) == len(table)
    assert predicted.dtype.kind != "f" or is_finite(predicted)
    if not hasattr(pipeline, "predict_proba"):
        return
    found = pipeline.predict_proba(table)
    for p in found if isinstance(found, list) else [found]:
        assert is_finite(p)
        assert ((p >= 0) & (p <= 1)).all()
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=0, atol=1e-5)


@in_blocks(10, 1_000, problem=pipelines())
def test_a_pipeline_for_tables_ends_in_a_sound_model_or_in_a_clear_refusal(problem):
    pipeline, table, y, fit_params = problem
    before = deepcopy(table)
    with tally.attempt("fits of tables: sound or refused") as refusals:
        refusals.append(refusal_of(lambda: pipeline.fit(table, y, **fit_params)))
        if refusals == [None]:
            quietly(lambda: check_sound_on(pipeline, table))
        assert is_unchanged(table, before)


@in_blocks(4, 1_000, fitted_on=tables(), then=tables(), params=subset_of(OF_PREPROCESSOR, []))
def test_a_preprocessor_makes_finite_numbers_of_any_table_or_refuses_it(fitted_on, then, params):
    params = {name.removeprefix("preprocessor__"): value for name, value in params.items()}
    model = TabularPreprocessor(**params)
    with tally.attempt("tables to numbers: finite or refused") as refusals:
        refusals.append(refusal_of(lambda: model.fit(fitted_on[0])))
        if refusals == [None]:
            made = quietly(lambda: model.transform(fitted_on[0]))
            assert is_finite(made)
            assert made.shape == (fitted_on[1], len(model.get_feature_names_out()))
    if refusals == [None]:
        with tally.attempt("tables unlike those of training: finite or refused") as refusals:
            made = []
            refusals.append(refusal_of(lambda: made.append(model.transform(then[0]))))
            assert all(map(is_finite, made))
