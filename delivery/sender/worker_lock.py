"""Lock that lets one drain run at a time in a worker, whatever its pool: the rest of it stays free for other work.

The processes of a prefork pool share it, since this module is imported before they are forked. A file's record lock
ends with the process that holds it, however that ends; a lock or an event of `multiprocessing` would stay taken.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from multiprocessing.sharedctypes import RawValue

_requests = RawValue("Q", 0)
_is_stopping = RawValue("b", 0)
_file = tempfile.TemporaryFile(prefix="carillon-drain-")  # noqa: SIM115  as long as the process
# A record lock is the process's; this is for its threads.
_thread_lock = threading.Lock()


def acquire() -> bool:
    """Take the lock without waiting. False: another drain of this worker runs; it sees that somebody asked."""
    _requests.value += 1
    if not _thread_lock.acquire(blocking=False):
        return False
    try:
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _thread_lock.release()
        return False
    return True


def release() -> None:
    fcntl.lockf(_file, fcntl.LOCK_UN)
    _thread_lock.release()


def requests() -> int:
    """Return a number that changes whenever a drain is asked for."""
    return int(_requests.value)


def stop() -> None:
    """Claim nothing more in this worker: it ends."""
    _is_stopping.value = 1


def is_stopping() -> bool:
    return bool(_is_stopping.value)


def _replace_thread_lock() -> None:
    """Free a forked child of its parent's threads, one of which may have held the lock."""
    global _thread_lock  # noqa: PLW0603  one per process
    _thread_lock = threading.Lock()


os.register_at_fork(after_in_child=_replace_thread_lock)
