"""Look inside a neuron or a network: trace a training step, check gradients, draw pictures.

Training does not need this module. The pictures need the extra ``plot``.
"""

from sknn_edu.inspection.blackboard import AverageTrace, LayerTrace, ParameterTrace, Trace, trace
from sknn_edu.inspection.displays import (
    ActivationDisplay,
    LossCurveDisplay,
    NetworkDisplay,
    WeightsDisplay,
)
from sknn_edu.inspection.gradient_check import GradientCheck, check_gradient
from sknn_edu.inspection.playground import Playground
from sknn_edu.inspection.replay import TrainingReplay

__all__ = [
    "ActivationDisplay",
    "AverageTrace",
    "GradientCheck",
    "LayerTrace",
    "LossCurveDisplay",
    "NetworkDisplay",
    "ParameterTrace",
    "Playground",
    "Trace",
    "TrainingReplay",
    "WeightsDisplay",
    "check_gradient",
    "trace",
]
