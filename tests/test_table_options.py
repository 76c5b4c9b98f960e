"""The options of the networks that a table is learned with, each alone."""

import copy
import pickle

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.datasets import load_iris

from sknn_edu import (
    RECIPES,
    Checkpoint,
    MLPClassifier,
    MLPRegressor,
)
from sknn_edu.core.embeddings import Waves
from sknn_edu.core.network import Pass
from sknn_edu.core.parametrization import NTK
from sknn_edu.inspection import NetworkDisplay, check_gradient, trace
from sknn_edu.inspection._problem import problem

DTYPES = pytest.mark.parametrize("dtype", ["float32", "float64"])
SETTLED = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OPTIONS = {
    "ntk": {"parametrization": "ntk"},
    "ntk of one's own": {"parametrization": NTK},
    "scale": {"feature_scale": True},
    "pbld": {"number_embedding": "pbld"},
    "periodic": {"number_embedding": "periodic"},
    "waves": {"number_embedding": Waves(n_waves=4, sigma=1.0)},
    "categories": {"category_embedding": 2},
    "parametric": {"activation": ["parametric_selu", "tanh"]},
    "data": {"init": "data_driven"},
    "schedule": {"dropout": 0.3, "weight_decay": 0.1, "regularization_schedule": "flat_cosine"},
    "coslog4": {"learning_rate": "coslog4"},
    "last_best": {"early_stopping": "last_best"},
}
OPTIONS["all"] = {name: value for some in OPTIONS.values() for name, value in some.items()}
OPTIONS["all"] |= {"number_embedding": "pbld", "learning_rate_init": 0.01}
EACH_OPTION = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
NETWORK = {"hidden_layer_sizes": (9, 7), "max_iter": 8, "batch_size": 20, "random_state": 0}


def numbers_and_levels(dtype="float64", n=80):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 7))
    X[:, 2:6] = np.eye(4)[rng.integers(4, size=n)]
    return X.astype(dtype), X[:, 0] + X[:, 2] - X[:, 3] + 0.5 * np.sin(3 * X[:, 1])


def fitted(options, dtype="float64", kind="regressor", **more):
    X, y = numbers_and_levels(dtype)
    network = MLPRegressor() if kind == "regressor" else MLPClassifier()
    network.set_params(**{**NETWORK, **options, **more})
    return network.fit(X, y if kind == "regressor" else np.digitize(y, [-0.5, 0.5])), X


@SETTLED
class TestEachOption:
    @DTYPES
    @EACH_OPTION
    @pytest.mark.parametrize("kind", RECIPES)
    def test_it_trains_in_the_dtype_of_x_and_repeats(self, options, dtype, kind):
        network, X = fitted(options, dtype, kind)
        again, _ = fitted(options, dtype, kind)
        assert network.predict(X[:2]).shape == (2,)
        assert all(W.dtype == dtype for W in network.coefs_)
        assert network.loss_curve_[-1] < network.loss_curve_[0]
        assert network.loss_curve_ == again.loss_curve_
        np.testing.assert_array_equal(network._output_sums(X), again._output_sums(X))
        copied = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(copied._output_sums(X), network._output_sums(X))

    @EACH_OPTION
    def test_its_gradient_is_right_fresh_and_fitted(self, options):
        options = {**options, "early_stopping": False}
        network, X = fitted(options)
        _, y = numbers_and_levels()
        smooth = {"activation": ["parametric_mish", "tanh"]} if "activation" in options else {}
        fresh = MLPRegressor(**{**NETWORK, **options, "init": "glorot", **smooth})
        assert check_gradient(fresh, X, y).error < 1e-5
        assert check_gradient(network, X, y).error < 1e-5

    @EACH_OPTION
    def test_the_curves_belong_to_the_answers(self, options):
        network, X = fitted(options, early_stopping=False, dropout=0.0, weight_decay=0.0)
        _, y = numbers_and_levels()
        before = network._output_sums(X)[:, 0]
        more = copy.deepcopy(network).set_params(max_iter=1, batch_size=80, warm_start=True)
        more.fit(X, y)
        penalty = network.alpha / (2 * len(X)) * sum((W**2).sum() for W in network.coefs_)
        loss = 0.5 * ((before - y) ** 2).mean()
        is_plain = network.feature_scale_ is None and not network.category_vectors_
        if is_plain:  # else the penalty is on the factors
            loss += penalty
        assert more.loss_curve_[-1] == pytest.approx(loss, rel=1e-9 if is_plain else 1e-3)

    @EACH_OPTION
    def test_partial_fit_goes_on_where_it_stopped(self, options):
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
    def test_hidden_activations_lead_to_the_answer(self, options):
        network, X = fitted(options)
        a = network.hidden_activations(X)
        z = a @ network.coefs_[-1] + network.intercepts_[-1]
        np.testing.assert_allclose(z[:, 0], network.predict(X), rtol=1e-10)

    @EACH_OPTION
    def test_a_fit_goes_on_from_a_checkpoint_with_the_same_bits(self, options, tmp_path):
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


