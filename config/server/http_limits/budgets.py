"""Bounds of what clients may hold of a web process: connections, bodies, and answers that they don't read.

Each has one for all clients, which keeps the process alive, and one for each network, which keeps it there for the
others.
"""

import ctypes
import gc
import logging
import resource
from collections import Counter

from config.client_network import network
from events.rest.parsers import MAX_BODY

logger = logging.getLogger("carillon.server")

MEGABYTE = 1024 * 1024
# The process has 512 MB, of which it takes 140 to begin with; an idle connection takes 35 KB.
CONNECTIONS = 4096
# More than the browsers of an office behind one address. A person may have 20 sockets.
CONNECTIONS_OF_ONE = 200
# Two for each connection (a body is spooled into a file), and these for everything else.
OTHER_FILES = 200
# From their first byte until the application has done with them; two of the largest for each network.
BODIES = 64 * MEGABYTE
BODIES_OF_ONE = 2 * MAX_BODY
# Always taken, whatever else is held: not more than the headers that came with it.
SMALL_BODY = 16 * 1024
# Beyond that an answer waits for its reader: 8 MB are a third of one page of the largest events. Each holds its turn
# meanwhile, of which there are 20, so few may wait; who comes on top of them is cut off.
ANSWERS = 64 * MEGABYTE
ANSWERS_OF_ONE = 8 * MEGABYTE
WAITING = 6
WAITING_OF_ONE = 2
# What has ended may lie about until it has come to that.
GARBAGE = 4 * MEGABYTE
# What is free in the process goes back to the system; only glibc has it.
_give_back_memory = getattr(ctypes.CDLL(None), "malloc_trim", None)
# Between two lines in the log about what was refused.
REPORT_SECONDS = 60.0
# Told apart for it: who has many addresses shan't fill the memory with their names.
MOST_LINES = 1000


class Budget:
    """Amounts in use, of all clients and of each."""

    def __init__(self, *, total: int, each: int) -> None:
        self.total, self.each = total, each
        self.used = 0
        self.used_by: Counter[str] = Counter()

    def has_room(self, client: str | None, amount: int = 1) -> bool:
        """Tell if that much more may be used. None is a client that stands for many, and counts among all only."""
        return self.used + amount <= self.total and (client is None or self.used_by[client] + amount <= self.each)

    def use(self, client: str | None, amount: int = 1) -> None:
        self.used += amount
        if client is not None:
            self.used_by[client] += amount

    def give_back(self, client: str | None, amount: int = 1) -> None:
        self.use(client, -amount)
        if client is not None and not self.used_by[client]:
            del self.used_by[client]


class Limits:
    """Budgets of one process, and a line a minute about what went beyond them."""

    def __init__(self) -> None:
        self.connections = Budget(total=_connections_for_our_files(), each=CONNECTIONS_OF_ONE)
        self.bodies = Budget(total=BODIES, each=BODIES_OF_ONE)
        self.answers = Budget(total=ANSWERS, each=ANSWERS_OF_ONE)
        self.waiting = Budget(total=WAITING, each=WAITING_OF_ONE)
        self._ended = 0
        self._refused: Counter[str] = Counter()
        self._reported = 0.0

    def done_with(self, size: int) -> None:
        """Count bytes of a request that has ended, and see that they go.

        An exception on the way, also one that was handled, leaves them in a cycle with its traceback. Python looks for
        cycles after so many objects, and a body of 8 MB is one; or it is so many that they have become old objects
        meanwhile, so all are looked through: some milliseconds.
        """
        self._ended += size
        if self._ended > GARBAGE:
            self._ended = 0
            gc.collect()
            if _give_back_memory is not None:
                _give_back_memory(0)

    def refused(self, what: str, *, host: str) -> None:
        line = f"{what} from {network(host)}"
        self._refused[line if line in self._refused or len(self._refused) < MOST_LINES else "from others"] += 1

    def report(self, *, now: float) -> None:
        """Log what was refused, at most once a minute."""
        if self._refused and now - self._reported >= REPORT_SECONDS:
            worst = ", ".join(f"{count} {what}" for what, count in self._refused.most_common(5))
            logger.warning("Refused %d requests and connections: %s", self._refused.total(), worst)
            self._refused.clear()
            self._reported = now


def _connections_for_our_files() -> int:
    """Raise the limit of open files as far as this process may, and see what it is enough for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else min(CONNECTIONS, (soft - OTHER_FILES) // 2)
