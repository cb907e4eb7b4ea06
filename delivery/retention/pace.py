"""How much pruning takes at once: as much as a short transaction can."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from events.db import batch_size

FIRST, LEAST, MOST = 500, 100, 20_000
# Seconds from BEGIN to COMMIT that a batch is meant to take; the next one has as many rows as went in that time.
WISH = 0.07
# The same where a batch is compared with what was archived: how long that takes here varies far more.
WISH_COMPARED = 0.04
# A lock is not worth long queues. What pruning did may be lost with the machine, being old and going again: so no lock
# waits for the disk at COMMIT. A batch is found by its ids: the planner would rather read all of a table that is small.
ON_POSTGRESQL = "SET LOCAL lock_timeout = '100ms'; SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off"


class Pace(batch_size.Pace):
    """`size`: how many rows the next batch may have."""

    def __init__(self, *, wish: float = WISH) -> None:
        super().__init__(first=FIRST, least=LEAST, most=MOST, wish=wish)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Rather fails than lets others queue behind it: OperationalError where a lock can't be had."""
        began = time.monotonic()
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(ON_POSTGRESQL)
            yield
        self.took(time.monotonic() - began)
