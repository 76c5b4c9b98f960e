"""The options of networks that are meant for tables."""

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknn_edu import RECIPES, Checkpoint, MLPRegressor
from sknn_edu.inspection import check_gradient
from tests.table_options import (
    DTYPES,
    EACH_OPTION,
    NETWORK,
    OPTIONS,
    SETTLED,
    fitted,
    numbers_and_levels,
)


@SETTLED
class TestEachOption:
    @DTYPES
    @EACH_OPTION
    @pytest.mark.parametrize("kind", RECIPES)
    def test_training_uses_the_dtype_of_X_and_is_reproducible(self, options, dtype, kind):
        network, X = fitted(options, dtype, kind)
        repeated, _ = fitted(options, dtype, kind)
        assert network.predict(X[:2]).shape == (2,)
        assert all(W.dtype == dtype for W in network.coefs_)
        assert network.loss_curve_[-1] < network.loss_curve_[0]
        assert network.loss_curve_ == repeated.loss_curve_
        np.testing.assert_array_equal(network._output_sums(X), repeated._output_sums(X))
        copied = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(copied._output_sums(X), network._output_sums(X))

    @EACH_OPTION
    def test_the_gradient_is_right_before_and_after_fit(self, options):
        options = {**options, "early_stopping": False}
        network, X = fitted(options)
        _, y = numbers_and_levels()
        smooth = {"activation": ["parametric_mish", "tanh"]} if "activation" in options else {}
        fresh = MLPRegressor(**{**NETWORK, **options, "init": "glorot", **smooth})
        assert check_gradient(fresh, X, y).error < 1e-5
        assert check_gradient(network, X, y).error < 1e-5

    @EACH_OPTION
    def test_the_loss_curve_is_the_loss_of_the_predictions(self, options):
        network, X = fitted(options, early_stopping=False, dropout=0.0, weight_decay=0.0)
        _, y = numbers_and_levels()
        before = network._output_sums(X)[:, 0]
        more = copy.deepcopy(network).set_params(max_iter=1, batch_size=80, warm_start=True)
        more.fit(X, y)
        penalty = network.alpha / (2 * len(X)) * sum((W**2).sum() for W in network.coefs_)
        loss = 0.5 * ((before - y) ** 2).mean()
        is_plain = network.feature_scale_ is None and not network.category_vectors_
        if is_plain:  # otherwise the penalty is on the factored weights
            loss += penalty
        assert more.loss_curve_[-1] == pytest.approx(loss, rel=1e-9 if is_plain else 1e-3)

    @EACH_OPTION
    def test_partial_fit_continues_where_it_stopped(self, options):
        X, y = numbers_and_levels()
        options = {**options, "early_stopping": False, "max_iter": 3, "batch_size": 80}
        whole = MLPRegressor(**{**NETWORK, **options}).fit(X, y)
        parts = MLPRegressor(**{**NETWORK, **options})
        for _ in range(3):
            parts.partial_fit(X, y)
        np.testing.assert_allclose(parts.predict(X), whole.predict(X), rtol=1e-6, atol=1e-8)

    @EACH_OPTION
    def test_input_gradients_are_slopes_of_the_prediction(self, options):
        network, X = fitted(options)
        slopes, h = network.input_gradient(X), 1e-6
        for j in (0, 1, 3, 6):
            step = h * (np.arange(7) == j)
            rise = (network.predict(X + step) - network.predict(X - step)) / (2 * h)
            np.testing.assert_allclose(slopes[:, j], rise, rtol=1e-4, atol=1e-6)

    @EACH_OPTION
    def test_hidden_activations_lead_to_the_prediction(self, options):
        network, X = fitted(options)
        a = network.hidden_activations(X)
        z = a @ network.coefs_[-1] + network.intercepts_[-1]
        np.testing.assert_allclose(z[:, 0], network.predict(X), rtol=1e-10)

    @EACH_OPTION
    def test_a_fit_continued_from_a_checkpoint_ends_with_the_same_bits(self, options, tmp_path):
        pytest.importorskip("sklearn.callback")
        X, y = numbers_and_levels()

        class Crash(Checkpoint):
            def on_fit_task_end(self, estimator, context, **kwargs):
                super().on_fit_task_end(estimator, context, **kwargs)
                if len(self.seen) == 4:
                    raise RuntimeError("crash")
                self.seen.append(1)

        checkpoint = Crash(tmp_path / "fit")
        checkpoint.seen = []
        parameters = {**NETWORK, **options, "warm_start": True}
        whole = MLPRegressor(**parameters).fit(X, y)
        broken = MLPRegressor(**parameters).set_callbacks(checkpoint)
        with pytest.raises(RuntimeError, match="crash"):
            broken.fit(X, y)
        resumed = Checkpoint(tmp_path / "fit").restore(MLPRegressor(**parameters))
        resumed.predict(X)
        resumed.fit(X, y)
        assert resumed.loss_curve_ == whole.loss_curve_
        np.testing.assert_array_equal(resumed.predict(X), whole.predict(X))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parametrization": "tangent"}, "'parametrization' parameter"),
        ({"number_embedding": "waves"}, "'number_embedding' parameter"),
        ({"category_embedding": 0}, "'category_embedding' parameter"),
        ({"regularization_schedule": "adaptive"}, "'regularization_schedule' parameter"),
        ({"regularization_schedule": lambda _: 2.0}, "a factor from 0 to 1"),
        ({"early_stopping": "best"}, "'early_stopping' parameter"),
        ({"category_embedding": True}, "category_embedding must be a number of dimensions"),
        ({"regularization_schedule": lambda p: 2.0 * (p == 0.37)}, "for 0.37 it returned 2.0"),
        ({"learning_rate": lambda p: 1 - 2 * p}, "a finite factor of at least 0"),
        ({"solver": "lbfgs", "regularization_schedule": "cosine"}, "has no meaning for"),
    ],
)
def test_errors_name_the_wrong_option(wrong, message):
    with pytest.raises(ValueError, match=message):
        fitted(wrong)


