"""First subscriber of the log: turns events into notifications, in the transaction of its position, and ends them."""

import logging
from collections.abc import Sequence
from datetime import datetime

from events.bus import subscriber
from events.db import clock
from events.models import Event
from events.monitoring import families
from events.transport import tracing
from notifications import channels
from notifications.endings import ending
from notifications.escalations import steps
from notifications.routing import audiences, fanout, named_audiences, writer
from notifications.routing.facts import Plan

logger = logging.getLogger(__name__)

NAME = named_audiences.SUBSCRIBER


@subscriber(NAME, "*", transactional=True, start=0, sets_pace=True)
def on_events(events: list[Event]) -> None:
    began = clock.estimate()
    made = route(events, now=began, sets_aside=True)
    tracing.record("carillon.route", events, since=began)
    tally, at = writer.tally_of(made), clock.estimate()
    tally.add(families.ROUTED, count=len(events))
    in_feed = {row.event_id for row in made.rows if row.channel == "in_app"}
    seconds = [(at - event.created_at).total_seconds() for event in events if event.pk in in_feed]
    tally.observe(families.FEED_SECONDS, seconds=seconds)
    tally.write()


def route(events: Sequence[Event], *, now: datetime, sets_aside: bool = False) -> Plan:
    """Notify the people that these events concern; large audiences are left to the fan-out, chunk by chunk. What
    goes to no person is opened here, once for each event, whoever is told.

    Must run in a transaction; events come in log order with their types and actors. `sets_aside`: events some of whose
    people can't be found now, to be tried again; else, and where they are set aside already, AudienceError is raised.
    """
    resolved = audiences.resolve(events)
    if failed := resolved.failed:
        for error in named_audiences.leave_aside(events, failed, now=now) if sets_aside else failed.values():
            raise error
    if resolved.skipped:
        logger.info("%d unknown or inactive people are not told of these %d events", resolved.skipped, len(events))
    ended = ending.begin(events, reader=NAME, most=audiences.LARGE)
    fanout.begin(resolved.large | ended.large)
    ending.lock(ended, resolved.people)
    made = writer.notify([event for event in events if event.pk not in resolved.large], resolved, now=now)
    ending.end(ended, now=now)
    steps.begin(events, now=now)
    channels.open_events([event for event in events if not (event.withdrawn_at or event.resolved_by_id)])
    return made