@SETTLED
def test_a_blackboard_of_embedded_numbers_and_bends_shows_the_gradient():
    X, y = numbers_and_levels(n=5)
    options = {"number_embedding": "pbld", "activation": ["parametric_mish", "parametric_relu"]}
    network = MLPRegressor(hidden_layer_sizes=(9, 7), alpha=0.0, learning_rate_init=0.1, **options)
    network.fit(X, y)
    assert np.ptp(network.activation_bends_[0]) > 0
    board = trace(network, X, y)
    np.testing.assert_allclose(board.layers[-1].a[0], network.predict(X), rtol=1e-10)
    checked, parameters, samples, _ = problem(network, X, y)
    gradient = checked.parameters(float)
    work = Pass(checked, parameters, gradient, samples.n)
    work.forward(samples.X)
    work.backward(samples.X, samples.y, work.share)
    for layer, dW in zip(board.layers, gradient.weights, strict=True):
        np.testing.assert_allclose(layer.dW, dW, atol=1e-12)


@SETTLED
def test_a_blackboard_of_factors_is_refused():
    network, X = fitted(OPTIONS["scale"])
    with pytest.raises(ValueError, match="set feature_scale=False"):
        trace(network, X[:3], [1.0, 2.0, 3.0])


@SETTLED
def test_networks_of_every_option_can_be_drawn():
    network, X = fitted(OPTIONS["all"])
    display = NetworkDisplay.from_estimator(network, x=X[0])
    assert len(display.answers[-1]) == 1
    np.testing.assert_allclose(display.answers[-1], network.predict(X[:1]))


@SETTLED
def test_a_parameter_changed_after_fit_does_not_change_the_embedding():
    network, X = fitted(OPTIONS["pbld"])
    before = network.predict(X)
    np.testing.assert_array_equal(network.set_params(number_embedding=None).predict(X), before)


@pytest.mark.parametrize("name", ["scale", "pbld", "categories", "parametric", "data"])
@SETTLED
def test_lbfgs_learns_these_too(name):
    network, _ = fitted(OPTIONS[name], solver="lbfgs", max_iter=100)
    assert network.loss_ < 0.05


@SETTLED
def test_lbfgs_goes_on_over_plateaus_and_keeps_the_last_of_the_best():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(solver="lbfgs", random_state=0, max_iter=60, n_iter_no_change=2, tol=1e-9)
    stops = clone(mlp).set_params(early_stopping=True).fit(X, y)
    goes_on = mlp.set_params(early_stopping="last_best").fit(X, y)
    assert goes_on.n_iter_ > stops.n_iter_
    scores = np.array(goes_on.validation_scores_)
    assert goes_on.best_epoch_ == 1 + np.flatnonzero(scores == scores.max())[-1]
    assert goes_on.best_epoch_ > stops.best_epoch_


@SETTLED
def test_last_best_leaves_samples_to_train_on():
    X, y = numbers_and_levels(n=10)
    mlp = MLPRegressor(early_stopping="last_best", validation_fraction=0.99, max_iter=2)
    mlp.fit(X, y)
    assert mlp.t_ == 2 * 2
    with pytest.raises(ValueError, match="does not support early_stopping='last_best' after fit"):
        mlp.partial_fit(X, y)


def test_lbfgs_has_no_neural_tangent_units():
    with pytest.raises(ValueError, match="parametrization='ntk' has no meaning"):
        fitted(OPTIONS["ntk"], solver="lbfgs")


@pytest.mark.parametrize("name", ["pbld", "categories"])
def test_embeddings_need_dense_samples(name):
    X, y = numbers_and_levels()
    with pytest.raises(TypeError, match="needs dense samples"):
        MLPRegressor(**NETWORK, **OPTIONS[name]).fit(csr_array(X), y)


@SETTLED
def test_sparse_features_have_scales_too():
    X, y = numbers_and_levels()
    dense = MLPRegressor(**NETWORK, feature_scale=True, parametrization="ntk").fit(X, y)
    sparse = clone(dense).fit(csr_array(X), y)
    np.testing.assert_allclose(sparse.predict(csr_array(X)), dense.predict(X), rtol=1e-8)


@SETTLED
def test_a_network_of_another_structure_is_not_continued():
    network, X = fitted(OPTIONS["scale"], warm_start=True)
    _, y = numbers_and_levels()
    with pytest.raises(ValueError, match=r"Restore them, or start anew"):
        network.set_params(feature_scale=False).fit(X, y)
    network.set_params(feature_scale=True).fit(X, y)


@SETTLED
def test_weights_put_in_their_place_are_what_training_goes_on_from():
    network, X = fitted(OPTIONS["scale"])
    _, y = numbers_and_levels()
    network.coefs_[0] = 0 * network.coefs_[0]
    network.set_params(learning_rate_init=1e-12).partial_fit(X, y)
    np.testing.assert_allclose(network.coefs_[0], 0, atol=1e-10)


