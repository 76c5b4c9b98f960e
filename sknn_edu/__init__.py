"""Neural networks for scikit-learn that you can read.

Four estimators, in NumPy: a perceptron, a sigmoid neuron, and multi-layer perceptrons for
classification and regression. The mathematics is in :mod:`sknn_edu.core`, a chapter a file.
"""

from sknn_edu._mlp import MLPClassifier, MLPRegressor
from sknn_edu._perceptron import PerceptronClassifier
from sknn_edu._sigmoid_neuron import SigmoidNeuronClassifier

__version__ = "0.1.0"
__all__ = [
    "MLPClassifier",
    "MLPRegressor",
    "PerceptronClassifier",
    "SigmoidNeuronClassifier",
]