# -- the options with L-BFGS -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scale", "pbld", "categories", "parametric", "data"])
@SETTLED
def test_lbfgs_trains_with_the_option(name):
    network, _ = fitted(OPTIONS[name], solver="lbfgs", max_iter=100)
    assert network.loss_ < 0.05


def test_lbfgs_refuses_the_neural_tangent_parametrization():
    with pytest.raises(ValueError, match="parametrization='ntk' has no meaning"):
        fitted(OPTIONS["ntk"], solver="lbfgs")


# -- sparse and extreme samples --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pbld", "categories"])
def test_embeddings_need_dense_samples(name):
    X, y = numbers_and_levels()
    with pytest.raises(TypeError, match="needs dense samples"):
        MLPRegressor(**NETWORK, **OPTIONS[name]).fit(csr_array(X), y)


@SETTLED
@pytest.mark.parametrize("name", ["pbld", "categories"])
def test_fitted_embeddings_need_dense_samples_to_learn_and_number_embeddings_to_predict(name):
    network, X = fitted(OPTIONS[name])
    _, y = numbers_and_levels()
    with pytest.raises(TypeError, match="needs dense samples"):
        network.partial_fit(csr_array(X), y)
    if name == "pbld":
        with pytest.raises(TypeError, match="number_embedding needs dense samples"):
            network.predict(csr_array(X))
    else:  # category vectors are multiplied into coefs_ after training
        np.testing.assert_allclose(network.predict(csr_array(X)), network.predict(X), rtol=1e-9)


@SETTLED
def test_feature_scale_works_on_sparse_samples():
    X, y = numbers_and_levels()
    dense = MLPRegressor(**NETWORK, feature_scale=True, parametrization="ntk").fit(X, y)
    sparse = clone(dense).fit(csr_array(X), y)
    np.testing.assert_allclose(sparse.predict(csr_array(X)), dense.predict(X), rtol=1e-8)


