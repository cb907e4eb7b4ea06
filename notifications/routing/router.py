"""First subscriber of the log: turns events into notifications, in the transaction of its position."""

import logging
from collections.abc import Sequence
from datetime import datetime

from events.bus import subscriber
from events.db import clock
from events.models import Event
from notifications.routing import audiences, fanout, writer
from notifications.routing.plan import Plan

logger = logging.getLogger(__name__)

NAME = fanout.SUBSCRIBER


@subscriber(NAME, "*", transactional=True, start=0, sets_pace=True)
def on_events(events: list[Event]) -> None:
    route(events, now=clock.estimate())


def route(events: Sequence[Event], *, now: datetime) -> Plan:
    """Notify the people that these events concern; large audiences are left to the fan-out, chunk by chunk.

    Must run in a transaction; events come in log order with their types and actors.
    """
    resolved = audiences.resolve(events)
    if resolved.skipped:
        logger.info("%d unknown or inactive people are not told of these %d events", resolved.skipped, len(events))
    fanout.begin(resolved.large)
    return writer.notify([event for event in events if event.pk not in resolved.large], resolved, now=now)
