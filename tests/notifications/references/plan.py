"""The plan once more, slow and obvious: each person and each event by itself, nothing kept from one to the next.

It shares the words (facts, rows) with the real one and none of its code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from notifications.routing.plan import EventFacts, PlannedRow, RoutingContext

Decision = tuple[list[PlannedRow], dict[tuple[int, int], str]]


def reference(facts: Sequence[EventFacts], context: RoutingContext) -> Decision:
    rows: list[PlannedRow] = []
    why_not: dict[tuple[int, int], str] = {}
    for user in sorted({user for people in context.audience.values() for user in people}):
        seq = context.seqs.get(user, 0)
        for event in facts:
            if user not in context.audience.get(event.event_id, {}):
                continue
            for channel in ("in_app", "email", "webhook", "chat"):
                if channel not in wanted(event, user, context) or why_nothing(event, user, channel, facts, context):
                    continue
                seq += channel == "in_app"
                made = row(event, user, channel, context, seq=seq if channel == "in_app" else 0)
                rows.append(within_the_hour(made, rows, facts, context))
            reason = why_no_channel(event, user, context) or (
                why_nothing(event, user, "in_app", facts, context) if "in_app" in wanted(event, user, context) else ""
            )
            if reason:
                why_not[event.event_id, user] = reason
    return rows, why_not


def why_no_channel(event: EventFacts, user: int, context: RoutingContext) -> str:
    preference = context.preferences.get((user, event.type.type_id))
    if preference and not preference.is_enabled and not event.type.is_locked:
        return "disabled"
    if preference and not in_scope(event, user, preference.scope, context):
        return f"scope_{preference.scope}"
    return "" if chosen(event, user, context) else "no_channels"


def wanted(event: EventFacts, user: int, context: RoutingContext) -> set[str]:
    return set() if why_no_channel(event, user, context) else chosen(event, user, context)


def chosen(event: EventFacts, user: int, context: RoutingContext) -> set[str]:
    preference = context.preferences.get((user, event.type.type_id))
    channels = set(preference.channels if preference else event.type.default_channels)
    if event.type.is_locked:
        channels |= set(event.type.default_channels)
    return channels & {"in_app", "email", "webhook", "chat"}


def in_scope(event: EventFacts, user: int, scope: str, context: RoutingContext) -> bool:
    mine = event.actor_id == user or (event.source, user) in context.owners
    always = [
        scope == "all",
        event.type.is_critical,
        event.type.is_locked,
        context.audience[event.event_id][user] == "mentioned",
        (event.event_id, user) in context.unscoped,
    ]
    return any(always) or mine or (scope == "my_projects" and (event.project_id, user) in context.project_members)


def why_nothing(
    event: EventFacts, user: int, channel: str, facts: Sequence[EventFacts], context: RoutingContext
) -> str:
    """Reason for which a wanted channel gets no row."""
    if (event.event_id, user, channel) in context.already_notified:
        return "already_told"
    if channel != "in_app" or not event.type.group or event.source is None:
        return ""
    rivals = [
        other.position
        for other in facts
        if (other.type.group, other.source) == (event.type.group, event.source)
        and user in context.audience.get(other.event_id, {})
        and "in_app" in wanted(other, user, context)
    ]
    existing = [row.position for row in context.existing.get((user, event.group_key or ""), ())]
    newest = max(rivals) == event.position and not any(position >= event.position for position in existing)
    return "" if newest else "replaced"


def row(event: EventFacts, user: int, channel: str, context: RoutingContext, *, seq: int) -> PlannedRow:
    hold = "none" if event.type.is_critical else context.holds.get(user, "none")
    unread = [one for one in context.existing.get((user, event.group_key or ""), ()) if one.is_counted]
    old = sorted(unread, key=lambda one: one.position)[-1] if unread and channel == "in_app" else None
    is_quiet = old is not None and event.type.updates_quietly and old.type_id == event.type.type_id
    return PlannedRow(
        event_id=event.event_id,
        user_id=user,
        channel=channel,
        reason=context.audience[event.event_id][user],
        hold=hold,
        group_key=event.group_key,
        seq=seq,
        toast=channel == "in_app" and hold == "none" and not is_quiet,
        replaces=old.row_id if old else None,
    )


def within_the_hour(
    row: PlannedRow, rows: list[PlannedRow], facts: Sequence[EventFacts], context: RoutingContext
) -> PlannedRow:
    """The row, held where as many came before it as the cap lets through."""
    critical = {one.event_id for one in facts if one.type.is_critical}
    if row.hold != "none" or row.channel not in context.caps or row.event_id in critical:
        return row
    end, came_before = json.loads(context.hours.get(row.user_id, "{}")).get(row.channel, (context.now + 3600, 0))
    before = [one for one in rows if (one.user_id, one.channel) == (row.user_id, row.channel)]
    counted = [one for one in before if one.hold in ("none", "burst") and one.event_id not in critical]
    came = came_before + len(counted)
    if came < context.caps[row.channel]:
        return row
    return row._replace(hold="burst", hold_until=datetime.fromtimestamp(end, UTC))
