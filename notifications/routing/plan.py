"""Decision which rows a batch of events makes, for whom, held or not, and why not. Pure: no database, no clock.

A slow, obvious reference in the tests says the same (tests/notifications/references/plan.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from events.rules import ladders
from events.rules.ladders import NEVER, Ladder
from notifications.routing.bursts import Folding
from notifications.routing.facts import (
    LADDER,
    NO_HOLD,
    PERSONAL,
    EventFacts,
    Plan,
    PlannedRow,
    Preference,
    RoutingContext,
    TypeFacts,
)


def plan(facts: Sequence[EventFacts], context: RoutingContext) -> Plan:
    """Decide for a batch in log order. Each person's `seq` follows the log."""
    made = Plan()
    withdrawn, facts = _sorted_out(facts)
    made.why_not |= {(pk, user): "withdrawn" for pk in withdrawn for user in context.audience.get(pk, {})}
    offers, known = _offers(facts, context), context.already_notified
    writer = _Writer(made, context, last_of_group=_last_of_group(facts, context, offers=offers))
    for event in facts:
        offer = offers[event.event_id]
        writer.begin(event)
        for user_id, reason in context.audience.get(event.event_id, {}).items():
            channels, why_not, waits = offer.to(user_id, reason=reason)
            if event.is_over and channels:
                # Where nothing rings and nothing goes out; the router reads it at once.
                channels, why_not = (["in_app"], "") if "in_app" in channels else ([], "resolved")
            for channel in channels:
                if known and (event.event_id, user_id, channel) in known:
                    why_not = "already_told" if channel == "in_app" else why_not
                elif channel == "in_app":
                    why_not = writer.show(user_id, reason=reason)
                else:
                    writer.send(user_id, channel, reason=reason, end=waits.get(channel))
            if why_not:
                made.why_not[event.event_id, user_id] = why_not
    return made


class _Writer:
    """Rows of one event after the other, added to the plan: those of the feed, and those of other channels."""

    def __init__(self, made: Plan, context: RoutingContext, *, last_of_group: Mapping[tuple[int, str], int]) -> None:
        self._made, self._context, self._last_of_group = made, context, last_of_group
        self._seqs, self._folding = dict(context.seqs), Folding(made, context)

    def begin(self, event: EventFacts) -> None:
        self._event, self._key = event, event.group_key
        self._burst_key = None if event.is_over else event.burst_key
        passes = event.type.is_critical or event.is_over
        self._holds, self._caps = ({}, {}) if passes else (self._context.holds, self._context.caps)

    def show(self, user_id: int, *, reason: str) -> str:
        """Add the row of the person's feed; or say why there is none."""
        event, key, seq = self._event, self._key, self._seqs.get(user_id, 0) + 1
        hold = self._holds.get(user_id, NO_HOLD)
        toast = hold == NO_HOLD and not event.is_over
        row = PlannedRow(event.event_id, user_id, "in_app", reason, hold, key, seq, toast)
        if key is not None:
            row, why_not = _in_group(event, row, context=self._context, last=self._last_of_group[user_id, key])
            if why_not:
                return why_not
        self._seqs[user_id] = seq
        if row.replaces is None and not event.is_over:
            self._folding.add(event, row, key=self._burst_key)
        else:
            self._made.rows.append(row)
        return ""

    def send(self, user_id: int, channel: str, *, reason: str, end: datetime | None) -> None:
        """Add the row of another channel, which waits until the `end` of its ladder if it has one."""
        hold = self._holds.get(user_id, NO_HOLD)
        row = PlannedRow(self._event.event_id, user_id, channel, reason, hold, self._key, 0, False)
        if hold == NO_HOLD:
            # What waits counts in its hour once it goes out.
            most = 0 if end else self._caps.get(channel, 0)
            row = self._folding.held(self._event, row, key=self._burst_key, most=most)
            row = _later(row, end) if end else row
        self._made.rows.append(row)


def _later(row: PlannedRow, end: datetime) -> PlannedRow:
    """Let a row wait until its person has had time to read; in a burst for the later of both ends."""
    hold = LADDER if row.hold == NO_HOLD else row.hold
    return row._replace(hold=hold, hold_until=max(end, row.hold_until or end))


class _Way(NamedTuple):
    """Channels, or why there are none; `waits`: ends of the waiting of those that wait."""

    channels: list[str]
    why_not: str
    waits: Mapping[str, datetime] = {}


# What a preference and a ladder come to, for one type.
_Ways = dict[tuple[Preference, Ladder], _Way]