@SETTLED
@DTYPES
@pytest.mark.parametrize("name", ["scale", "categories"])
def test_weights_that_the_factors_cannot_make_are_not_silently_changed(name, dtype):
    network, X = fitted(OPTIONS[name], dtype)
    _, y = numbers_and_levels()
    network.partial_fit(X, y)
    if name == "scale":
        network.feature_scale_[3] = 0
    network.coefs_[0] = np.random.default_rng(0).normal(size=network.coefs_[0].shape).astype(dtype)
    with pytest.raises(ValueError, match=r"coefs_\[0\] has been replaced by weights"):
        network.partial_fit(X, y)


@SETTLED
@pytest.mark.parametrize("later", ["parametric_selu", ["tanh", "parametric_relu"], "relu"])
@pytest.mark.parametrize("before", ["selu", "parametric_selu"])
def test_an_activation_that_bends_may_come_after_fit(before, later):
    # a bend starts with 1, where the plain activation is what it was
    network, X = fitted({"activation": before, "learning_rate_init": 1e-12})
    _, y = numbers_and_levels()
    each = [later, later] if isinstance(later, str) else later
    plain = [g.removeprefix("parametric_") for g in each]
    expected = copy.deepcopy(network).set_params(activation=plain)
    network.set_params(activation=later)
    for step in range(2):
        np.testing.assert_allclose(network.predict(X), expected.predict(X), rtol=1e-8)
        np.testing.assert_allclose(
            network.input_gradient(X), expected.input_gradient(X), rtol=1e-6, atol=1e-9
        )
        if step == 0:
            network.partial_fit(X, y)


@SETTLED
@DTYPES
def test_outputs_are_clipped_to_the_range_of_the_targets(dtype):
    X, y = numbers_and_levels(dtype)
    weight = np.where(np.abs(y) < 1, 1.0, 0.0)
    low, high = y[weight > 0].min(), y[weight > 0].max()
    network = MLPRegressor(learning_rate_init=0.05, random_state=0).fit(X, y, weight)
    np.testing.assert_array_equal(network.target_range_, [[low], [high]])
    assert network.predict(100 * X).max() > high
    clipped = network.set_params(clip_output=True).predict(100 * X)
    np.testing.assert_allclose([clipped.min(), clipped.max()], [low, high], rtol=1e-6)
    network.partial_fit(X[:1], [100.0])
    np.testing.assert_array_equal(network.target_range_, [[low], [100]])
    network.fit(X, y)
    np.testing.assert_array_equal(network.target_range_, [[y.min()], [y.max()]])


@SETTLED
def test_names_of_waves_and_booleans_of_numpy_are_what_they_stand_for():
    network, X = fitted({"number_embedding": "pbld", "feature_scale": np.True_})
    _, y = numbers_and_levels()
    network.set_params(number_embedding=Waves(), feature_scale=True, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="Restore them, or start anew"):
        network.set_params(number_embedding=Waves(n_waves=3)).fit(X, y)


@SETTLED
def test_embedded_numbers_far_out_give_no_warning():
    network, X = fitted(OPTIONS["pbld"], "float32")
    network.predict(np.full_like(X, 1e37))


@SETTLED
@pytest.mark.parametrize("name", ["pbld", "categories"])
def test_sparse_samples_are_refused_wherever_dense_ones_are_needed(name):
    network, X = fitted(OPTIONS[name])
    _, y = numbers_and_levels()
    with pytest.raises(TypeError, match="needs dense samples"):
        network.partial_fit(csr_array(X), y)
    if name == "pbld":
        with pytest.raises(TypeError, match="number_embedding needs dense samples"):
            network.predict(csr_array(X))
    else:  # vectors of categories are multiplied out
        np.testing.assert_allclose(network.predict(csr_array(X)), network.predict(X), rtol=1e-9)


@SETTLED
def test_of_epochs_that_score_alike_the_last_is_the_best():
    X, y = load_iris(return_X_y=True)
    mlp = MLPClassifier(random_state=0, max_iter=60, learning_rate_init=0.01)
    last = mlp.set_params(early_stopping="last_best").fit(X, y)
    assert last.n_iter_ == 60
    scores = np.array(last.validation_scores_)
    assert last.best_epoch_ == 1 + np.flatnonzero(scores == scores.max())[-1]
    assert (scores == scores.max()).sum() > 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"parametrization": "tangent"}, "'parametrization' parameter"),
        ({"number_embedding": "waves"}, "'number_embedding' parameter"),
        ({"category_embedding": 0}, "'category_embedding' parameter"),
        ({"regularization_schedule": "adaptive"}, "'regularization_schedule' parameter"),
        ({"regularization_schedule": lambda _: 2.0}, "a factor from 0 to 1"),
        ({"early_stopping": "best"}, "'early_stopping' parameter"),
        ({"category_embedding": True}, "category_embedding must be the length of a vector"),
        ({"regularization_schedule": lambda p: 2.0 * (p == 0.37)}, "for 0.37 it returned 2.0"),
        ({"learning_rate": lambda p: 1 - 2 * p}, "a finite factor of at least 0"),
        ({"solver": "lbfgs", "regularization_schedule": "cosine"}, "has no meaning for"),
    ],
)
def test_wrong_options_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        fitted(wrong)
