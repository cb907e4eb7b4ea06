"""CPU time of processes as Linux counts it: other work on the machine disturbs it less than time on the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

_TICKS = os.sysconf("SC_CLK_TCK")


def of_process(pid: int) -> float:
    """Seconds, user and system, of all threads of a process, in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def spent(call: Callable[[], object]) -> float:
    """Seconds that a call costs this process and the PostgreSQL process of its connection, which has to be on this
    machine. What PostgreSQL writes behind (WAL, checkpoints) isn't in it."""
    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    own, theirs = time.process_time(), _nanoseconds(server)
    call()
    return time.process_time() - own + (_nanoseconds(server) - theirs) / 1e9


def _nanoseconds(schedstat: Path) -> int:
    """Time on a CPU of a process with one thread."""
    return int(schedstat.read_text().split()[0])
