"""Fits that run side by side: their results, errors and interrupts."""

import _thread
import threading
from functools import partial

import numpy as np
import pytest
from sklearn import config_context, get_config
from sklearn.datasets import load_iris
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknn_edu import MLPClassifier
from sknn_edu.fitting.side_by_side import is_interrupted, run_side_by_side

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(n_threads):
    jobs = [partial(pow, 2, k) for k in range(7)]
    assert run_side_by_side(jobs, n_threads) == [1, 2, 4, 8, 16, 32, 64]


def test_two_threads_work_at_the_same_time():
    both = threading.Barrier(2, timeout=60)
    assert sorted(run_side_by_side([both.wait, both.wait], 2)) == [0, 1]


def test_jobs_have_the_configuration_of_their_caller():
    with config_context(enable_metadata_routing=True):
        configs = run_side_by_side([get_config, get_config], 2)
    assert all(config["enable_metadata_routing"] for config in configs)


def test_blas_has_one_thread_in_each_job_and_its_own_number_afterwards():
    blas = ThreadpoolController().select(user_api="blas")
    before = [library.num_threads for library in blas.lib_controllers]

    def n_threads():
        return {library.num_threads for library in blas.lib_controllers}

    assert run_side_by_side([n_threads, n_threads], 2) == [{1}, {1}]
    assert [library.num_threads for library in blas.lib_controllers] == before


def test_one_thread_of_blas_means_one_job_after_the_other():
    with threadpool_limits(1, user_api="blas"):
        idents = run_side_by_side([threading.get_ident, threading.get_ident])
    assert set(idents) == {threading.get_ident()}


def test_an_error_is_raised_and_the_other_jobs_do_not_begin():
    begun = []

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_side_by_side([fail, fail, *[partial(begun.append, k) for k in range(100)]], 2)
    assert len(begun) < 100


def test_an_interrupt_stops_the_fits_that_run_and_keeps_them():
    started = threading.Event()

    def fit():
        model = MLPClassifier(5, max_iter=10**6, n_iter_no_change=10**6, random_state=0)
        started.set()
        return model.fit(X, y)

    def interrupt():
        assert started.wait(60)
        _thread.interrupt_main()
        while not is_interrupted():
            pass

    model, *_ = run_side_by_side([fit, interrupt, fit], 2)
    assert model.n_iter_ < 10**6
    assert np.isfinite(model.predict_proba(X)).all()
    assert not is_interrupted()
