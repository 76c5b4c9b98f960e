"""Processes that wait to be killed while they compute, and their killer."""

import os
import signal
import threading
import time
from contextlib import contextmanager

TIMEOUT = 60
"""Seconds until a test gives up waiting."""


def wait_to_be_killed(mark):
    """Write the id of this process into a file and wait; only the first process does.

    The others, for which the file is already there, go on at once.
    """
    try:
        with open(mark, "x", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
    except FileExistsError:
        return
    time.sleep(2 * TIMEOUT)
    raise TimeoutError("Nobody has killed this process.")


@contextmanager
def killing_who_writes(mark):
    """Kill, by SIGKILL, the process that writes its id into this file; yield a list of the id."""
    killed, over = [], threading.Event()

    def watch():
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and not over.wait(0.01):
            if mark.exists() and (text := mark.read_text(encoding="ascii")).endswith("\n"):
                os.kill(int(text), signal.SIGKILL)
                killed.append(int(text))
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield killed
    finally:
        over.set()
        watcher.join()
