"""Frames of new rows for the tabs of their people."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from events.db.clock import instant
from events.models import Event
from notifications.inbox import feed, push
from notifications.presentation import access, burst_text
from notifications.routing.facts import PlannedRow


def announce(
    events: Sequence[Event],
    in_feed: Sequence[tuple[int, PlannedRow]],
    *,
    unread: Mapping[int, int],
    now: datetime,
) -> None:
    """Hand a frame for each row in the feed to the hubs, which add what all of an event share.

    `in_feed`: ids and their rows; `unread`: person -> unread count before them.
    """
    hidden = _hidden(events, in_feed)
    hidden_events = {event_id for _user, event_id in hidden}
    without_text = [access.hide(copy(event)) for event in events if event.pk in hidden_events]
    shown = {row.event_id for _pk, row in in_feed}
    shared: dict[int, dict[str, Any]] = {
        -event.pk if event.is_hidden else event.pk: {
            "event": feed.event_json(event),
            "timestamp": instant(event.created_at),
        }
        for event in (*events, *without_text)
        if event.pk in shown
    }
    waiting = {event.pk for event in events if event.event_type.escalation and event.resolved_by_id is None}
    known = burst_text.names_of({actor for _pk, row in in_feed if row.total > 1 for actor in row.actors})
    counts, stamp, pushes = dict(unread), instant(now), []
    bodies: dict[tuple[int, int, tuple[int, ...]], str] = {}  # in a crowd most say the same
    for pk, row in in_feed:
        counts[row.user_id] += row.replaces is None
        own = {
            "id": pk,
            "seq": row.seq,
            "feed_seq": row.seq,
            "reason": row.reason,
            "count": row.total,
            "actors": list(row.actors[: burst_text.MOST_NAMED]),
            "channel": row.channel,
            "is_read": False,
            "read_at": None,
            "done_at": None,
            "snoozed_until": None,
            "acknowledged_by": None,
            "is_delivered": True,
            "delivered_at": stamp,
            "created_at": stamp,
        }
        key = -row.event_id if (row.user_id, row.event_id) in hidden else row.event_id
        if key in waiting:
            own["acknowledged_by"] = ""
        if row.total > 1:
            if (said := (key, row.total, row.actors)) not in bodies:
                text = shared[key]["event"]["display_body"] or shared[key]["event"]["body"]
                names = burst_text.named(row.actors if key > 0 else (), known)
                bodies[said] = burst_text.body(text, total=row.total, names=names)
            own["display_body"] = bodies[said]
        frame = {"seq": row.seq, "unread_count": counts[row.user_id], "toast": row.toast, "own": own}
        pushes.append(push.Push(row.user_id, frame, key))
    push.push(pushes, shared=shared)


def _hidden(events: Sequence[Event], in_feed: Sequence[tuple[int, PlannedRow]]) -> set[tuple[int, int]]:
    """Find who (person, event) may not see what an event is about. One query, if the host is asked."""
    sources = {event.pk: event.source for event in events if event.source} if access.is_asked() else {}
    pairs = {
        (row.user_id, row.event_id): (row.user_id, source)
        for _pk, row in in_feed
        if (source := sources.get(row.event_id))
    }
    known = access.answers(set(pairs.values())) if pairs else {}
    return {key for key, pair in pairs.items() if not known.get(pair)}
