"""Last look at notifications that waited: are they still chosen, may their people still be told? Pure, but for `load`.

A slow, obvious reference in the tests says the same (tests/notifications/references/last_look.py).
"""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from events.memberships import admins
from events.models import EventType, Membership
from notifications.models import Notification, NotificationPreference

Source = tuple[str, int]
# The host couldn't say; it is asked again.
ACCESS_UNKNOWN = "access_unknown"
# Reasons of people who were told for their membership, which may be gone.
_TIED = ("owner", "member", "watcher")


class Preference(NamedTuple):
    is_enabled: bool
    channels: tuple[str, ...]


class Row(NamedTuple):
    """Row of a notification; `reason` brought its person in when it was routed."""

    user_id: int
    channel: str
    reason: str
    type_id: int
    source_type: str | None
    source_id: int | None
    actor_id: int | None

    @property
    def source(self) -> Source | None:
        return (self.source_type, self.source_id) if self.source_type and self.source_id is not None else None


# Of a notification, as a row takes them.
COLUMNS = (
    "user_id",
    "channel",
    "reason",
    "event__event_type_id",
    "event__source_entity_type",
    "event__source_entity_id",
    "event__actor_user_id",
)


@dataclass(frozen=True, slots=True)
class Present:
    """Present state for the people and events of some rows. A missing preference speaks against nothing."""

    types: Mapping[int, EventType] = field(default_factory=dict)
    preferences: Mapping[tuple[int, int], Preference] = field(default_factory=dict)  # (person, type)
    ties: AbstractSet[tuple[int, Source]] = frozenset()  # (person, source): of whatever role
    admins: AbstractSet[int] = frozenset()
    seen: Mapping[tuple[int, Source], bool] | None = None  # (person, source), as the host says; None: it isn't asked


def row_of(row: Notification) -> Row:
    event = row.event
    source = (event.source_entity_type, event.source_entity_id)
    return Row(row.user_id, row.channel, row.reason, event.event_type_id, *source, event.actor_user_id)


def why_not(row: Row, present: Present) -> str:
    """Code of what speaks against telling it now; empty: nothing does."""
    kind, chosen = present.types[row.type_id], present.preferences.get((row.user_id, row.type_id))
    is_chosen = chosen is None or (chosen.is_enabled and row.channel in chosen.channels)
    if not (is_chosen or kind.is_locked or kind.is_critical):
        return "switched_off"
    if not _may_be_told(row, kind, present):
        return "no_access"
    if present.seen is None or row.source is None:
        return ""
    answer = present.seen.get((row.user_id, row.source))
    return "" if answer else "no_access" if answer is False else ACCESS_UNKNOWN


def _may_be_told(row: Row, kind: EventType, present: Present) -> bool:
    """Tell whether the membership is still there that brought them in, or another rule of the type would."""
    if row.reason not in _TIED or row.source is None or (row.user_id, row.source) in present.ties:
        return True
    rules = set(kind.rules)
    if row.actor_id == row.user_id and rules & {"actor", "owner_or_actor"}:
        return True
    return "everyone" in rules or ("admins" in rules and row.user_id in present.admins)


def load(rows: Collection[Row], *, seen: Mapping[tuple[int, Source], bool] | None = None) -> Present:
    """Load what `why_not` asks for: four queries at most, none for no rows. `seen`: what the host said before."""
    if not rows:
        return Present()
    users = {row.user_id for row in rows}
    types = EventType.objects.in_bulk({row.type_id for row in rows})
    chosen = NotificationPreference.objects.filter(user_id__in_set=users, event_type_id__in_set=types)
    columns = ("user_id", "event_type_id", "is_enabled", "channels")
    tied = {row.source for row in rows if row.reason in _TIED and row.source is not None}
    return Present(
        types,
        {
            (user, type_id): Preference(is_enabled, tuple(channels) if isinstance(channels, list) else ())
            for user, type_id, is_enabled, channels in chosen.values_list(*columns)
        },
        _ties(tied, users) if tied else frozenset(),
        set(admins()) if tied and any("admins" in kind.rules for kind in types.values()) else frozenset(),
        seen,
    )


def _ties(sources: Collection[Source], users: Collection[int]) -> set[tuple[int, Source]]:
    names, ids = zip(*sources, strict=True)
    near = Membership.objects.filter(user_id__in_set=users, entity_type__in_set=set(names), entity_id__in_set=set(ids))
    return {(user, (name, pk)) for user, name, pk in near.values_list("user_id", "entity_type", "entity_id")}