@SETTLED
def test_huge_embedded_numbers_give_no_warning():
    network, X = fitted(OPTIONS["pbld"], "float32")
    network.predict(np.full_like(X, 1e37))


# -- continued training ----------------------------------------------------------------------------


@SETTLED
def test_training_continues_from_assigned_weights():
    network, X = fitted(OPTIONS["scale"])
    _, y = numbers_and_levels()
    network.coefs_[0] = 0 * network.coefs_[0]
    network.set_params(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(network.coefs_[0], 0, atol=1e-10)


@SETTLED
@DTYPES
@pytest.mark.parametrize("name", ["scale", "categories"])
def test_assigned_weights_that_factored_weights_cannot_represent_are_refused(name, dtype):
    network, X = fitted(OPTIONS[name], dtype)
    _, y = numbers_and_levels()
    network.partial_fit(X, y)
    if name == "scale":
        network.feature_scale_[3] = 0
    network.coefs_[0] = np.random.default_rng(0).normal(size=network.coefs_[0].shape).astype(dtype)
    with pytest.raises(ValueError, match=r"coefs_\[0\] was replaced by weights"):
        network.partial_fit(X, y)


@SETTLED
@pytest.mark.parametrize("later", ["parametric_selu", ["tanh", "parametric_relu"], "relu"])
@pytest.mark.parametrize("before", ["selu", "parametric_selu"])
def test_an_activation_may_become_parametric_when_training_continues(before, later):
    # the slope starts at 1, which makes the parametric activation equal to the plain one
    network, X = fitted({"activation": before, "learning_rate_init": 1e-12})
    _, y = numbers_and_levels()
    names = [later, later] if isinstance(later, str) else later
    plain = [g.removeprefix("parametric_") for g in names]
    expected = copy.deepcopy(network).set_params(activation=plain).partial_fit(X, y)
    unchanged = network.predict(X)
    network.set_params(activation=later)
    np.testing.assert_array_equal(network.predict(X), unchanged)  # until training continues
    network.partial_fit(X, y)
    np.testing.assert_allclose(network.predict(X), expected.predict(X), rtol=1e-8)
    np.testing.assert_allclose(
        network.input_gradient(X), expected.input_gradient(X), rtol=1e-6, atol=1e-9
    )


@SETTLED
@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"number_embedding": "pbld"}, {"number_embedding": None}),
        ({}, {"number_embedding": "pbld"}),
        ({"category_embedding": 2}, {"category_embedding": None}),
        ({"feature_scale": True}, {"feature_scale": False}),
    ],
)
def test_an_option_that_changes_before_training_continues_is_refused(options, changed):
    network, X = fitted(options)
    _, y = numbers_and_levels()
    network.set_params(**changed, warm_start=True)
    for train in (network.fit, network.partial_fit):
        with pytest.raises(ValueError, match=r"continue with the same network.*Restore them"):
            train(X, y)


def set_by_hand(**options):
    network = MLPRegressor(hidden_layer_sizes=3, warm_start=True, max_iter=3, **options)
    rng = np.random.default_rng(0)
    network.coefs_ = [rng.normal(size=(2, 3)), rng.normal(size=(3, 1))]
    network.intercepts_ = [np.zeros(3), np.zeros(1)]
    return network


@SETTLED
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_training_continues_from_weights_set_by_hand(solver):
    X = np.random.default_rng(0).normal(size=(30, 2))
    networks = [
        set_by_hand(activation=g, solver=solver, learning_rate_init=1e-12)
        for g in ("relu", "parametric_relu")
    ]
    predictions = [network.fit(X, X[:, 0]).predict(X) for network in networks]
    if solver == "adam":
        np.testing.assert_allclose(*predictions, rtol=1e-8, atol=1e-9)
    with pytest.raises(ValueError, match="set by hand have no feature scales"):
        set_by_hand(feature_scale=True, solver=solver).fit(X, X[:, 0])


def test_weights_set_by_hand_are_not_inspected_as_if_they_were_random():
    with pytest.raises(NotFittedError):
        check_gradient(set_by_hand(), np.ones((4, 2)), np.arange(4.0))
