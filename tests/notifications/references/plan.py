"""The plan once more, slow and obvious: each person and each event by itself, nothing kept from one to the next.

It shares the words (facts, rows) with the real one and none of its code.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from notifications.routing.facts import EventFacts, Head, PlannedRow, Preference, RoutingContext

Decision = tuple[list[PlannedRow], dict[tuple[int, int], str]]


def reference(facts: Sequence[EventFacts], context: RoutingContext) -> Decision:
    rows: list[PlannedRow] = []
    why_not: dict[tuple[int, int], str] = {}
    for user in sorted({user for people in context.audience.values() for user in people}):
        seq = context.seqs.get(user, 0)
        for event in facts:
            if user not in context.audience.get(event.event_id, {}):
                continue
            if event.is_withdrawn:
                why_not[event.event_id, user] = "withdrawn"
                continue
            for channel in ("in_app", "email", "webhook", "chat"):
                if channel not in wanted(event, user, context) or why_nothing(event, user, channel, facts, context):
                    continue
                seq += channel == "in_app"
                made = row(event, user, channel, context, seq=seq if channel == "in_app" else 0)
                if channel == "in_app":
                    show(made, event, rows, facts, context)
                else:
                    rows.append(speak(made, event, rows, facts, context))
            reason = why_no_channel(event, user, context) or (
                why_nothing(event, user, "in_app", facts, context) if "in_app" in wanted(event, user, context) else ""
            )
            if reason:
                why_not[event.event_id, user] = reason
    return rows, why_not


def why_no_channel(event: EventFacts, user: int, context: RoutingContext) -> str:
    if why := why_not_chosen(event, user, context):
        return why
    return "resolved" if event.is_over and "in_app" not in chosen(event, user, context) else ""


def why_not_chosen(event: EventFacts, user: int, context: RoutingContext) -> str:
    if is_muted(event, user, context):
        return "muted"
    preference = context.preferences.get((user, event.type.type_id))
    default = default_for(event, user, context)
    if default and not default.is_enabled and not event.type.is_locked:
        return "disabled_by_project"
    if preference and not default and not preference.is_enabled and not event.type.is_locked:
        return "disabled"
    scope = context.project_scopes.get((event.project_id or 0, user), preference.scope if preference else "all")
    if not in_scope(event, user, scope, context):
        return f"scope_{scope}"
    return "" if chosen(event, user, context) else "no_channels"


def is_muted(event: EventFacts, user: int, context: RoutingContext) -> bool:
    is_named = context.audience[event.event_id][user] in ("mentioned", "addressed")
    if is_named or event.type.is_critical or event.type.is_locked:
        return False
    muted = {entity for entity, users in context.mutes.items() if user in users}
    return event.source in muted or (event.project_id is not None and ("project", event.project_id) in muted)


def default_for(event: EventFacts, user: int, context: RoutingContext) -> Preference | None:
    """The project's default, unless the person chose for themselves."""
    preference = context.preferences.get((user, event.type.type_id))
    if preference and preference.is_chosen:
        return None
    return context.project_defaults.get((event.project_id or 0, event.type.type_id))


def wanted(event: EventFacts, user: int, context: RoutingContext) -> set[str]:
    if why_no_channel(event, user, context):
        return set()
    return {"in_app"} if event.is_over else chosen(event, user, context)


def chosen(event: EventFacts, user: int, context: RoutingContext) -> set[str]:
    preference = context.preferences.get((user, event.type.type_id))
    preference = default_for(event, user, context) or preference
    channels = set(preference.channels if preference else event.type.default_channels)
    if event.type.is_locked:
        channels |= set(event.type.default_channels)
    channels = {channel for channel in channels if step(event, user, channel, context) != "never"}
    return channels & {"in_app", "email", "webhook", "chat"}


def step(event: EventFacts, user: int, channel: str, context: RoutingContext) -> int | str:
    """Minutes that the channel waits, or "never": as chosen for the type, else by the person, else by the type."""
    if event.type.is_critical:
        return 0
    preference = context.preferences.get((user, event.type.type_id))
    preference = default_for(event, user, context) or preference
    for ladder in (preference.ladder if preference else (), context.ladders.get(user, ()), event.type.ladder):
        for name, minutes in ladder:
            if name == channel:
                is_kept = event.type.is_locked and channel in event.type.default_channels
                return 0 if minutes == "never" and is_kept else minutes
    return 0


