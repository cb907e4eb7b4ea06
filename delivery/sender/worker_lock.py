"""Lock that lets one drain run at a time in a worker, whatever its pool: the rest of it stays free for other work.

The processes of a prefork pool share it, since this module is imported before they are forked. A file's record lock
ends with the process that holds it, however that ends; a lock or an event of `multiprocessing` would stay taken.
"""

import fcntl
import tempfile
import threading
from multiprocessing.sharedctypes import RawValue

from events.transport.per_process import PerProcess

_requests = RawValue("Q", 0)
_is_stopping = RawValue("b", 0)
_file = tempfile.TemporaryFile(prefix="carillon-drain-")  # noqa: SIM115  as long as the process
# A record lock is the process's; this is for its threads.
_thread_lock = PerProcess(threading.Lock)


def acquire() -> bool:
    """Take the lock without waiting. False: another drain of this worker runs; it sees that somebody asked."""
    _requests.value += 1
    if not _thread_lock.get().acquire(blocking=False):
        return False
    try:
        fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        _thread_lock.get().release()
        return False
    return True


def release() -> None:
    fcntl.lockf(_file, fcntl.LOCK_UN)
    _thread_lock.get().release()


def requests() -> int:
    """Return a number that changes whenever a drain is asked for."""
    return int(_requests.value)


def stop() -> None:
    _is_stopping.value = 1


def is_stopping() -> bool:
    return bool(_is_stopping.value)
