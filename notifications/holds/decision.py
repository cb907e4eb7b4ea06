"""What becomes of what a person holds at one moment: it waits on, waits for something else, or is given back. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from notifications.holds import calendar, rules
from notifications.models import Hold, UserNotificationSettings

# What names a summary of rows that were held for several reasons.
_FIRST = (Hold.DND, Hold.QUIET, Hold.DIGEST)


@dataclass(frozen=True, slots=True)
class Turn:
    """`moves`: hold -> hold. `given`: the holds that end, as one summary of this kind and window.

    `due`: when the digest that is given was due; empty: it was asked for. `look_at`: when something may change next;
    `digest_at`: when the digest that collects on is due.
    """

    moves: dict[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    kind: str = ""
    window: str = ""
    due: datetime | None = None
    look_at: datetime | None = None
    digest_at: datetime | None = None


def turn(
    settings: UserNotificationSettings,
    *,
    holds: Collection[str],
    look_at: datetime | None,
    digest_at: datetime | None,
    now: datetime,
) -> Turn:
    """`holds`: the kinds of hold among the person's rows; the two moments as they stand in the inbox.

    Do-not-disturb and quiet hours keep everything back; then a digest collects what they held; without one it all
    goes at once. A digest whose time passed meanwhile goes when they end, with what they held.
    """
    if not holds:
        return Turn()
    if forced := _forced(settings, now=now):
        moves = {hold: forced[0] for hold in holds if hold not in (*forced, _kept_for_digest(settings))}
        is_collecting = settings.digest_enabled and Hold.DIGEST in holds
        collecting = _due(settings, look_at=look_at, digest_at=digest_at, now=now) if is_collecting else None
        return Turn(moves, look_at=rules.next_look(settings, now=now, digest_at=collecting), digest_at=collecting)
    if not settings.digest_enabled:
        kind = next((kind for kind in _FIRST if kind in holds), Hold.DND)
        ended = min(look_at, now) if look_at else now
        return Turn(given=frozenset(holds), kind=kind, window=_label(settings, ended))
    due = _due(settings, look_at=look_at, digest_at=digest_at, now=now)
    if due <= now:
        return Turn(given=frozenset(holds), kind=Hold.DIGEST, window=_label(settings, due), due=due)
    return _collecting(holds, due)


def put_off(settings: UserNotificationSettings, *, holds: Collection[str], after: datetime, now: datetime) -> Turn:
    """The digest of this window went out before the clock was set back: the next one takes what came since."""
    return _collecting(holds, rules.next_digest(settings, after=max(after, now)))


def send_now(settings: UserNotificationSettings, *, holds: Collection[str], now: datetime) -> Turn:
    """What the digest has collected, because its person asks; what is held for another reason is looked at anew."""
    given = frozenset({Hold.DIGEST.value} & set(holds))
    return Turn(
        given=given, kind=Hold.DIGEST, window=_label(settings, now), look_at=now if set(holds) - given else None
    )


def _collecting(holds: Collection[str], due: datetime) -> Turn:
    moves = {hold: Hold.DIGEST.value for hold in holds if hold != Hold.DIGEST}
    return Turn(moves, look_at=due, digest_at=due)


def _forced(settings: UserNotificationSettings, *, now: datetime) -> list[str]:
    """What forbids every interruption now."""
    forced = []
    if rules.is_dnd(settings, now=now):
        forced.append(Hold.DND.value)
    if rules.is_quiet(settings, now=now):
        forced.append(Hold.QUIET.value)
    return forced


def _kept_for_digest(settings: UserNotificationSettings) -> str | None:
    return Hold.DIGEST.value if settings.digest_enabled else None


def _due(
    settings: UserNotificationSettings, *, look_at: datetime | None, digest_at: datetime | None, now: datetime
) -> datetime:
    """When the digest that collects now is due. A time that passed stays; one to come follows the settings.

    What a hold gives up collects from its end on, not from this look: a look that comes late costs no digest.
    """
    if digest_at and digest_at <= now:
        return digest_at
    return rules.next_digest(settings, after=min(look_at, now) if look_at else now)


def _label(settings: UserNotificationSettings, at: datetime) -> str:
    return calendar.label(at, zone=rules.zone_of(settings))
