"""The file of a checkpoint: arrays and JSON under a digest, written as a whole or not at all.

It is an uncompressed archive of NumPy: ``numpy.load(path)`` shows what is in it. The digest tells
an intact file from a damaged one. It is no signature: whoever can write the file can compute it.
"""

import errno
import hashlib
import json
import os
import secrets
import shutil
import weakref
from contextlib import suppress
from io import BytesIO
from math import prod
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import numpy as np

from sknn_edu.fitting.estimator import warn

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    try:
        import msvcrt
    except ImportError:  # neither
        msvcrt = None

FORMAT = 2
"""The format of the files written here; another one is refused."""

DAMAGED = "The checkpoint {} is damaged, or is not a checkpoint ({}). Delete it to start over."

NUMBERS_AND_STRINGS = "biufU"
"""The kinds of dtypes in a checkpoint."""


# -- writing -----------------------------------------------------------------------------------


def write(path, facts, arrays):
    """Replace the file at `path` by these facts and arrays; until then the old one stays.

    Parameters
    ----------
    path : Path
    facts : str
        JSON.
    arrays : dict of str to ndarray
        Numbers and strings.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    part = Path(f"{path}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            entries = {"facts": np.array(facts), "digest": np.array(digest(facts, arrays))}
            np.savez(file, **entries, **arrays)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error.__context__, KeyboardInterrupt):  # while an archive was half written
            raise KeyboardInterrupt from error
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"The checkpoint could not be written ({error.strerror}); the previous one is "
                "intact, if there was one. Free some space, or choose another path",
                str(path),
            ) from error
        raise
    flush_folder(path.parent)


def flush_folder(folder):
    """Make a renaming in this folder survive a loss of power, where the system can do that."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot
            raise
    finally:
        os.close(number)


def remove_stale_parts(path):
    """Remove what killed processes left behind; only for the holder of the lock."""
    for part in path.parent.iterdir():
        if part.name.startswith(f"{path.name}.") and part.suffix == ".part":
            with suppress(OSError):
                part.unlink()


def digest(facts, arrays):
    """Return a SHA-256 of all facts and arrays, with their names, dtypes and shapes."""
    sha256 = hashlib.sha256(f"{len(facts)} {facts}".encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        sha256.update(array.reshape(-1).view(np.uint8))
    return sha256.hexdigest()


# -- reading -----------------------------------------------------------------------------------


def read(path):
    """Return the facts and the arrays of a file, which are as they were written.

    Needs about twice the memory of the file, whatever is in it, and runs no code.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is damaged, not a checkpoint, or of another format.
    """
    content = path.read_bytes()
    try:
        arrays = arrays_in(content)
        text, recorded = (str(arrays.pop(name, "")) for name in ("facts", "digest"))
        is_intact = recorded == digest(text, arrays)
        facts = json.loads(text)
        format_, version = facts["format"], str(facts["version"])
        if recorded and not is_intact:
            raise ValueError("its content does not match its digest")
    except MemoryError:
        raise
    except Exception as error:  # a damaged archive may raise anything
        raise ValueError(DAMAGED.format(path, error)) from error
    if format_ != FORMAT:
        raise ValueError(
            f"The checkpoint {path} has format {format_}, written by sknn_edu {version}; this "
            f"version reads format {FORMAT}. Use that version, or delete the file to start over."
        )
    if not is_intact:
        raise ValueError(DAMAGED.format(path, "it has no digest"))
    return facts, arrays


def arrays_in(content):
    """Return the arrays of an uncompressed archive; they are as large as their entries."""
    with ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != ZIP_STORED for entry in entries):
            raise ValueError("it is compressed")
        if sum(entry.file_size for entry in entries) > len(content):
            raise ValueError("its entries are larger than the file")
        if len({entry.filename for entry in entries}) < len(entries):
            raise ValueError("it has two entries of the same name")
        return {
            entry.filename.removesuffix(".npy"): array_in(archive.read(entry)) for entry in entries
        }


def array_in(entry):
    """Return the array in an entry; refuse one that would be larger than the entry."""
    file = BytesIO(entry)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an entry is not an array")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    is_plain = dtype.kind in NUMBERS_AND_STRINGS and dtype.itemsize > 0
    has_its_size = prod(shape) * dtype.itemsize == len(entry) - file.tell()
    if not (is_plain and has_its_size and min(shape, default=0) >= 0):
        raise ValueError("an entry is not an array of numbers or strings of its size")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


# -- one fit at a time -------------------------------------------------------------------------


class Lock:
    """Held by the only fit that writes a checkpoint, and given up when its process ends.

    It is on a file of its own, ``path.lock``, which stays: a lock on the checkpoint itself would
    be lost when that is replaced.

    Parameters
    ----------
    path : Path
        Of the checkpoint.

    Raises
    ------
    BlockingIOError
        If another fit holds it.
    OSError
        If the file cannot be made.
    """

    _file = None

    def __init__(self, path):
        self._file = Path(f"{path}.lock").open("ab")  # noqa: SIM115  until the fit ends
        try:
            is_locked = lock_file(self._file.fileno())
        except BaseException as error:
            self.close()
            if isinstance(error, BlockingIOError):
                raise BlockingIOError(
                    error.errno,
                    "Another fit is writing this checkpoint. Wait until it has ended, or give each "
                    "fit a path of its own",
                    str(path),
                ) from None
            raise
        HELD.add(self)
        if is_locked:
            remove_stale_parts(path)
        elif path.parent not in FOLDERS_WITHOUT_LOCKS:
            FOLDERS_WITHOUT_LOCKS.add(path.parent)
            warn(
                f"The file system of {path.parent} has no locks, so two fits that write the same "
                "checkpoint would not notice each other. Give each fit a path of its own."
            )

    def release(self):
        """Let others have it, even while a forked child has the file open."""
        if self._file is not None and fcntl is not None:
            with suppress(OSError):  # there are no locks
                fcntl.flock(self._file, fcntl.LOCK_UN)
        self.close()

    def close(self):
        """Close the file; the lock stays while another process has it open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self):
        self.close()  # an interrupt may come before anyone holds the new lock


HELD = weakref.WeakSet()
"""The locks of this process."""

FOLDERS_WITHOUT_LOCKS = set()
"""Those about which there has been a warning."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


def lock_file(number):
    """Lock an open file; return whether there are locks, raise BlockingIOError if it is locked."""
    try:
        if fcntl is not None:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            return False
    except BlockingIOError:
        raise
    except OSError as error:
        if error.errno in NO_LOCKS:
            return False
        if fcntl is None and error.errno in (errno.EACCES, errno.EDEADLK):  # what Windows says
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK)) from error
        raise
    return True


def leave_locks_to_parent():
    """Close the files of the parent's locks, which would otherwise outlive the parent."""
    for lock in list(HELD):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_locks_to_parent)
