"""Last look at notifications that waited: are they still chosen, may their people still be told? Pure, but for `load`.

A slow, obvious reference in the tests says the same (tests/notifications/references/last_look.py).
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events.entities import Source, stored_id
from events.memberships import admins, narrowed_to
from events.models import EventType
from events.rules import ladders
from events.rules.ladders import NEVER, Ladder
from notifications.inbox import seen as in_sight
from notifications.models import (
    Mute,
    Notification,
    NotificationPreference,
    ProjectPreference,
    UserNotificationSettings,
)

# The host couldn't say; it is asked again.
ACCESS_UNKNOWN = "access_unknown"
WITHDRAWN, RESOLVED = "withdrawn", "resolved"
# Reasons of people who were told for their membership, which may be gone.
_TIED = ("owner", "member", "watcher", "project")
# Reasons of people who were named themselves: no mute speaks against those.
_NAMED = ("mentioned", "addressed")
# Rules that a membership of the source is enough for.
_OF_SOURCE = {"owner", "owner_or_actor", "members", "watchers"}


class Preference(NamedTuple):
    is_enabled: bool
    channels: tuple[str, ...]
    is_chosen: bool = False  # by its person, so that no project's default counts
    ladder: Ladder = ()


class Row(NamedTuple):
    """Row of a notification; `reason` brought its person in when it was routed."""

    user_id: int
    channel: str
    reason: str
    type_id: int
    source_type: str | None
    source_id: int | None
    actor_id: int | None
    source_key: str | None = None
    project_id: int | None = None
    event_id: int = 0
    position: int | None = None
    group_key: str | None = None
    waits_until: datetime | None = None
    hold: str = "none"
    withdrawn_at: datetime | None = None
    resolved_by: int | None = None

    @property
    def source(self) -> Source | None:
        found = stored_id(self.source_id, self.source_key)
        return (self.source_type, found) if self.source_type and found is not None else None

    @property
    def is_of_ladder(self) -> bool:
        """True while a ladder holds it, and once it has opened it: that keeps its end."""
        return self.waits_until is not None and self.hold in ("none", "ladder")

    @property
    def project(self) -> Source | None:
        return ("project", self.project_id) if self.project_id is not None else None

    @property
    def entities(self) -> set[Source]:
        return {entity for entity in (self.source, self.project) if entity is not None}


# Of a notification, as a row takes them.
COLUMNS = (
    "user_id",
    "channel",
    "reason",
    "event__event_type_id",
    "event__source_entity_type",
    "event__source_entity_id",
    "event__actor_user_id",
    "event__source_entity_key",
    "event__project_id",
    "event_id",
    "event__position",
    "group_key",
    "hold_until",
    "hold",
    "event__withdrawn_at",
    "event__resolved_by_id",
)


@dataclass(frozen=True, slots=True)
class Present:
    """Present state for the people and events of some rows. A missing preference speaks against nothing."""

    types: Mapping[int, EventType] = field(default_factory=dict)
    preferences: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (person, type)
    ladders: Mapping[int, Ladder] = field(default_factory=dict)  # person -> their own
    looked_at: Mapping[tuple[int, int], str] = field(default_factory=dict)  # (person, event) -> as in `in_sight`
    ties: AbstractSet[tuple[int, Source]] = frozenset()  # (person, source): of whatever role
    admins: AbstractSet[int] = frozenset()
    mutes: Mapping[Source, AbstractSet[int]] = field(default_factory=dict)  # entity -> people who mute it
    project_defaults: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (project, type)
    seen: Mapping[tuple[int, Source], bool] | None = None  # (person, source), as the host says; None: it isn't asked


def row_of(row: Notification) -> Row:
    event = row.event
    return Row(
        row.user_id,
        row.channel,
        row.reason,
        event.event_type_id,
        event.source_entity_type,
        event.source_entity_id,
        event.actor_user_id,
        event.source_entity_key,
        event.project_id,
        event.pk,
        event.position,
        row.group_key,
        row.hold_until,
        row.hold,
        event.withdrawn_at,
        event.resolved_by_id,
    )


def why_not(row: Row, present: Present) -> str:
    """Code of what speaks against telling it now; empty: nothing does."""
    if code := ended(row.withdrawn_at, row.resolved_by):
        return code
    kind, chosen = present.types[row.type_id], present.preferences.get((row.user_id, row.type_id))
    preset = present.project_defaults.get((row.project_id, row.type_id)) if row.project_id is not None else None
    chosen = chosen if preset is None or (chosen and chosen.is_chosen) else preset
    is_chosen = chosen is None or (chosen.is_enabled and row.channel in chosen.channels)
    if not (is_chosen or kind.is_locked or kind.is_critical) or _is_silent(row, kind, chosen, present):
        return "switched_off"
    if row.is_of_ladder and (became := present.looked_at.get((row.user_id, row.event_id))):
        return became
    if _is_muted(row, kind, present):
        return "muted"
    if not _may_be_told(row, kind, present):
        return "no_access"
    if present.seen is None or row.source is None:
        return ""
    answer = present.seen.get((row.user_id, row.source))
    return "" if answer else "no_access" if answer is False else ACCESS_UNKNOWN


def _is_muted(row: Row, kind: EventType, present: Present) -> bool:
    if row.reason in _NAMED or kind.is_critical or kind.is_locked:
        return False
    return any(row.user_id in present.mutes.get(entity, ()) for entity in row.entities)


def _is_silent(row: Row, kind: EventType, chosen: Preference | None, present: Present) -> bool:
    """Tell whether its channel never speaks of this type, as chosen by now."""
    steps = ladders.merged(
        ladders.readable(kind.ladder),
        present.ladders.get(row.user_id, ()),
        chosen.ladder if chosen else (),
        is_critical=kind.is_critical,
        kept=kind.default_channels if kind.is_locked else (),
    )
    return steps.get(row.channel) == NEVER


def ended(withdrawn_at: datetime | None, resolved_by: int | None) -> str:
    """Code of how an event has ended; empty: it hasn't."""
    return WITHDRAWN if withdrawn_at else RESOLVED if resolved_by else ""


