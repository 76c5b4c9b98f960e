"""Look inside a neuron or a network: its numbers on a blackboard, its gradient, its pictures.

Nothing here is needed to train; the pictures need the extra ``plot``.
"""

from sknn_edu.inspection._displays import (
    ActivationDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    WeightsDisplay,
)
from sknn_edu.inspection._gradient import GradientCheck, check_gradient
from sknn_edu.inspection._replay import TrainingReplay
from sknn_edu.inspection._trace import LayerTrace, Trace, trace

__all__ = [
    "ActivationDisplay",
    "GradientCheck",
    "LayerTrace",
    "LossCurveDisplay",
    "NetworkDisplay",
    "Trace",
    "TrainingReplay",
    "WeightsDisplay",
    "check_gradient",
    "trace",
]
