"""Bad input gives a clear exception and does not change a fitted estimator."""

import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning

from sknn_edu import MLPClassifier, MLPRegressor, PerceptronClassifier, SigmoidNeuronClassifier
from tests.problems import explodes_at_half_time

X, Y = make_classification(60, 4, random_state=0)
ESTIMATORS = [
    PerceptronClassifier(random_state=0),
    SigmoidNeuronClassifier(solver="adam", max_iter=5, tol=1),
    MLPClassifier(5, max_iter=5, tol=1, random_state=0, n_iter_no_change=1),
    MLPRegressor(hidden_layer_sizes=5, max_iter=5, tol=1, random_state=0, n_iter_no_change=1),
]
named = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
NAN = np.where(np.arange(240).reshape(60, 4) == 7, np.nan, X)


@named
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("samples", "targets", "message"),
    [
        (NAN, Y, "NaN"),
        (np.where(np.isnan(NAN), np.inf, NAN), Y, "infinity"),
        (X[:, 0], Y, "2D array"),
        (X, Y[:-1], "inconsistent numbers of samples"),
        (X[:0], Y[:0], "0 sample"),
        (X[:, :0], Y, "0 feature"),
        (np.full((60, 4), "wide"), Y, "could not convert|str"),
        (X + 1j, Y, "Complex"),
    ],
    ids=["nan", "inf", "1d", "lengths", "no samples", "no features", "strings", "complex"],
)
def test_bad_data_does_not_change_a_fitted_estimator(estimator, method, samples, targets, message):
    fitted = clone(estimator).partial_fit(X, Y, **classes_of(estimator))
    before = joblib.hash(vars(fitted))
    with pytest.raises(ValueError, match=message):
        getattr(fitted, method)(samples, targets)
    assert joblib.hash(vars(fitted)) == before
    twin = clone(estimator).partial_fit(X, Y, **classes_of(estimator)).partial_fit(X, Y)
    np.testing.assert_array_equal(fitted.partial_fit(X, Y).predict(X), twin.predict(X))


def classes_of(estimator):
    return {} if isinstance(estimator, MLPRegressor) else {"classes": [0, 1]}


@named
def test_an_unfitted_estimator_stays_unfitted_when_its_fit_fails(estimator):
    fresh = clone(estimator)
    with pytest.raises(ValueError, match="NaN"):
        fresh.fit(NAN, Y)
    assert not [name for name in vars(fresh) if name.endswith("_")]


@pytest.mark.parametrize("estimator", ESTIMATORS[1:], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(60), "zero"),
        (-np.ones(60), "[Nn]egative"),
        (np.full(60, np.nan), "NaN"),
        (np.ones(59), "sample_weight"),
        (np.ones((60, 2)), "1D"),
        (np.full(60, 1e308), "finite"),
    ],
    ids=["zero", "negative", "nan", "short", "2d", "huge"],
)
def test_bad_weights_are_refused(estimator, weight, message):
    with pytest.raises(ValueError, match=message):
        clone(estimator).fit(X, Y, sample_weight=weight)


@pytest.mark.parametrize("estimator", ESTIMATORS[:2], ids=lambda e: type(e).__name__)
def test_one_class_is_too_few_for_a_neuron(estimator):
    with pytest.raises(ValueError, match="at least 2 classes"):
        clone(estimator).fit(X, np.zeros(60))


def test_a_network_of_one_class_always_predicts_it():
    model = MLPClassifier(4, max_iter=3, tol=1, n_iter_no_change=1).fit(X, np.full(60, "only"))
    assert set(model.predict(X)) == {"only"}
    assert model.predict_proba(X).shape == (60, 1)
    assert model.score(X, np.full(60, "only")) == 1


@pytest.mark.parametrize("estimator", ESTIMATORS[:3], ids=lambda e: type(e).__name__)
def test_partial_fit_refuses_unknown_labels_and_missing_classes(estimator):
    with pytest.raises(ValueError, match="classes must be passed"):
        clone(estimator).partial_fit(X, Y)
    fitted = clone(estimator).partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"not among the classes.*\[2\]"):
        fitted.partial_fit(X, np.where(Y, 2, 0))
    with pytest.raises(ValueError, match="differs from the classes"):
        fitted.partial_fit(X, Y, classes=[0, 1, 2])


