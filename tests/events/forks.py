"""A forked child that runs one check and ends at once, without its parent's clean-up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable


def holds_in_a_fork(check: Callable[[], object]) -> bool:
    """True if the check was true in the child; an exception is false."""
    child = os.fork()
    if child == 0:
        # Should it wait for ever, it ends all the same.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        try:
            os._exit(0 if check() else 1)
        finally:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
