"""Alerts to admins, over the bus itself: that people are told late, that it is over, and that deliveries failed.

What was said last is an event of the thing's own, and the key of the next one names it: of several workers that see
the same, one says it. So nothing is kept beside the log.
"""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from delivery import channels
from delivery.models import Delivery
from delivery.monitoring.backlog import Backlog, backlog
from events.bus import publish
from events.entities import Entity
from events.errors import Refused
from events.models import Event

logger = logging.getLogger(__name__)

BEHIND, CAUGHT_UP = "system.backlog", "system.backlog_over"
FAILING = "system.delivery_failing"
SOURCE = Entity("system", "backlog")
# Seconds between two looks of a process. What two of them see stands.
LOOK_EVERY = 30.0
# Events that aren't routed, and seconds for which the oldest waits: beyond one of them there is a backlog.
MOST_EVENTS, MOST_UNNUMBERED, MOST_UNDELIVERED = 1_000, 60.0, 300.0
# It is over once all are below such a share.
OVER = 0.5
TOLD_EVERY, COUNTED_SINCE = timedelta(hours=1), timedelta(days=1)
# Failed deliveries, the newest, that are counted.
MOST_FAILED = 500


class OperatorAlerts:
    """Looks of one process, now and then, however often it is asked."""

    def __init__(self) -> None:
        self._at, self._was_behind = time.monotonic(), False

    def advance(self, *, now: datetime) -> None:
        if time.monotonic() - self._at >= LOOK_EVERY:
            self._at = time.monotonic()
            self.look(now=now)

    def look(self, *, now: datetime) -> None:
        """Look once: at most ten queries where all is well."""
        self._look_at_backlog(backlog(now=now))
        _look_at_failed(now=now)

    def _look_at_backlog(self, found: Backlog) -> None:
        last = _last_about(SOURCE)
        is_told = last is not None and last.event_type.name == BEHIND
        is_behind = _is_beyond(found, share=OVER if is_told else 1.0)
        if is_told and not is_behind:
            _tell(CAUGHT_UP, SOURCE, after=last, payload={})
        elif is_behind and self._was_behind and not is_told:
            waited = max(found.oldest_unnumbered_seconds, found.oldest_undelivered_seconds)
            _tell(BEHIND, SOURCE, after=last, payload={"events": found.router_lag, "minutes": int(waited // 60)})
        self._was_behind = is_behind


def _is_beyond(found: Backlog, *, share: float) -> bool:
    return (
        found.router_lag > MOST_EVENTS * share
        or found.oldest_unnumbered_seconds > MOST_UNNUMBERED * share
        or found.oldest_undelivered_seconds > MOST_UNDELIVERED * share
    )


def _look_at_failed(*, now: datetime) -> None:
    """Tell of what failed since it was told last, each channel's once an hour. One query, one more for each channel."""
    dead = Delivery.objects.filter(state=Delivery.State.DEAD, purpose__in=Delivery.REPEATABLE).order_by("-id")
    columns = ("kind", "settled_at", "notification__event__event_type__name")
    # The alert itself, where it is wanted by the channel that fails, is no news.
    rows = [
        (kind, at)
        for kind, at, about in dead.values_list(*columns)[:MOST_FAILED]
        if at is not None and at > now - COUNTED_SINCE and about != FAILING
    ]
    for kind in sorted({kind for kind, _at in rows} & channels.installed()):
        source = Entity("channel", kind)
        last = _last_about(source)
        if last is not None and last.created_at > now - TOLD_EVERY:
            continue
        since = last.created_at if last else now - TOLD_EVERY
        if count := sum(each == kind and at > since for each, at in rows):
            label = str(channels.named(kind).label)
            _tell(FAILING, source, after=last, payload={"channel": label, "count": count})


def _last_about(source: Entity) -> Event | None:
    """Return the newest event about it: one step of an index."""
    events = Event.objects.filter(**source.columns("source_entity")).select_related("event_type")
    return events.order_by("-id").first()


def _tell(event_type: str, source: Entity, *, after: Event | None, payload: dict[str, Any]) -> None:
    key = f"{event_type}:{source}:{after.pk if after else 0}"
    try:
        publish(event_type, source=source, payload=payload, idempotency_key=key)
    except Refused as refused:
        # Another worker has said it, or the type is switched off.
        logger.info("%s is not told: %s", event_type, refused)
