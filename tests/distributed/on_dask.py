"""What the tests of training on Dask share."""

import dask.array as da
import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits

SIZES = (400, 250, 50, 300)
LOCAL = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}


def on_cluster(*arrays, sizes=SIZES):
    """Return arrays as Dask arrays with blocks of these numbers of rows."""
    return [
        da.from_array(a, chunks=(sizes, *((-1,) * (a.ndim - 1)))) if a is not None else None
        for a in arrays
    ]


def here(estimator, *data, **options):
    """Fit in this process, with one BLAS thread as workers have."""
    with threadpool_limits(limits=1):
        return clone(estimator).fit(*data, **options)


def parameters(estimator):
    if hasattr(estimator, "coef_"):
        return np.concatenate([estimator.coef_.ravel(), estimator.intercept_])
    return np.concatenate([a.ravel() for a in (*estimator.coefs_, *estimator.intercepts_)])


def assert_same_fit(model, expected):
    np.testing.assert_array_equal(parameters(model), parameters(expected))
    assert model.loss_curve_ == expected.loss_curve_
    assert model.validation_scores_ == expected.validation_scores_
    assert model.learning_rate_curve_ == expected.learning_rate_curve_
    assert (model.n_iter_, model.t_, model.best_epoch_) == (
        expected.n_iter_, expected.t_, expected.best_epoch_,
    )  # fmt: skip
