"""The default methods of LearnedInputs."""

import numpy as np

from sknn_edu.core.beyond.learned_inputs import LearnedInputs
from sknn_edu.core.network import ParameterSpec


class Idle(LearnedInputs):
    """Inputs with a learned array that they do not use."""

    def specs(self, n_inputs):
        return n_inputs, [ParameterSpec("idle", (2,))]


def test_the_defaults_change_neither_features_nor_weights():
    X, W, learned = np.ones((2, 3)), np.ones((3, 4)), [np.zeros(2)]
    idle = Idle()
    idle.initialize(np.random.RandomState(0), learned)
    np.testing.assert_array_equal(learned[0], 0)
    assert idle.learned_inputs(X, learned) is idle.transform(X, learned) is X
    assert idle.decompose(W, learned) is idle.compose(W, learned) is W
    assert idle.chain_rule(X, learned, W) is W
