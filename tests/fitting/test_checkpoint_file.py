"""A checkpoint file is complete or refused, and only one fit at a time writes it."""

import errno
import io
import multiprocessing
import os
import random
import stat
import zipfile

import numpy as np
import pytest
from sklearn.base import clone

from sknn_edu import Checkpoint, MLPClassifier
from sknn_edu.fitting import checkpoint_file
from sknn_edu.fitting.checkpoint_file import Lock, read, write
from tests.callbacks import Quiet
from tests.fitting.forgery import damaged, save
from tests.problems import X, Y

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.usefixtures("needs_callbacks"),
]
ARRAYS = {"theta": np.linspace(0, 1, 7), "order": np.arange(5), "names": np.array(["a", "bc"])}
FACTS = '{"format": 2, "version": "1.0"}'
WHOLE = MLPClassifier(4, max_iter=9, random_state=0, warm_start=True)


@pytest.fixture
def saved(tmp_path):
    return save("plain", tmp_path)


# -- damage ----------------------------------------------------------------------------------------


def test_reading_returns_what_was_written(tmp_path):
    write(tmp_path / "file", FACTS, ARRAYS)
    facts, arrays = read(tmp_path / "file")
    assert facts == {"format": 2, "version": "1.0"}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].flags.writeable


def test_a_damaged_file_gives_the_same_model_or_one_error(saved):
    whole, rng = saved.checkpoint.path.read_bytes(), random.Random(0)
    right = saved.restored()._training_state
    n_refused = 0
    for _ in range(400):
        saved.checkpoint.path.write_bytes(damaged(whole, rng))
        untouched = clone(saved.estimator)
        try:
            state = saved.checkpoint.restore(untouched)._training_state
        except ValueError as error:
            assert "is damaged" in str(error)  # noqa: PT017
            assert not hasattr(untouched, "coefs_")
            n_refused += 1
        else:  # a bit that does not matter, such as the date of an entry
            np.testing.assert_array_equal(state.theta, right.theta)
            np.testing.assert_array_equal(state.order, right.order)
    assert n_refused > 250


