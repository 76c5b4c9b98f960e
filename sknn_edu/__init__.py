"""Neural networks for scikit-learn that you can read.

Four estimators, in NumPy: a perceptron, a sigmoid neuron, and multi-layer perceptrons for
classification and regression. The mathematics is in :mod:`sknn_edu.core`, a chapter a file.
"""

from sknn_edu._averaging import AveragingClassifier, AveragingRegressor
from sknn_edu._callbacks import ValidationMonitor
from sknn_edu._checkpoint import Checkpoint
from sknn_edu._find_learning_rate import LearningRateSearch, find_learning_rate
from sknn_edu._hidden_layer_transformer import HiddenLayerTransformer
from sknn_edu._mlp_classifier import MLPClassifier
from sknn_edu._mlp_regressor import MLPRegressor
from sknn_edu._perceptron import PerceptronClassifier
from sknn_edu._sigmoid_neuron import SigmoidNeuronClassifier
from sknn_edu._tabular_pipeline import RECIPES, tabular_pipeline
from sknn_edu._tabular_preprocessor import TabularPreprocessor

__version__ = "0.1.0"
__all__ = [
    "RECIPES",
    "AveragingClassifier",
    "AveragingRegressor",
    "Checkpoint",
    "HiddenLayerTransformer",
    "LearningRateSearch",
    "MLPClassifier",
    "MLPRegressor",
    "PerceptronClassifier",
    "SigmoidNeuronClassifier",
    "TabularPreprocessor",
    "ValidationMonitor",
    "find_learning_rate",
    "tabular_pipeline",
]
