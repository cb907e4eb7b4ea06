"""One drain at a time in a worker, whatever its pool: its other processes and threads stay free for other work.

What says so is shared between the processes of a prefork pool: this module is imported before they are forked. The
lock ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
import threading

_REQUESTS, _STOPPING = 0, 1
_shared = mmap.mmap(-1, mmap.PAGESIZE)
_file = tempfile.TemporaryFile(prefix="carillon-drain-")  # noqa: SIM115  as long as the process
# A file's lock is the process's; this is for its threads.
_threads = threading.Lock()


def acquire() -> bool:
    """False: another drain of this worker runs; it sees that somebody asked."""
    _shared[_REQUESTS] = (_shared[_REQUESTS] + 1) % 256
    if not _threads.acquire(blocking=False):
        return False
    try:
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _threads.release()
        return False
    return True


def release() -> None:
    fcntl.lockf(_file, fcntl.LOCK_UN)
    _threads.release()


def requests() -> int:
    """Changes whenever somebody asks for a drain."""
    return _shared[_REQUESTS]


def stop() -> None:
    """This worker ends: nothing is claimed any more."""
    _shared[_STOPPING] = 1


def is_stopping() -> bool:
    return bool(_shared[_STOPPING])


def _forget_parent() -> None:
    """A forked child has none of its parent's threads, and may have been born while one of them held the lock."""
    global _threads  # noqa: PLW0603  one per process
    _threads = threading.Lock()


os.register_at_fork(after_in_child=_forget_parent)