def waits_for(row: PlannedRow, event: EventFacts, context: RoutingContext) -> int:
    """Minutes that its channel waits; none where nothing of the event is in the feed."""
    minutes = step(event, row.user_id, row.channel, context)
    return int(minutes) if minutes and "in_app" in chosen(event, row.user_id, context) else 0


def in_scope(event: EventFacts, user: int, scope: str, context: RoutingContext) -> bool:
    mine = event.actor_id == user or (event.source, user) in context.owners
    always = [
        scope == "all",
        event.type.is_critical,
        event.type.is_locked,
        context.audience[event.event_id][user] in ("mentioned", "addressed"),
        (event.event_id, user) in context.unscoped,
    ]
    if scope == "nothing":
        return any(always)
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
        if not other.is_withdrawn
        and (other.type.group, other.source) == (event.type.group, event.source)
        and user in context.audience.get(other.event_id, {})
        and "in_app" in wanted(other, user, context)
    ]
    existing = [row.position for row in context.existing.get((user, event.group_key or ""), ())]
    newest = max(rivals) == event.position and not any(position >= event.position for position in existing)
    return "" if newest else "replaced"


def row(event: EventFacts, user: int, channel: str, context: RoutingContext, *, seq: int) -> PlannedRow:
    hold = "none" if event.type.is_critical or event.is_over else context.holds.get(user, "none")
    unread = [one for one in context.existing.get((user, event.group_key or ""), ()) if one.is_counted]
    is_old = unread and channel == "in_app" and not event.is_over
    old = sorted(unread, key=lambda one: one.position)[-1] if is_old else None
    is_quiet = old is not None and event.type.updates_quietly and old.type_id == event.type.type_id
    return PlannedRow(
        event_id=event.event_id,
        user_id=user,
        channel=channel,
        reason=context.audience[event.event_id][user],
        hold=hold,
        group_key=event.group_key,
        seq=seq,
        toast=channel == "in_app" and hold == "none" and not is_quiet and not event.is_over,
        replaces=old.row_id if old else None,
    )


def burst_of(event: EventFacts) -> tuple[str, float] | None:
    """Key of the burst and the length of its window."""
    kind = event.type
    if not kind.burst_seconds or kind.is_critical or kind.group or event.source is None:
        return None
    return f"burst|{kind.type_id}|{event.source[0]}|{event.source[1]}", kind.burst_seconds


def show(
    row: PlannedRow, event: EventFacts, rows: list[PlannedRow], facts: Sequence[EventFacts], context: RoutingContext
) -> None:
    """Put a row into the feed: as it is, as a head, or as what a head shows now."""
    if row.replaces is not None:
        rows.append(row)
        return
    if event.is_over:
        rows.append(row)
        return
    burst, storm = burst_of(event), f"storm|{event.type.type_id}"
    if burst and is_put_on_top(row, event, burst[0], rows, context):
        return
    key, until = (burst[0], moment(context.now + burst[1])) if burst else (None, None)
    if context.storm_limit and not event.type.is_critical:
        end, came_before = hour_of(row.user_id, storm, context, span=60)
        came = came_before + sum(came_alone(one, event, rows, facts) for one in rows if one.user_id == row.user_id)
        if came >= context.storm_limit:
            if is_put_on_top(row, event, storm, rows, context):
                return
            key, until = storm, end
    actors = (event.actor_id,) if key and event.actor_id else ()
    rows.append(row._replace(group_key=key or row.group_key, folds_until=until, actors=actors))


def came_alone(one: PlannedRow, event: EventFacts, rows: list[PlannedRow], facts: Sequence[EventFacts]) -> bool:
    """True for a row of the same type that was counted: one that asked for a place of its own."""
    types = {fact.event_id: fact.type.type_id for fact in facts if not fact.is_over}
    is_new = one.channel == "in_app" and one.replaces is None and one.seq > 0
    return is_new and types.get(one.event_id) == event.type.type_id and not joined_burst(one, rows)


