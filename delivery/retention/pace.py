"""Batch sizes of pruning: as many rows as go in a short transaction, which rather fails than lets others queue."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from events.db import session
from events.db.batch_size import AdaptiveBatch

FIRST, LEAST, MOST = 500, 250, 2_000
# Seconds from BEGIN to COMMIT that a batch is meant to take; the next one has as many rows as went in that time.
WISH = 0.05


class Pace(AdaptiveBatch):
    """Adaptive batch: `size` is how many rows the next one may have."""

    def __init__(self) -> None:
        super().__init__(first=FIRST, least=LEAST, most=MOST, wish=WISH)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Open a transaction that raises OperationalError where a lock can't be had soon, and learn from its time.

        What pruning did may be lost with the machine, being old and going again: so no lock waits for the disk.
        """
        began = time.monotonic()
        with transaction.atomic():
            session.set_local(lock_timeout="100ms", synchronous_commit="off")
            yield
        self.took(time.monotonic() - began)
