"""For any input, a fit gives a sound model or a clear error."""

import pickle

import joblib
import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st
from sklearn.base import clone

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from tests.fuzz.checks import (
    X4,
    Y4,
    answers,
    check_sound,
    fingerprints,
    fitted_parameters,
    overflows,
    quietly,
    refusal_of,
    same_bits,
)
from tests.slow import tally
from tests.strategies import INVALID, JUNK, KINDS, fuzz, parameters, problems, run


@fuzz(quick=600, slow=20_000, problem=problems())
def test_a_fit_ends_in_a_sound_model_or_in_a_clear_refusal(problem):
    before = fingerprints(problem)
    model = clone(problem.model)
    with tally.attempt("fits: sound or refused") as refusals:
        refusals.append(refusal_of(lambda: run(model, problem)))
        if refusals == [None]:
            quietly(lambda: check_sound(model, problem.X))
        assert fingerprints(problem) == before


@fuzz(
    quick=300,
    slow=8_000,
    problem=problems(),
    junk=st.sampled_from(JUNK),
    which=st.integers(0, 99),
)
def test_no_value_of_a_parameter_leads_to_an_obscure_error(problem, junk, which):
    names = sorted({*problem.model.get_params()} - {"max_iter"})
    name = names[which % len(names)]
    assume(not (name == "scoring" and callable(junk)))  # a scorer may raise any error
    problem.model.set_params(**{name: junk})
    model = clone(problem.model)
    with tally.attempt("fits with any value of a parameter: sound or refused") as refusals:
        refusals.append(refusal_of(lambda: run(model, problem)))
        if refusals == [None]:
            quietly(lambda: check_sound(model, problem.X))


@fuzz(
    quick=200,
    slow=4_000,
    model=st.sampled_from(KINDS).flatmap(lambda kind: parameters(kind).map(lambda p: kind(**p))),
    wrong=st.sampled_from(INVALID),
    which=st.integers(0, 99),
)
def test_an_impossible_value_is_refused_by_the_name_of_the_parameter(model, wrong, which):
    name = sorted(model.get_params())[which % len(model.get_params())]
    X, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    with tally.attempt("impossible values: refused by name") as refusals:
        refusals.append(refusal_of(lambda: clone(model).set_params(**{name: wrong}).fit(X, y)))
        assert refusals != [None]
        assert name in str(*refusals)


@fuzz(quick=250, slow=6_000, problem=problems())
def test_a_failed_fit_leaves_a_fitted_model_as_it_was(problem):
    model = clone(problem.model)
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2 + 1
    assume(refusal_of(lambda: model.fit(X, y)) is None and not overflows(model, X))
    before, expected = joblib.hash(vars(model)), answers(model, X)
    problem.history = problem.history.split(", ")[-1]
    refusal = refusal_of(lambda: run(model, problem))
    assume(refusal is not None)
    with tally.attempt("fits that fail: model as before") as refusals:
        refusals.append(refusal)
        assert joblib.hash(vars(model)) == before
        assert same_bits(answers(model, X), expected)


@fuzz(quick=150, slow=8_000, problem=problems())
def test_the_same_seed_a_clone_and_a_pickle_give_the_same_bits(problem):
    model = clone(problem.model)
    assume(refusal_of(lambda: run(model, problem)) is None and not overflows(model, problem.X))
    with tally.attempt("the same fit again, clones, pickles: same bits"):
        expected = fitted_parameters(model) + answers(model, problem.X)
        for twin in (
            quietly(lambda: run(clone(model), problem)),
            pickle.loads(pickle.dumps(model)),
        ):
            assert same_bits(fitted_parameters(twin) + answers(twin, problem.X), expected)
            curves = [repr(getattr(each, "loss_curve_", None)) for each in (twin, model)]
            assert curves[0] == curves[1]  # as text, because nan differs from itself
        if problem.history == "fit" and not model.warm_start:
            quietly(lambda: run(model, problem))
            assert same_bits(fitted_parameters(model) + answers(model, problem.X), expected)


# -- examples --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS[:3], ids=lambda kind: kind.__name__)
def test_a_thousand_classes_can_be_predicted(kind):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(2000) % 1000)
    X = (y[:, np.newaxis] >> np.arange(10)) % 2 + 0.01 * rng.normal(size=(2000, 10))
    model = quietly(lambda: kind(max_iter=1, random_state=0).fit(X, y))
    check_sound(model, X)
    best = model.decision_function(X).argmax(axis=1)
    np.testing.assert_array_equal(model.predict(X), np.arange(1000)[best])


@pytest.mark.parametrize(
    "model",
    [PerceptronClassifier(), SigmoidNeuronClassifier(solver="adam"), MLPClassifier()],
    ids=lambda model: type(model).__name__,
)
def test_an_empty_list_of_classes_is_refused(model):
    assert refusal_of(lambda: model.partial_fit(X4, Y4, classes=[])) is not None


@pytest.mark.parametrize(
    "model",
    [PerceptronClassifier(), SigmoidNeuronClassifier(solver="adam"), MLPClassifier()],
    ids=lambda model: type(model).__name__,
)
def test_labels_of_another_kind_than_the_classes_are_unknown_labels(model):
    words = np.array([*"abab"], dtype=object)
    refusal = refusal_of(lambda: model.partial_fit(X4, words, classes=[0, 1]))
    assert "not among the classes" in str(refusal)


def test_a_scorer_that_the_estimator_does_not_support_is_refused_by_name():
    model = MLPRegressor(hidden_layer_sizes=3, scoring="neg_log_loss", max_iter=2)
    assert "scoring" in str(refusal_of(lambda: model.fit(X4, Y4, X_val=X4, y_val=Y4)))


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (MLPClassifier(3, max_iter=2), "alpha", 10**400),
        (MLPClassifier(3, max_iter=2), "tol", 10**400),
        (SigmoidNeuronClassifier(solver="gd"), "alpha", 10**400),
        (MLPClassifier(3, max_iter=2), "dropout", np.array(3)),
    ],
    ids=["alpha", "tol", "alpha of a neuron", "dropout"],
)
def test_numbers_that_do_not_fit_into_a_float_are_refused_by_name(model, name, value):
    assert name in str(refusal_of(lambda: model.set_params(**{name: value}).fit(X4, Y4)))
