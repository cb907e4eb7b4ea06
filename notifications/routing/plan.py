"""Decision which rows a batch of events makes, for whom, held or not, and why not. Pure: no database, no clock.

A slow, obvious reference in the tests says the same (tests/notifications/references/plan.py).
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from notifications.holds import hourly_cap

NO_HOLD, BURST = "none", "burst"

Source = tuple[str, int]


@dataclass(frozen=True, slots=True)
class TypeFacts:
    type_id: int
    is_critical: bool = False
    is_locked: bool = False
    default_channels: tuple[str, ...] = ("in_app",)
    group: str = ""
    updates_quietly: bool = False


@dataclass(frozen=True, slots=True)
class EventFacts:
    event_id: int
    position: int
    type: TypeFacts
    source: Source | None = None
    project_id: int | None = None
    actor_id: int | None = None

    @property
    def group_key(self) -> str | None:
        """Key that the rows of one replacing group and source share; None: the event replaces nothing."""
        return f"{self.type.group}|{self.source[0]}|{self.source[1]}" if self.type.group and self.source else None


class Preference(NamedTuple):
    is_enabled: bool
    channels: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class ExistingRow:
    """A row that a person has in a replacing group. `position` is its event's. Only one that the badge counts is
    replaced: not one that is read, done or snoozed."""

    row_id: int
    position: int
    is_counted: bool
    type_id: int


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """Knowledge loaded under the locks. Missing keys mean the defaults: no row, or one that says the same."""

    audience: Mapping[int, Mapping[int, str]]  # event -> person -> reason
    seqs: Mapping[int, int]  # person -> inbox seq
    channels: Sequence[str] = ("in_app", "email", "webhook", "chat")  # that there are, in the order of their rows
    preferences: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (person, type)
    holds: Mapping[int, str] = field(default_factory=dict)  # person -> why they are not to be interrupted now
    owners: AbstractSet[tuple[Source, int]] = frozenset()
    unscoped: AbstractSet[tuple[int, int]] = frozenset()  # (event, person): addressed as admins, whatever the reason
    project_members: AbstractSet[tuple[int, int]] = frozenset()  # (project, person)
    already_notified: AbstractSet[tuple[int, int, str]] = frozenset()  # (event, person, channel)
    existing: Mapping[tuple[int, str], Sequence[ExistingRow]] = field(default_factory=dict)  # (person, group key)
    caps: Mapping[str, int] = field(default_factory=dict)  # channel -> most within an hour; 0: as many as come
    hours: Mapping[int, str] = field(default_factory=dict)  # person -> what came to them already
    now: float = 0.0  # in seconds since 1970; counts where there are caps


class PlannedRow(NamedTuple):
    """A notification to write. `replaces`: the row to update in place; None: a new one. `seq` is 0 off the feed."""

    event_id: int
    user_id: int
    channel: str
    reason: str
    hold: str
    group_key: str | None
    seq: int
    toast: bool
    replaces: int | None = None
    hold_until: datetime | None = None


@dataclass(slots=True)
class Plan:
    """Rows in the order of their `seq` for each person; and for everybody else why there is none."""

    rows: list[PlannedRow] = field(default_factory=list)
    why_not: dict[tuple[int, int], str] = field(default_factory=dict)  # (event, person)
    hours: dict[int, str] = field(default_factory=dict)  # person -> their hours, where one counts more


def plan(facts: Sequence[EventFacts], context: RoutingContext) -> Plan:
    """Decide for a batch in log order. Each person's `seq` follows the log."""
    made = Plan()
    seqs = dict(context.seqs)
    last_of_group = _last_of_group(facts, context)
    for event in facts:
        offer, key = _Offer(event, context), event.group_key
        holds, caps = ({}, {}) if event.type.is_critical else (context.holds, context.caps)
        for user_id, reason in context.audience.get(event.event_id, {}).items():
            channels, why_not = offer.to(user_id, reason=reason)
            hold = holds.get(user_id, NO_HOLD)
            for channel in channels:
                if context.already_notified and (event.event_id, user_id, channel) in context.already_notified:
                    why_not = "already_told" if channel == "in_app" else why_not
                elif channel != "in_app":
                    row = PlannedRow(event.event_id, user_id, channel, reason, hold, key, 0, False)
                    if hold == NO_HOLD and (most := caps.get(channel)):
                        row = _in_hour(row, most=most, made=made, context=context)
                    made.rows.append(row)
                else:
                    seq = seqs.get(user_id, 0) + 1
                    row = PlannedRow(event.event_id, user_id, channel, reason, hold, key, seq, hold == NO_HOLD)
                    if key is not None:
                        row, why_not = _in_group(event, row, context=context, last=last_of_group[user_id, key])
                    if not why_not:
                        seqs[user_id] = seq
                        made.rows.append(row)
            if why_not:
                made.why_not[event.event_id, user_id] = why_not
    return made


