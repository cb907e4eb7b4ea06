"""The decision: which rows a batch of events makes, for whom, held or not, and why not. Pure: no database, no clock.

A slow, obvious reference in the tests says the same (tests/notifications/routing/test_plan.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

NO_HOLD = "none"

Source = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """What of an event type matters here."""

    type_id: int
    is_critical: bool = False
    is_locked: bool = False
    default_channels: tuple[str, ...] = ("in_app",)
    group: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """What of an event matters here."""

    event_id: int
    position: int
    kind: Kind
    source: Source | None = None
    project_id: int | None = None
    actor_id: int | None = None

    @property
    def group_key(self) -> str | None:
        """Rows of one replacing group and source share it; None: replaces nothing."""
        return f"{self.kind.group}|{self.source[0]}|{self.source[1]}" if self.kind.group and self.source else None


class Choice(NamedTuple):
    """A person's preference for a type."""

    is_enabled: bool
    channels: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A row that a person has in a replacing group. `position` is its event's."""

    row_id: int
    position: int
    is_read: bool
    type_id: int


@dataclass(frozen=True, slots=True)
class Known:
    """What was loaded under the locks. Missing keys mean the defaults: no row, or one that says the same."""

    audience: Mapping[int, Mapping[int, str]]  # event -> person -> reason
    seqs: Mapping[int, int]  # person -> inbox seq
    channels: Sequence[str] = ("in_app", "email", "webhook", "chat")  # that there are, in the order of their rows
    choices: Mapping[tuple[int, int], Choice] = field(default_factory=dict)  # (person, type)
    holds: Mapping[int, str] = field(default_factory=dict)  # person -> why they are not to be interrupted now
    owners: AbstractSet[tuple[Source, int]] = frozenset()
    unscoped: AbstractSet[tuple[int, int]] = frozenset()  # (event, person): addressed as admins, whatever the reason
    project_members: AbstractSet[tuple[int, int]] = frozenset()  # (project, person)
    told: AbstractSet[tuple[int, int, str]] = frozenset()  # (event, person, channel)
    standing: Mapping[tuple[int, str], Sequence[Standing]] = field(default_factory=dict)  # (person, group key)


class Row(NamedTuple):
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


@dataclass(slots=True)
class Plan:
    """Rows in the order of their `seq` for each person; and for everybody else why there is none."""

    rows: list[Row] = field(default_factory=list)
    why_not: dict[tuple[int, int], str] = field(default_factory=dict)  # (event, person)


def plan(facts: Sequence[Fact], known: Known) -> Plan:
    """Decide for a batch in log order. Each person's `seq` follows the log."""
    made = Plan()
    seqs = dict(known.seqs)
    last_of_group = _last_of_group(facts, known)
    for fact in facts:
        offer, key = _Offer(fact, known), fact.group_key
        holds = {} if fact.kind.is_critical else known.holds
        for user_id, reason in known.audience.get(fact.event_id, {}).items():
            channels, why_not = offer.to(user_id, reason=reason)
            hold = holds.get(user_id, NO_HOLD)
            for channel in channels:
                is_told = bool(known.told) and (fact.event_id, user_id, channel) in known.told
                if channel == "in_app":
                    seq = seqs.get(user_id, 0) + 1
                    new = Row(fact.event_id, user_id, channel, reason, hold, key, seq, hold == NO_HOLD)
                    row, why_not = (None, "already_told") if is_told else (new, "")
                    if row is not None and key is not None:
                        row, why_not = _in_group(fact, row, known=known, last=last_of_group[user_id, key])
                    if row is not None:
                        seqs[user_id] = seq
                        made.rows.append(row)
                elif not is_told:
                    made.rows.append(Row(fact.event_id, user_id, channel, reason, hold, key, seq=0, toast=False))
            if why_not:
                made.why_not[fact.event_id, user_id] = why_not
    return made


class _Offer:
    """Where people hear of a fact: worked out once for what many of them chose alike."""

    def __init__(self, fact: Fact, known: Known) -> None:
        self._fact, self._known, self._kind = fact, known, fact.kind
        self._channels: dict[Choice, tuple[list[str], str]] = {}
        self._usual = self._worked_out(Choice(True, fact.kind.default_channels, "all"))

    def to(self, user_id: int, *, reason: str) -> tuple[list[str], str]:
        """The channels for this person, or why there are none."""
        choice = self._known.choices.get((user_id, self._kind.type_id))
        if choice is None:
            return self._usual
        is_on = choice.is_enabled or self._kind.is_locked
        scope = choice.scope
        if (
            is_on
            and scope != "all"
            and not _is_in_scope(self._fact, user_id, reason=reason, scope=scope, known=self._known)
        ):
            return [], f"scope_{scope}"
        found = self._channels.get(choice)
        if found is None:
            found = self._channels[choice] = self._worked_out(choice) if is_on else ([], "disabled")
        return found

    def _worked_out(self, choice: Choice) -> tuple[list[str], str]:
        chosen = {*choice.channels, *(self._kind.default_channels if self._kind.is_locked else ())}
        channels = [name for name in self._known.channels if name in chosen]
        return channels, "" if channels else "no_channels"


def _is_in_scope(fact: Fact, user_id: int, *, reason: str, scope: str, known: Known) -> bool:
    """`my_jobs`: they did it or own its source. `my_projects`: that, or they belong to the event's project."""
    if fact.kind.is_critical or fact.kind.is_locked or reason == "mentioned":
        return True
    if (fact.event_id, user_id) in known.unscoped:
        return True
    if fact.actor_id == user_id or (fact.source is not None and (fact.source, user_id) in known.owners):
        return True
    return scope == "my_projects" and (fact.project_id, user_id) in known.project_members


def _last_of_group(facts: Sequence[Fact], known: Known) -> dict[tuple[int, str], int]:
    """The last event of each person's group in this batch that reaches their feed: the others give way to it."""
    last: dict[tuple[int, str], int] = {}
    for fact in facts:
        if (key := fact.group_key) is None:
            continue
        offer = _Offer(fact, known)
        for user_id, reason in known.audience.get(fact.event_id, {}).items():
            if "in_app" in offer.to(user_id, reason=reason)[0]:
                last[user_id, key] = fact.event_id
    return last


def _in_group(fact: Fact, new: Row, *, known: Known, last: int) -> tuple[Row | None, str]:
    """The in-app row in a replacing group: new, in place of a standing one, or none. `last`: the event of this batch
    that has the say in it."""
    standing = known.standing.get((new.user_id, new.group_key or ""), ())
    is_late = any(row.position >= fact.position for row in standing)
    if is_late or last != fact.event_id:
        return None, "replaced"
    unread = [row for row in standing if not row.is_read]
    if not unread:
        return new, ""
    old = max(unread, key=lambda row: row.position)
    # A progress report updates the toast that its predecessor may still have; it doesn't pop up anew.
    toast = new.hold == NO_HOLD and old.type_id != fact.kind.type_id
    return new._replace(toast=toast, replaces=old.row_id), ""
