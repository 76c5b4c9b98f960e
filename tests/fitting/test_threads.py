"""The threads of SciPy's BLAS are restored, even after an error."""

import os
import threading

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from sknn_edu.fitting.threads import one_thread_for_scipy


def counts():
    return {info["filepath"]: info["num_threads"] for info in threadpool_info()}


def test_scipy_has_one_thread_within_the_context_and_the_old_number_afterwards():
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


@pytest.mark.parametrize("first_leaves_first", [True, False])
def test_threads_are_restored_when_the_last_of_two_overlapping_contexts_ends(first_leaves_first):
    before, entered, leave = counts(), threading.Event(), threading.Event()

    def stay():
        with one_thread_for_scipy():
            entered.set()
            leave.wait()

    thread = threading.Thread(target=stay)
    with one_thread_for_scipy():
        within = counts()
        thread.start()
        entered.wait()
        if not first_leaves_first:
            leave.set()
            thread.join()
            assert counts() == within
    if first_leaves_first:
        assert counts() == within
        leave.set()
        thread.join()
    assert counts() == before


def test_a_fit_within_a_limit_of_the_user_runs_scipys_blas_in_one_thread_and_keeps_the_limit():
    before = counts()
    with threadpool_limits(2, user_api="blas"):
        within = counts()
        with one_thread_for_scipy():
            assert {n for path, n in counts().items() if "scipy.libs" in path} <= {1}
        assert counts() == within
    assert counts() == before


def test_many_overlapping_contexts_restore_the_number_of_threads():
    before, seen = counts(), []

    def come_and_go():
        for _ in range(20):
            with one_thread_for_scipy():
                seen.append(counts())

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts() == before
    assert {tuple(numbers.items()) for numbers in seen} == {tuple(seen[0].items())}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_process_forked_within_the_context_can_enter_it():
    with one_thread_for_scipy():
        child = os.fork()
        if child == 0:
            with one_thread_for_scipy():
                os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
