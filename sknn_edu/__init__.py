"""Neural networks for scikit-learn that you can read.

The package contains four estimators written in NumPy: a perceptron, a sigmoid neuron, and
multi-layer perceptrons for classification and regression. The mathematics is in
:mod:`sknn_edu.core`, one topic per file; start with :mod:`sknn_edu.core.one_page`.
"""

from sknn_edu.estimators.hidden_layer_transformer import HiddenLayerTransformer
from sknn_edu.estimators.learning_rate_finder import LearningRateSearch, find_learning_rate
from sknn_edu.estimators.mlp_classifier import MLPClassifier
from sknn_edu.estimators.mlp_regressor import MLPRegressor
from sknn_edu.estimators.perceptron_classifier import PerceptronClassifier
from sknn_edu.estimators.sigmoid_neuron_classifier import SigmoidNeuronClassifier
from sknn_edu.fitting.callbacks import ValidationMonitor
from sknn_edu.fitting.checkpoint import Checkpoint
from sknn_edu.tables.averaging import AveragingClassifier, AveragingRegressor
from sknn_edu.tables.pipeline import RECIPES, tabular_pipeline
from sknn_edu.tables.preprocessor import TabularPreprocessor

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
