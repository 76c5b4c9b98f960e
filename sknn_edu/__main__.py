"""``python -m sknn_edu`` starts the guided tour; ``--help`` lists its options."""

import os
import signal
import sys

from sknn_edu.tour.parts import main


def stop(*_):
    """End the tour on Ctrl-C; a KeyboardInterrupt would only end the current fit."""
    raise SystemExit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    try:
        sys.exit(main())
    except BrokenPipeError:  # the program that reads the output has ended, for example head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
