"""Write, read and lock the file of a checkpoint.

The file is an uncompressed NumPy archive with arrays, JSON and a digest: ``numpy.load(path)`` shows
its content. It is replaced as a whole or not at all. The digest detects damage, but it is not a
signature: anyone who can change the file can also compute a new digest.
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
"""The version of the file format; files of any other version are refused."""

DAMAGED = "The checkpoint {} is damaged, or is not a checkpoint ({}). Delete it to start over."

NUMBERS_AND_STRINGS = "biufU"
"""The kinds of dtype that a checkpoint may contain."""


# -- writing -----------------------------------------------------------------------------------


def write(path, facts, arrays):
    """Write a checkpoint and replace the file at `path` by it.

    If anything fails, the old file is not changed.

    Parameters
    ----------
    path : Path
    facts : str
        JSON.
    arrays : dict of str to ndarray
        Arrays of numbers or strings.

    Raises
    ------
    OSError
        If the file cannot be written.
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
        if isinstance(error.__context__, KeyboardInterrupt):  # closing a partial archive failed
            raise KeyboardInterrupt from error
        if isinstance(error, OSError):
            raise OSError(
                error.errno,
                f"The checkpoint could not be written ({error.strerror}). A previous checkpoint, "
                "if there was one, is still intact. Free some disk space, or choose another path",
                str(path),
            ) from error
        raise
    flush_folder(path.parent)


def flush_folder(folder):
    """Make renamed files in this folder survive a power failure, if the file system supports it."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not supported
            raise
    finally:
        os.close(number)


def remove_stale_parts(path):
    """Remove the temporary files of killed processes; call it only while holding the lock."""
    for part in path.parent.iterdir():
        if part.name.startswith(f"{path.name}.") and part.suffix == ".part":
            with suppress(OSError):
                part.unlink()


def digest(facts, arrays):
    """Return the SHA-256 of all facts and arrays, including names, dtypes and shapes."""
    sha256 = hashlib.sha256(f"{len(facts)} {facts}".encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {array.dtype.str} {arrays[name].shape}\n".encode())
        sha256.update(array.reshape(-1).view(np.uint8))
    return sha256.hexdigest()


# -- reading -----------------------------------------------------------------------------------


def read(path):
    """Return the facts and the arrays in a file, after checking its digest.

    Reading needs about twice the memory of the file, whatever it contains, and does not execute
    code.

    Parameters
    ----------
    path : Path

    Returns
    -------
    facts : dict
    arrays : dict of str to ndarray

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is damaged, is not a checkpoint, or has another format.
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
    except Exception as error:  # a damaged archive can raise any exception
        raise ValueError(DAMAGED.format(path, error)) from error
    if format_ != FORMAT:
        raise ValueError(
            f"The checkpoint {path} has format {format_} and was written by sknn_edu {version}; "
            f"the installed version reads format {FORMAT}. Install sknn_edu {version}, or delete "
            "the file to start over."
        )
    if not is_intact:
        raise ValueError(DAMAGED.format(path, "it has no digest"))
    return facts, arrays


def arrays_in(content):
    """Return the arrays in an uncompressed archive; refuse an archive that would need more memory.

    A small compressed archive could unpack to more than the memory of the machine.
    """
    with ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        if any(entry.compress_type != ZIP_STORED for entry in entries):
            raise ValueError("the archive is compressed")
        if sum(entry.file_size for entry in entries) > len(content):
            raise ValueError("the entries of the archive are larger than the file")
        if len({entry.filename for entry in entries}) < len(entries):
            raise ValueError("two entries of the archive have the same name")
        return {
            entry.filename.removesuffix(".npy"): array_in(archive.read(entry)) for entry in entries
        }


def array_in(entry):
    """Return the array in an entry; refuse an array that would need more memory than the entry."""
    file = BytesIO(entry)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an entry is not an array")
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    is_plain = dtype.kind in NUMBERS_AND_STRINGS and dtype.itemsize > 0
    has_its_size = prod(shape) * dtype.itemsize == len(entry) - file.tell()
    if not (is_plain and has_its_size and min(shape, default=0) >= 0):
        raise ValueError("an entry is not an array of numbers or strings, or has the wrong size")
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False)


# -- one fit at a time -------------------------------------------------------------------------


class Lock:
    """The lock on a checkpoint, held by the fit that writes it.

    The operating system releases it when the process ends. The lock is on a separate file,
    ``path.lock``, which is not deleted: a lock on the checkpoint itself would be lost when the
    checkpoint is replaced.

    Parameters
    ----------
    path : Path
        The path of the checkpoint.

    Raises
    ------
    BlockingIOError
        If another fit holds the lock.
    OSError
        If the lock file cannot be created.
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
                    "Another fit is writing this checkpoint. Wait until it has ended, or use a "
                    "different path for each fit",
                    str(path),
                ) from None
            raise
        HELD.add(self)
        if is_locked:
            remove_stale_parts(path)
        elif path.parent not in FOLDERS_WITHOUT_LOCKS:
            FOLDERS_WITHOUT_LOCKS.add(path.parent)
            warn(
                f"The file system of {path.parent} does not support locks, so two fits that write "
                "the same checkpoint would not notice each other. Use a different path for each "
                "fit."
            )

    def release(self):
        """Release the lock, even if a forked child process has the file open."""
        if self._file is not None and fcntl is not None:
            with suppress(OSError):  # the file system does not support locks
                fcntl.flock(self._file, fcntl.LOCK_UN)
        self.close()

    def close(self):
        """Close the file; the lock persists while another process has the file open."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self):
        self.close()  # after an interrupt between the creation of the lock and its assignment


HELD = weakref.WeakSet()
"""The locks that this process holds."""

FOLDERS_WITHOUT_LOCKS = set()
"""Folders without support for locks, about which there has been a warning."""

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


def lock_file(number):
    """Lock an open file, given by its descriptor; return False if locks are not supported.

    Raises BlockingIOError if the file is already locked.
    """
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
        if fcntl is None and error.errno in (errno.EACCES, errno.EDEADLK):  # on Windows
            raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK)) from error
        raise
    return True


def leave_locks_to_parent():
    """Close the lock files of the parent in a forked child.

    Otherwise the locks would persist until the child ends, even after the parent has ended.
    """
    for lock in list(HELD):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=leave_locks_to_parent)