class _Offer:
    """Channels of an event: worked out once for all people who chose alike."""

    def __init__(self, event: EventFacts, context: RoutingContext) -> None:
        self._event, self._context, self._type = event, context, event.type
        self._channels: dict[Preference, tuple[list[str], str]] = {}
        self._default = self._worked_out(Preference(True, event.type.default_channels, "all"))

    def to(self, user_id: int, *, reason: str) -> tuple[list[str], str]:
        """Channels for this person, or why there are none."""
        chosen = self._context.preferences.get((user_id, self._type.type_id))
        if chosen is None:
            return self._default
        if not chosen.is_enabled and not self._type.is_locked:
            return [], "disabled"
        if chosen.scope != "all" and not self._is_in_scope(user_id, reason=reason, scope=chosen.scope):
            return [], f"scope_{chosen.scope}"
        if chosen not in self._channels:
            self._channels[chosen] = self._worked_out(chosen)
        return self._channels[chosen]

    def _worked_out(self, chosen: Preference) -> tuple[list[str], str]:
        names = {*chosen.channels, *(self._type.default_channels if self._type.is_locked else ())}
        channels = [name for name in self._context.channels if name in names]
        return channels, "" if channels else "no_channels"

    def _is_in_scope(self, user_id: int, *, reason: str, scope: str) -> bool:
        """`my_jobs`: they did it or own its source. `my_projects`: that, or they belong to the event's project."""
        event, context = self._event, self._context
        if self._type.is_critical or self._type.is_locked or reason == "mentioned":
            return True
        if (event.event_id, user_id) in context.unscoped or event.actor_id == user_id:
            return True
        if event.source is not None and (event.source, user_id) in context.owners:
            return True
        return scope == "my_projects" and (event.project_id, user_id) in context.project_members


def _in_hour(row: PlannedRow, *, most: int, made: Plan, context: RoutingContext) -> PlannedRow:
    """Count a row in its person's hour; hold it where it is more than the cap."""
    hours = made.hours.get(row.user_id) or context.hours.get(row.user_id, "")
    made.hours[row.user_id], until = hourly_cap.add(hours, channel=row.channel, most=most, now=context.now)
    return row._replace(hold=BURST, hold_until=until) if until else row


def _last_of_group(facts: Sequence[EventFacts], context: RoutingContext) -> dict[tuple[int, str], int]:
    """Find the last event of each person's group in this batch that reaches their feed: the others give way to it."""
    last: dict[tuple[int, str], int] = {}
    for event in facts:
        if (key := event.group_key) is None:
            continue
        offer = _Offer(event, context)
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
    if not unread:
        return new, ""
    old = max(unread, key=lambda row: row.position)
    # A progress report updates the toast that its predecessor may still have; it doesn't pop up anew.
    is_quiet = event.type.updates_quietly and old.type_id == event.type.type_id
    toast = new.hold == NO_HOLD and not is_quiet
    return new._replace(toast=toast, replaces=old.row_id), ""
