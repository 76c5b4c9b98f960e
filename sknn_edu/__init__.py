"""Neural networks for scikit-learn that you can read."""

from sknn_edu._mlp import MLPClassifier, MLPRegressor

__version__ = "0.1.0"
__all__ = ["MLPClassifier", "MLPRegressor"]