class _Offer:
    """Channels of an event: worked out once for all people who chose alike. `made`: by offers of its type so far."""

    def __init__(self, event: EventFacts, context: RoutingContext, *, made: _Ways) -> None:
        self._event, self._context, self._type = event, context, event.type
        self._default = Preference(True, event.type.default_channels, "all")
        self._made = made
        project = event.project_id
        self._preset = None if project is None else context.project_defaults.get((project, event.type.type_id))
        passes = not context.mutes or event.type.is_critical or event.type.is_locked
        self._muted_by = set[int]() if passes else _muting(event, context)

    def to(self, user_id: int, *, reason: str) -> "_Way":
        """Channels for this person, or why there are none, and which of them wait."""
        if user_id in self._muted_by and reason not in PERSONAL:
            return _Way([], "muted")
        chosen, is_preset = self._chosen_by(user_id)
        if chosen is None:
            return self._way(user_id, self._default)
        if not chosen.is_enabled and not self._type.is_locked:
            return _Way([], "disabled_by_project" if is_preset else "disabled")
        if chosen.scope != "all" and not self._is_in_scope(user_id, reason=reason, scope=chosen.scope):
            return _Way([], f"scope_{chosen.scope}")
        return self._way(user_id, chosen)

    def _chosen_by(self, user_id: int) -> tuple[Preference | None, bool]:
        """Preference that counts, and whether its channels are the project's default; None: what the type offers."""
        context, type_id = self._context, self._type.type_id
        chosen, preset = context.preferences.get((user_id, type_id)), self._preset
        is_preset = preset is not None and not (chosen and chosen.is_chosen)
        if preset is not None and is_preset:
            chosen = preset._replace(scope=chosen.scope) if chosen else preset
        project = self._event.project_id
        if project is not None and (scope := context.project_scopes.get((project, user_id))):
            chosen = (chosen or Preference(True, self._type.default_channels, "all"))._replace(scope=scope)
        return chosen, is_preset

    def _way(self, user_id: int, chosen: Preference) -> "_Way":
        key = chosen, self._context.ladders.get(user_id, ())
        if key not in self._made:
            self._made[key] = self._worked_out(*key)
        return self._made[key]

    def _worked_out(self, chosen: Preference, own: Ladder) -> "_Way":
        kept = self._type.default_channels if self._type.is_locked else ()
        names = {*chosen.channels, *kept}
        steps = ladders.merged(self._type.ladder, own, chosen.ladder, is_critical=self._type.is_critical, kept=kept)
        channels = [name for name in self._context.channels if name in names and steps.get(name) != NEVER]
        waits = ladders.waits(steps, channels, now=self._context.now)
        return _Way(channels, "" if channels else "no_channels", waits)

    def _is_in_scope(self, user_id: int, *, reason: str, scope: str) -> bool:
        """`nothing`: never. `my_jobs`: they did it or own its source. `my_projects`: that, or they belong to its
        project."""
        event, context = self._event, self._context
        if self._type.is_critical or self._type.is_locked or reason in PERSONAL:
            return True
        if (event.event_id, user_id) in context.unscoped:
            return True
        if scope == "nothing":
            return False
        if event.actor_id == user_id:
            return True
        if event.source is not None and (event.source, user_id) in context.owners:
            return True
        return scope == "my_projects" and (event.project_id, user_id) in context.project_members


def _offers(facts: Sequence[EventFacts], context: RoutingContext) -> dict[int, _Offer]:
    """Make the offer of each event."""
    made = defaultdict[TypeFacts, _Ways](dict)
    return {event.event_id: _Offer(event, context, made=made[event.type]) for event in facts}


def _muting(event: EventFacts, context: RoutingContext) -> set[int]:
    """Find who mutes its source or its project."""
    return set[int]().union(*(context.mutes.get(entity, ()) for entity in event.entities))


def _sorted_out(facts: Sequence[EventFacts]) -> tuple[list[int], list[EventFacts]]:
    """Sort out what is withdrawn: it is told to nobody, and takes no other's place."""
    return [event.event_id for event in facts if event.is_withdrawn], [one for one in facts if not one.is_withdrawn]


def _last_of_group(
    facts: Sequence[EventFacts], context: RoutingContext, *, offers: Mapping[int, _Offer]
) -> dict[tuple[int, str], int]:
    """Find the last event of each person's group in this batch that reaches their feed: the others give way to it."""
    last: dict[tuple[int, str], int] = {}
    for event in facts:
        if (key := event.group_key) is None:
            continue
        offer = offers[event.event_id]
        for user_id, reason in context.audience.get(event.event_id, {}).items():
            if "in_app" in offer.to(user_id, reason=reason)[0]:
                last[user_id, key] = event.event_id
    return last


def _in_group(event: EventFacts, new: PlannedRow, *, context: RoutingContext, last: int) -> tuple[PlannedRow, str]:
    """Decide for the in-app row in a replacing group: new, in place of an existing one, or why not.

    `last`: the event of this batch that has the say in it.
    """
    existing = context.existing.get((new.user_id, new.group_key or ""), ())
    is_late = any(row.position >= event.position for row in existing)
    if is_late or last != event.event_id:
        return new, "replaced"
    unread = [row for row in existing if row.is_counted]
    if not unread or event.is_over:
        return new, ""
    old = max(unread, key=lambda row: row.position)
    # A progress report updates the toast that its predecessor may still have; it doesn't pop up anew.
    is_quiet = event.type.updates_quietly and old.type_id == event.type.type_id
    toast = new.hold == NO_HOLD and not is_quiet
    return new._replace(toast=toast, replaces=old.row_id), ""
