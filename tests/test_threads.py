"""SciPy's threads are given back, whatever happens."""

import threading

import pytest
from threadpoolctl import threadpool_info

from sknn_edu._threads import one_thread_for_scipy


def counts():
    return {info["filepath"]: info["num_threads"] for info in threadpool_info()}


def test_scipys_threads_are_one_within_and_restored_after():
    before = counts()
    with one_thread_for_scipy():
        within = counts()
        with one_thread_for_scipy():
            assert counts() == within
        assert counts() == within
    assert within == {path: 1 if "scipy.libs" in path else n for path, n in before.items()}
    assert counts() == before


def test_threads_are_restored_after_an_error():
    before = counts()
    with pytest.raises(ZeroDivisionError), one_thread_for_scipy():
        1 / 0  # noqa: B018
    assert counts() == before


def test_threads_are_restored_when_contexts_of_two_threads_overlap():
    before, entered, leave = counts(), threading.Event(), threading.Event()

    def stay():
        with one_thread_for_scipy():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    with one_thread_for_scipy():
        thread.start()
        entered.wait()
    assert counts() == before
    leave.set()
    thread.join()
    assert counts() == before