def joined_burst(one: PlannedRow, rows: list[PlannedRow]) -> bool:
    """True for a row that joined a burst rather than began one: it never was asked whether there is a storm."""
    key = one.folded_into or one.group_key or ""
    if not key.startswith("burst|"):
        return False
    of_burst = [other for other in rows if other.user_id == one.user_id and other.channel == "in_app"]
    of_burst = [other for other in of_burst if key in (other.folded_into, other.group_key)]
    return any(other.seq < one.seq for other in of_burst)


def is_put_on_top(
    row: PlannedRow, event: EventFacts, key: str, rows: list[PlannedRow], context: RoutingContext
) -> bool:
    """Make the row what the head shows, if there is a head."""
    place = (row.user_id, "in_app", key)
    planned = [one for one in rows if (one.user_id, one.channel, one.group_key) == place and one.folds_until]
    if planned:
        [head] = planned
        folded = head._replace(
            toast=False, replaces=None, group_key=None, folds_until=None, total=1, actors=(), folded_into=key
        )
        rows[rows.index(head)] = folded
        merged = row._replace(toast=head.toast, replaces=head.replaces, folds_until=head.folds_until)
        total, actors = head.total, head.actors
    elif place in context.heads:
        stored = context.heads[place]
        rows.append(left_behind(stored, row.user_id, key))
        merged = row._replace(
            toast=row.toast and stored.hold != "none", replaces=stored.row_id, folds_until=stored.folds_until
        )
        total, actors = stored.total, stored.actors
    else:
        return False
    newest_first = [event.actor_id] if event.actor_id else []
    newest_first += [one for one in actors if one != event.actor_id]
    rows.append(merged._replace(group_key=key, total=total + 1, actors=tuple(newest_first[:4])))
    return True


def left_behind(stored: Head, user: int, key: str) -> PlannedRow:
    """The row that the head's last event gets when another takes its place."""
    return PlannedRow(
        event_id=stored.event_id,
        user_id=user,
        channel="in_app",
        reason=stored.reason,
        hold=stored.hold,
        group_key=None,
        seq=0,
        toast=False,
        folded_into=key,
        summary_id=stored.summary_id,
        told_at=stored.created_at,
    )


def speak(
    row: PlannedRow, event: EventFacts, rows: list[PlannedRow], facts: Sequence[EventFacts], context: RoutingContext
) -> PlannedRow:
    """Row of another channel: held where its burst has begun there, or as many came before it as the cap lets by."""
    if row.hold != "none":
        return row
    if minutes := waits_for(row, event, context):
        # Elsewhere at once; here not before its person had time to read.
        free = context.__class__(**{name: getattr(context, name) for name in context.__slots__ if name != "caps"})
        end = moment(context.now + minutes * 60)
        at_once = hold_of_burst(row, event, rows, facts, free)
        return at_once._replace(
            hold="ladder" if at_once.hold == "none" else "burst", hold_until=max(end, at_once.hold_until or end)
        )
    return hold_of_burst(row, event, rows, facts, context)


def hold_of_burst(
    row: PlannedRow, event: EventFacts, rows: list[PlannedRow], facts: Sequence[EventFacts], context: RoutingContext
) -> PlannedRow:
    burst = burst_of(event)
    if burst:
        place = (row.user_id, row.channel, burst[0])
        ends = [one.folds_until for one in rows if (one.user_id, one.channel, one.group_key) == place]
        if place in context.heads:
            ends = [context.heads[place].folds_until]
        if ends:
            return row._replace(hold="burst", hold_until=ends[0], folded_into=burst[0])
    if row.channel in context.caps and not event.type.is_critical:
        critical = {one.event_id for one in facts if one.type.is_critical}
        end, came_before = hour_of(row.user_id, row.channel, context, span=3600)
        before = [one for one in rows if (one.user_id, one.channel) == (row.user_id, row.channel)]
        counted = [one for one in before if one.hold in ("none", "burst") and one.event_id not in critical]
        if came_before + len([one for one in counted if one.folded_into is None]) >= context.caps[row.channel]:
            return row._replace(hold="burst", hold_until=end)
    if burst:
        return row._replace(group_key=burst[0], folds_until=moment(context.now + burst[1]))
    return row


def hour_of(user: int, name: str, context: RoutingContext, *, span: int) -> tuple[datetime, int]:
    end, came = json.loads(context.hours.get(user, "{}")).get(name, (context.now + span, 0))
    return moment(end), came


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
