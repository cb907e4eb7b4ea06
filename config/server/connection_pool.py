"""PostgreSQL connections are pooled in web processes only.

Celery's prefork closes its database at every task, and a forked child must not inherit a pool; there plain
connections are right. A web process opens one for every request otherwise.
"""

import contextlib
from collections.abc import Iterator

from django.db import connections

# Each request that Django works on takes a thread and a connection; more wait for their turn.
REQUESTS_AT_ONCE = 20

# Of each health check, beside those.
HEALTH_CHECKS_AT_ONCE = 2

# Every request that runs has its connection, one of the health checks asks for one, and four are left for sockets.
POOL = {"min_size": 2, "max_size": REQUESTS_AT_ONCE + HEALTH_CHECKS_AT_ONCE + 4, "timeout": 5, "max_lifetime": 1800}


def pool_connections() -> None:
    """Give every PostgreSQL connection of this process a pool. Call it before the first query."""
    for connection in connections.all():
        if connection.vendor == "postgresql":
            # One dictionary for the connections of all threads.
            connection.settings_dict["OPTIONS"]["pool"] = POOL


@contextlib.contextmanager
def closed_at_the_end() -> Iterator[None]:
    """The pool's own threads end with this."""
    try:
        yield
    finally:
        for connection in connections.all():
            if connection.vendor == "postgresql":
                connection.close()
                connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL's wrapper has it
