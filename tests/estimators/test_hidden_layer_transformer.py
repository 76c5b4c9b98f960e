"""The activations of a hidden layer as features."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknn_edu import (
    AveragingClassifier,
    HiddenLayerTransformer,
    MLPClassifier,
    SigmoidNeuronClassifier,
)
from tests.problems import X, Y

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_hidden_layer_transformer_works_in_a_pipeline():
    network = MLPClassifier(7, max_iter=20, random_state=0)
    features = HiddenLayerTransformer(network).fit(X, Y)
    np.testing.assert_array_equal(features.transform(X), features.estimator_.hidden_activations(X))
    assert list(features.get_feature_names_out())[-1] == "hiddenlayertransformer6"
    model = make_pipeline(StandardScaler(), clone(features), SigmoidNeuronClassifier())
    assert cross_validate(model, X, Y, cv=3)["test_score"].mean() > 0.8
    trained = network.fit(X, Y)
    frozen = HiddenLayerTransformer(FrozenEstimator(trained)).fit(X, Y)
    np.testing.assert_array_equal(frozen.transform(X), trained.hidden_activations(X))
    with pytest.raises(TypeError, match="which have hidden layers"):
        HiddenLayerTransformer(StandardScaler()).fit(X, Y)


def test_hidden_layer_transformer_refuses_an_invalid_layer_before_training():
    with pytest.raises(ValueError, match="layer must be an int from -1 to 0"):
        HiddenLayerTransformer(MLPClassifier(5), layer=3).fit(X, Y)
    trained = MLPClassifier(5, max_iter=3, random_state=0).fit(X, Y)
    assert HiddenLayerTransformer(FrozenEstimator(trained)).fit(X).transform(X).shape == (150, 5)


def test_hidden_layer_transformer_refuses_networks_without_hidden_layer_before_training():
    average = AveragingClassifier(MLPClassifier())
    with pytest.raises(TypeError, match="must be an MLPClassifier or MLPRegressor"):
        HiddenLayerTransformer(average).fit(X, Y)
    with pytest.raises(ValueError, match="no hidden layers: set hidden_layer_sizes"):
        HiddenLayerTransformer(MLPClassifier(())).fit(X, Y)


def test_routed_weights_and_validation_sets_reach_the_network():
    weight = np.arange(150) % 3
    network = MLPClassifier(4, solver="lbfgs", max_iter=2000, random_state=0)
    expected = HiddenLayerTransformer(network).fit(X, Y, sample_weight=weight).transform(X)
    unweighted = HiddenLayerTransformer(network).fit(X, Y).transform(X)
    assert not np.array_equal(expected, unweighted)
    with config_context(enable_metadata_routing=True):
        last = LogisticRegression().set_fit_request(sample_weight=False)
        model = make_pipeline(HiddenLayerTransformer(network), last)
        model.fit(X, Y, sample_weight=weight, X_val=X, y_val=Y)
        np.testing.assert_array_equal(model[:-1].transform(X), expected)
        assert model[0].estimator_.validation_loss_curve_ is not None
