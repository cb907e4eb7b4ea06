"""Values of the plan: facts of events, knowledge of their people, rows decided on. No database."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events.rules.ladders import Ladder

NO_HOLD, BURST, LADDER = "none", "burst", "ladder"
# Reasons that neither a scope nor a mute narrows: somebody named this very person.
PERSONAL = ("mentioned", "addressed")

Source = tuple[str, int | str]


@dataclass(frozen=True, slots=True)
class TypeFacts:
    type_id: int
    is_critical: bool = False
    is_locked: bool = False
    default_channels: tuple[str, ...] = ("in_app",)
    group: str = ""
    updates_quietly: bool = False
    burst_seconds: int = 0
    ladder: Ladder = ()


@dataclass(frozen=True, slots=True)
class EventFacts:
    event_id: int
    position: int
    type: TypeFacts
    source: Source | None = None
    project_id: int | None = None
    actor_id: int | None = None
    is_withdrawn: bool = False
    is_over: bool = False

    @property
    def group_key(self) -> str | None:
        """Key that the rows of one replacing group and source share; None: the event replaces nothing."""
        return f"{self.type.group}|{self.source[0]}|{self.source[1]}" if self.type.group and self.source else None

    @property
    def entities(self) -> list[Source]:
        """Entities whose mute keeps it from a person: its source, and its project."""
        project: list[Source] = [("project", self.project_id)] if self.project_id is not None else []
        return [self.source, *project] if self.source else project

    @property
    def burst_key(self) -> str | None:
        """Key that a burst's head bears; None: the event is in none. What is critical or replaces never is."""
        is_alone = not self.type.burst_seconds or self.type.is_critical or self.type.group or self.source is None
        return None if is_alone or not self.source else f"burst|{self.type.type_id}|{self.source[0]}|{self.source[1]}"


class Preference(NamedTuple):
    is_enabled: bool
    channels: tuple[str, ...]
    scope: str
    is_chosen: bool = False  # by its person, so that no project's default counts
    ladder: Ladder = ()


@dataclass(frozen=True, slots=True)
class ExistingRow:
    """A row that a person has in a replacing group. `position` is its event's. Only one that the badge counts is
    replaced: not one that is read, done or snoozed."""

    row_id: int
    position: int
    is_counted: bool
    type_id: int


class Head(NamedTuple):
    """Unread row into which events of its burst or storm fold until a moment; `event_id` is the last of them."""

    row_id: int
    folds_until: datetime
    event_id: int
    reason: str
    hold: str
    summary_id: int | None
    created_at: datetime
    total: int
    actors: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RoutingContext:
    """Knowledge loaded under the locks. Missing keys mean the defaults: no row, or one that says the same."""

    audience: Mapping[int, Mapping[int, str]]  # event -> person -> reason
    seqs: Mapping[int, int]  # person -> inbox seq
    channels: Sequence[str] = ("in_app", "email", "webhook", "chat")  # that there are, in the order of their rows
    preferences: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (person, type)
    project_defaults: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (project, type)
    project_scopes: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (project, person)
    mutes: Mapping[Source, AbstractSet[int]] = field(default_factory=dict)  # entity -> people who mute it now
    ladders: Mapping[int, Ladder] = field(default_factory=dict)  # person -> their own
    holds: Mapping[int, str] = field(default_factory=dict)  # person -> why they are not to be interrupted now
    owners: AbstractSet[tuple[Source, int]] = frozenset()
    unscoped: AbstractSet[tuple[int, int]] = frozenset()  # (event, person): addressed as admins, whatever the reason
    project_members: AbstractSet[tuple[int, int]] = frozenset()  # (project, person)
    already_notified: AbstractSet[tuple[int, int, str]] = frozenset()  # (event, person, channel)
    existing: Mapping[tuple[int, str], Sequence[ExistingRow]] = field(default_factory=dict)  # (person, group key)
    caps: Mapping[str, int] = field(default_factory=dict)  # channel -> most within an hour; 0: as many as come
    storm_limit: int = 0  # most rows of one type within a minute; 0: as many as come
    hours: Mapping[int, str] = field(default_factory=dict)  # person -> what came to them already
    heads: Mapping[tuple[int, str, str], Head] = field(default_factory=dict)  # (person, channel, key)
    now: float = 0.0  # in seconds since 1970


class PlannedRow(NamedTuple):
    """A notification to write. `replaces`: the row to update in place; None: a new one. `seq` is 0 off the feed.

    `folds_until`: it is a head; with the `total` of its events and their `actors` in the feed. `folded_into`: the key
    of its head.
    """

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
    folds_until: datetime | None = None
    total: int = 1
    actors: tuple[int, ...] = ()
    folded_into: str | None = None
    summary_id: int | None = None
    told_at: datetime | None = None


@dataclass(slots=True)
class Plan:
    """Rows in the order of their `seq` for each person; and for everybody else why there is none."""

    rows: list[PlannedRow] = field(default_factory=list)
    why_not: dict[tuple[int, int], str] = field(default_factory=dict)  # (event, person)
    hours: dict[int, str] = field(default_factory=dict)  # person -> their hours, where one counts more
