"""Two small problems that many tests train on: iris flowers, and a regression."""

import numpy as np
from sklearn.datasets import load_iris, make_regression
from sklearn.preprocessing import StandardScaler

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)
A, B = make_regression(120, 4, noise=5, random_state=0)
B = B / B.std()
TRAIN, VALIDATION = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0


def explodes_at_half_time(progress):
    """A learning-rate schedule with which training first learns and then diverges."""
    return 1.0 if progress < 0.5 else 1e9
