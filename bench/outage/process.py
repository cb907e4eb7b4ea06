"""Process that opens mails while nothing listens on the mail server's port, starts it, and waits for the last one."""

from __future__ import annotations

import os
import time

from django.contrib.auth.models import User

from bench import processes
from bench.mails.process import PEOPLE, open_deliveries
from delivery.models import Attempt, Delivery

AWAY, TIMEOUT = 30.0, 120.0


def main(mails: int, port: int) -> dict[str, float]:
    """Attempts that failed, and seconds from the server's return to the first mail sent and to the last."""
    names = [f"u{number}" for number in range(PEOPLE)]
    open_deliveries(
        User.objects.bulk_create(User(username=name, email=f"{name}@{name}.example") for name in names), mails
    )
    time.sleep(AWAY)
    with processes.started("-m", "bench.mails.receiver", str(port), env=os.environ) as receiver:
        processes.read_line(receiver)
        began = time.perf_counter()
        first = _seconds_until(1, began=began)
        seconds = _seconds_until(mails, began=began)
    return {"attempts": Attempt.objects.count() - mails, "seconds": seconds, "first": first, "away": AWAY}


def _seconds_until(count: int, *, began: float) -> float:
    while (sent := Delivery.objects.filter(state=Delivery.State.SENT).count()) < count:
        assert time.perf_counter() - began < TIMEOUT, f"{sent} of {count} were sent"
        time.sleep(0.05)
    return time.perf_counter() - began