def rewritten(path, change):
    """Rewrite the archive after ``change(entries)``, which keeps the old digest."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


def test_swapped_and_missing_entries_are_refused(saved):
    def swap(entries):
        entries["theta.npy"], entries["vector_0.npy"] = (
            entries["vector_0.npy"],
            entries["theta.npy"],
        )

    for change in (swap, lambda entries: entries.pop("digest.npy"), dict.clear):
        whole = saved.checkpoint.path.read_bytes()
        rewritten(saved.checkpoint.path, change)
        with pytest.raises(ValueError, match="damaged"):
            saved.restored()
        saved.checkpoint.path.write_bytes(whole)


def as_array(shape, dtype, content=b""):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        file, {"shape": shape, "fortran_order": False, "descr": dtype}
    )
    return file.getvalue() + content


@pytest.mark.parametrize(
    "entry",
    [
        as_array((10**12,), "<f8"),
        as_array((-1, -1), "<f8", bytes(8)),
        as_array((10**15,), "<U0"),
        as_array((2,), "|O", b"cos\nmkdir\n"),
        as_array((1,), [("a", "<f8")], bytes(8)),
        b"",
        b"\x93NUMPY\x01\x00\xff\xff" + b"(" * 9000,
    ],
)
def test_an_entry_that_is_not_an_array_of_its_size_is_refused(saved, entry):
    rewritten(saved.checkpoint.path, lambda entries: entries.update({"theta.npy": entry}))
    with pytest.raises(ValueError, match="damaged"):
        saved.restored()


def test_a_small_file_that_would_become_large_is_refused(saved):
    with zipfile.ZipFile(saved.checkpoint.path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("theta.npy", as_array((10**7,), "<f8", bytes(8 * 10**7)))
    assert saved.checkpoint.path.stat().st_size < 10**5
    with pytest.raises(ValueError, match="compressed"):
        saved.restored()


def test_reading_runs_no_code(saved, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    with saved.checkpoint.path.open("wb") as file:
        np.savez(file, facts=np.array([Trap()], dtype=object))
    with pytest.raises(ValueError, match="damaged"):
        saved.restored()
    assert not (tmp_path / "ran").exists()


def test_another_format_names_the_version_that_wrote_it(saved):
    write(saved.checkpoint.path, '{"format": 99, "version": "7.0"}', {})
    with pytest.raises(ValueError, match=r"format 99 and was written by sknn_edu 7\.0"):
        saved.restored()


def test_an_unreadable_file_is_not_reported_as_damaged(saved, monkeypatch):
    with pytest.raises(IsADirectoryError):
        Checkpoint(saved.checkpoint.path.parent).restore(clone(saved.estimator))

    def fail(error):
        def read_bytes(_):
            raise error

        monkeypatch.setattr("pathlib.Path.read_bytes", read_bytes)

    for error in (PermissionError(errno.EACCES, "no"), OSError(errno.EIO, "no"), MemoryError()):
        fail(error)
        with pytest.raises(type(error)) as caught:
            saved.restored()
        assert caught.value is error


# -- writing ---------------------------------------------------------------------------------------


def test_a_symbolic_link_is_followed_and_permissions_are_kept(tmp_path):
    (tmp_path / "disk").mkdir()
    real, link = tmp_path / "disk" / "fit", tmp_path / "link"
    link.symlink_to(real)
    checkpoint = Checkpoint(link)
    mlp = clone(WHOLE).set_params(max_iter=3).set_callbacks(checkpoint).fit(X, Y)
    assert link.is_symlink()
    assert real.exists()
    real.chmod(0o600)
    checkpoint.restore(mlp.set_params(max_iter=6)).fit(X, Y)
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert {path.name for path in real.parent.iterdir()} == {"fit", "fit.lock"}


@pytest.mark.parametrize("error", [OSError(errno.EIO, "no"), KeyboardInterrupt(), MemoryError()])
def test_a_failing_write_keeps_the_old_file_and_leaves_no_other(tmp_path, monkeypatch, error):
    write(tmp_path / "file", FACTS, ARRAYS)

    def fail(*_):
        raise error

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(type(error)):
        write(tmp_path / "file", FACTS, {"theta": np.ones(9)})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert read(tmp_path / "file")[1].keys() == ARRAYS.keys()


def test_an_interrupt_during_a_write_ends_the_fit_as_any_interrupt_does(tmp_path, monkeypatch):
    def interrupted(*_, **__):
        try:
            raise KeyboardInterrupt
        finally:
            raise ValueError("Can't close the ZIP file")

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.warns(UserWarning, match="interrupted by user after 1 whole epochs"):
        mlp = clone(WHOLE).set_callbacks(Checkpoint(tmp_path / "fit")).fit(X, Y)
    assert mlp.n_iter_ == 1
    assert [path.name for path in tmp_path.iterdir()] == ["fit.lock"]


# -- locks -----------------------------------------------------------------------------------------


class Second(Quiet):
    """Starts a second fit in the middle of the first one, and keeps its error."""

    def __init__(self, checkpoint):
        self.checkpoint, self.error = checkpoint, None

    def on_fit_task_begin(self, estimator, context):
        if context.task_name == "epoch" and self.error is None:
            try:
                clone(WHOLE).set_callbacks(self.checkpoint).fit(X, Y)
            except OSError as error:
                self.error = error


@pytest.mark.parametrize("is_same_object", [True, False])
def test_a_second_fit_on_the_same_path_is_refused_and_disturbs_nothing(tmp_path, is_same_object):
    checkpoint = Checkpoint(tmp_path / "fit")
    second = Second(checkpoint if is_same_object else Checkpoint(tmp_path / "fit"))
    clone(WHOLE).set_callbacks(checkpoint, second).fit(X, Y)
    assert isinstance(second.error, BlockingIOError)
    assert "Another fit is writing this checkpoint" in str(second.error)
    assert checkpoint.restore(clone(WHOLE)).n_iter_ == 8
    Lock(tmp_path / "fit").release()  # the fit has given it back


def test_a_failing_fit_releases_the_lock(tmp_path):
    write(tmp_path / "fit", FACTS, ARRAYS)
    with pytest.raises(FileExistsError):
        clone(WHOLE).set_callbacks(Checkpoint(tmp_path / "fit")).fit(X, Y)
    Lock(tmp_path / "fit").release()


def test_a_lock_is_released_when_its_object_is_deleted(tmp_path):
    Lock(tmp_path / "fit")  # as after an interrupt between two lines
    Lock(tmp_path / "fit").release()


def hold(path, is_held):
    lock = Lock(path)
    is_held.set()
    multiprocessing.Event().wait()
    lock.release()


def test_a_killed_process_releases_the_lock_and_its_temporary_file_is_removed(tmp_path):
    context = multiprocessing.get_context("forkserver")
    is_held = context.Event()
    process = context.Process(target=hold, args=(tmp_path / "fit", is_held))
    process.start()
    assert is_held.wait(60)
    part, other = tmp_path / "fit.12.ab.part", tmp_path / "fitter.12.ab.part"
    part.touch()
    other.touch()
    with pytest.raises(BlockingIOError):
        Lock(tmp_path / "fit")
    assert part.exists()
    process.kill()
    process.join()
    Lock(tmp_path / "fit").release()
    assert not part.exists()
    assert other.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only some systems fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    lock, (wake, alive) = Lock(tmp_path / "fit"), os.pipe()
    child = os.fork()
    if child == 0:
        os.close(alive)
        lock.release()  # the child must not release the lock of its parent
        os.read(wake, 1)
        os._exit(0)
    with pytest.raises(BlockingIOError):
        Lock(tmp_path / "fit")
    lock.release()
    Lock(tmp_path / "fit").release()  # the lock is free, although the child is still running
    os.close(alive)
    assert os.waitpid(child, 0)[1] == 0
    os.close(wake)


def test_a_file_system_without_locks_is_warned_about_once(tmp_path, monkeypatch):
    class NoLocks:
        LOCK_EX, LOCK_NB, LOCK_UN = 2, 4, 8

        def flock(self, *_):
            raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(checkpoint_file, "fcntl", NoLocks())
    checkpoint = Checkpoint(tmp_path / "fit")
    with pytest.warns(UserWarning, match="does not support locks.*a different path"):
        clone(WHOLE).set_callbacks(checkpoint).fit(X, Y)
    checkpoint.restore(clone(WHOLE)).set_callbacks(checkpoint).fit(X, Y)  # no second warning


def write_often(path, k, is_ready):
    is_ready.set()
    for _ in range(200):
        write(path, FACTS, {"theta": np.full(1000, k)})


def test_without_locks_the_file_is_still_complete_at_all_times(tmp_path):
    context, path = multiprocessing.get_context("forkserver"), tmp_path / "file"
    write(path, FACTS, {"theta": np.full(1000, 0)})
    ready = [context.Event() for _ in range(3)]
    writers = [
        context.Process(target=write_often, args=(path, k, event)) for k, event in enumerate(ready)
    ]
    for writer in writers:
        writer.start()
    n_reads = 0
    while any(writer.is_alive() for writer in writers):
        theta = read(path)[1]["theta"]
        assert (theta == theta[0]).all()
        n_reads += 1
    assert n_reads > 10
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