@pytest.mark.parametrize("estimator", ESTIMATORS[:3], ids=lambda e: type(e).__name__)
def test_real_numbers_are_refused_as_class_labels(estimator):
    with pytest.raises(ValueError, match="Unknown label type"):
        clone(estimator).fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("estimator", "parameters"),
    [
        (MLPClassifier(), {"hidden_layer_sizes": -1}),
        (MLPClassifier(), {"hidden_layer_sizes": (10, 0)}),
        (MLPClassifier(), {"hidden_layer_sizes": (10.5,)}),
        (MLPClassifier(), {"hidden_layer_sizes": "ten"}),
        (MLPClassifier(), {"hidden_layer_sizes": (True,)}),
        (MLPClassifier(), {"activation": "swoosh"}),
        (MLPClassifier(), {"solver": "newton"}),
        (MLPClassifier(), {"alpha": -1}),
        (MLPClassifier(), {"batch_size": 0}),
        (MLPClassifier(), {"batch_size": 2.5}),
        (MLPClassifier(), {"learning_rate": "fast"}),
        (MLPClassifier(), {"learning_rate_init": 0}),
        (MLPClassifier(), {"max_iter": 0}),
        (MLPClassifier(), {"shuffle": "yes"}),
        (MLPClassifier(), {"tol": -1}),
        (MLPClassifier(), {"momentum": 2}),
        (MLPClassifier(), {"beta_1": 1}),
        (MLPClassifier(), {"validation_fraction": 1}),
        (MLPClassifier(), {"random_state": "seed"}),
        (MLPClassifier(), {"dtype": "float16"}),
        (MLPRegressor(), {"loss": "absolute"}),
        (SigmoidNeuronClassifier(), {"loss": "hinge"}),
        (SigmoidNeuronClassifier(), {"solver": "newton"}),
        (SigmoidNeuronClassifier(), {"learning_rate_init": -1}),
        (PerceptronClassifier(), {"eta0": 0}),
        (PerceptronClassifier(), {"max_iter": 1.5}),
        (PerceptronClassifier(), {"class_weight": "heavy"}),
    ],
    ids=str,
)
def test_a_bad_parameter_is_named_in_fit_and_in_partial_fit(estimator, parameters):
    (name,) = parameters
    with pytest.raises(ValueError, match=name):
        clone(estimator).set_params(**parameters).fit(X, Y)
    if hasattr(estimator, "partial_fit") and name not in ("solver", "validation_fraction"):
        fitted = clone(estimator).partial_fit(X, Y, **classes_of(estimator))
        with pytest.raises(ValueError, match=name):
            fitted.set_params(**parameters).partial_fit(X, Y)


def test_layers_passed_as_the_loss_are_recognised():
    with pytest.raises(ValueError, match=r"did you mean MLPRegressor\(hidden_layer_sizes=\(50,\)"):
        MLPRegressor((50,)).fit(X, Y)


@pytest.mark.parametrize("class_weight", [{0: -1, 1: 1}, {0: np.inf, 1: 1}, {0: 0, 1: 0}], ids=str)
@pytest.mark.parametrize("estimator", ESTIMATORS[:2], ids=lambda e: type(e).__name__)
def test_class_weights_must_be_finite_and_not_negative(estimator, class_weight):
    with pytest.raises(ValueError, match="class_weight"):
        clone(estimator).set_params(class_weight=class_weight).fit(X, Y)


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_divergence_is_an_error_that_names_the_remedy(solver):
    model = MLPRegressor(
        solver=solver, activation="identity", learning_rate_init=1e3, max_iter=400, random_state=0
    )
    fitted = clone(model).set_params(solver="adam", learning_rate_init=1e-3, max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted.fit(X, Y)
    unscaled = X * (1e120 if solver == "sgd" else 1e160)
    fitted.set_params(solver=solver, learning_rate_init=1e3, max_iter=400)
    before = joblib.hash(vars(fitted))
    with pytest.raises(ValueError, match="scale the features"):
        fitted.fit(unscaled, Y)
    assert joblib.hash(vars(fitted)) == before


def test_divergence_under_early_stopping_keeps_the_best_epoch_and_warns():
    model = MLPRegressor(
        activation="identity",
        solver="sgd",
        learning_rate=explodes_at_half_time,
        learning_rate_init=0.01,
        max_iter=40,
        early_stopping=True,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match=r"diverged in epoch 2\d; the weights are those"):
        model.fit(X, Y)
    assert model.best_epoch_ <= 20
    assert model.score(X, Y) > 0.3


def test_divergence_without_a_useful_epoch_gives_a_warning():
    model = MLPRegressor(
        activation="identity",
        solver="sgd",
        learning_rate_init=1.0,
        early_stopping=True,
        random_state=0,
    )
    with pytest.warns(ConvergenceWarning, match="no earlier epoch gave a useful model"):
        model.fit(10 * X, Y)


def test_a_perceptron_that_overflows_raises_an_error():
    with pytest.raises(ValueError, match="Scale the features"):
        PerceptronClassifier(max_iter=50, eta0=1e10).fit(1e300 * X, Y[::-1])


def test_plain_gradient_descent_refuses_huge_features():
    with pytest.raises(ValueError, match="too large for any learning rate"):
        SigmoidNeuronClassifier(solver="gd").fit(1e200 * X, Y)


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.999])
def test_an_impossible_validation_fraction_is_refused_by_name(fraction):
    model = MLPClassifier(early_stopping=True, validation_fraction=fraction)
    with pytest.raises(ValueError, match="validation_fraction"):
        model.fit(X, Y)


def test_poisson_refuses_negative_targets():
    with pytest.raises(ValueError, match="y >= 0"):
        MLPRegressor("poisson").fit(X, X[:, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PerceptronClassifier.from_weights([[1, 2], [3, 4]]), "shape"),
        (
            lambda: PerceptronClassifier.from_weights([1, 2], threshold=[1, 2]),
            "one number per unit",
        ),
        (lambda: PerceptronClassifier.from_weights([1, np.nan]), "finite"),
        (lambda: PerceptronClassifier.from_weights([1, 2], classes=(0, 0)), "different labels"),
        (lambda: PerceptronClassifier.from_weights([1, 2], classes=(1, 0)), "sorted"),
        (lambda: PerceptronClassifier.from_weights([1, 2], eta0=-3), "eta0"),
        (lambda: SigmoidNeuronClassifier.from_weights([1, 2], classes=(0, 1, 2)), "shape"),
    ],
)
def test_weights_set_by_hand_are_checked(call, message):
    with pytest.raises(ValueError, match=message):
        call()
