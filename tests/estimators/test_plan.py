"""The plan of a fitted network stays as it was in fit."""

import numpy as np
import pytest

from sknn_edu.core.beyond.number_embedding import Waves
from tests.table_options import OPTIONS, SETTLED, fitted, numbers_and_levels


@SETTLED
def test_a_parameter_changed_after_fit_does_not_change_the_embedding():
    network, X = fitted(OPTIONS["pbld"])
    before = network.predict(X)
    np.testing.assert_array_equal(network.set_params(number_embedding=None).predict(X), before)


@SETTLED
def test_a_warm_start_with_another_structure_is_refused():
    network, X = fitted(OPTIONS["scale"], warm_start=True)
    _, y = numbers_and_levels()
    with pytest.raises(ValueError, match=r"Restore them, or start over"):
        network.set_params(feature_scale=False).fit(X, y)
    network.set_params(feature_scale=True).fit(X, y)


@SETTLED
def test_a_named_embedding_and_a_numpy_boolean_equal_their_values():
    network, X = fitted({"number_embedding": "pbld", "feature_scale": np.True_})
    _, y = numbers_and_levels()
    network.set_params(number_embedding=Waves(), feature_scale=True, warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="Restore them, or start over"):
        network.set_params(number_embedding=Waves(n_waves=3)).fit(X, y)
