"""``python -m sknn_edu`` gives the guided tour; ``--help`` lists its options."""

import os
import signal
import sys

from sknn_edu.tour.parts import main


def stop(*_):
    """End the tour on Ctrl-C. A KeyboardInterrupt would end only the fit that is running."""
    raise SystemExit(130)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, stop)
    try:
        sys.exit(main())
    except BrokenPipeError:  # the output goes to a program that has ended, such as head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