def _may_be_told(row: Row, kind: EventType, present: Present) -> bool:
    """Tell whether the membership is still there that brought them in, or another rule of the type would."""
    tie = row.project if row.reason == "project" else row.source
    if row.reason not in _TIED or tie is None or (row.user_id, tie) in present.ties:
        return True
    rules = set(kind.rules)
    if "project" in rules and (row.user_id, row.project) in present.ties:
        return True
    if rules & _OF_SOURCE and (row.user_id, row.source) in present.ties:
        return True
    if row.actor_id == row.user_id and rules & {"actor", "owner_or_actor"}:
        return True
    return "everyone" in rules or ("admins" in rules and row.user_id in present.admins)


def load(rows: Collection[Row], *, now: datetime, seen: Mapping[tuple[int, Source], bool] | None = None) -> Present:
    """Load what `why_not` asks for: nine queries at most, none for no rows. `seen`: what the host said before."""
    if not rows:
        return Present()
    users = {row.user_id for row in rows}
    types = EventType.objects.in_bulk({row.type_id for row in rows})
    chosen = NotificationPreference.objects.filter(user_id__in_set=users, event_type_id__in_set=types)
    columns = ("user_id", "event_type_id", "is_enabled", "channels", "chosen_at", "ladder")
    own = UserNotificationSettings.objects.filter(user_id__in_set=users).exclude(ladder={}).order_by()
    waited = {(row.user_id, row.event_id, row.position or 0, row.group_key) for row in rows if row.is_of_ladder}
    tied = {entity for row in rows if row.reason in _TIED for entity in row.entities}
    projects = {row.project_id for row in rows if row.project_id is not None}
    return Present(
        types,
        {
            (user, type_id): Preference(
                is_enabled,
                tuple(channels) if isinstance(channels, list) else (),
                at is not None,
                ladders.readable(ladder),
            )
            for user, type_id, is_enabled, channels, at, ladder in chosen.values_list(*columns)
        },
        {user: ladders.readable(ladder) for user, ladder in own.values_list("user_id", "ladder")},
        in_sight.became(waited),
        _ties(tied, users) if tied else frozenset(),
        set(admins()) if tied and any("admins" in kind.rules for kind in types.values()) else frozenset(),
        Mute.objects.of(users, entities=set().union(*(row.entities for row in rows)), now=now),
        {key: Preference(*default) for key, default in ProjectPreference.objects.of(projects).items()},
        seen,
    )


def _ties(sources: Collection[Source], users: Collection[int]) -> set[tuple[int, Source]]:
    near = narrowed_to(sources).filter(user_id__in_set=users)
    columns = ("user_id", "entity_type", "entity_id", "entity_key")
    return {(user, (name, stored_id(*halves))) for user, name, *halves in near.values_list(*columns)}
