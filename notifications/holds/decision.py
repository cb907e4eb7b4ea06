"""Decision what becomes of a person's held rows: they wait on, wait for something else, or are released. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from notifications.holds import calendar, rules
from notifications.models import Hold, UserNotificationSettings

# Names a summary of rows that were held for several reasons.
_FIRST = (Hold.DND, Hold.QUIET, Hold.DIGEST, Hold.BURST)


@dataclass(frozen=True, slots=True)
class HoldDecision:
    """`moves`: hold -> hold. `released`: the holds that end, as one summary of this kind and window. `opened`: those
    that end row by row.

    `due_at`: when the digest that is released was due; None: it was asked for. `next_check_at`: when something may
    change next; `digest_at`: when the digest that collects on is due.
    """

    moves: dict[str, str] = field(default_factory=dict)
    released: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()
    kind: str = ""
    window: str = ""
    due_at: datetime | None = None
    next_check_at: datetime | None = None
    digest_at: datetime | None = None


def decide(
    settings: UserNotificationSettings,
    *,
    holds: Collection[str],
    next_check_at: datetime | None,
    digest_at: datetime | None,
    now: datetime,
) -> HoldDecision:
    """Decide for the kinds of hold among a person's rows; the two moments are those in their inbox.

    Rows that wait for an end of their own are among them once it has come. Do-not-disturb and quiet hours keep
    everything back; then a digest collects what they held; without one it all goes at once. A digest whose time passed
    meanwhile goes when they end, with what they held.
    """
    if not holds:
        return HoldDecision()
    digest = due_digest(settings, next_check_at=next_check_at, digest_at=digest_at, now=now)
    if forced := _forced(settings, now=now):
        kept = {*forced, Hold.DIGEST.value} if digest else set(forced)
        moves = {hold: forced[0] for hold in holds if hold not in kept}
        collecting = digest if Hold.DIGEST in holds else None
        check_at = rules.next_check(settings, now=now, digest_at=collecting)
        return HoldDecision(moves, next_check_at=check_at, digest_at=collecting)
    if digest is None:
        kind = next((kind for kind in _FIRST if kind in holds), Hold.DND)
        ended = min(next_check_at, now) if next_check_at else now
        opened = frozenset({Hold.LADDER.value}.intersection(holds))
        released = frozenset(holds) - opened
        return HoldDecision(released=released, opened=opened, kind=kind, window=_label(settings, ended))
    if digest <= now:
        window = _label(settings, digest)
        return HoldDecision(released=frozenset(holds), kind=Hold.DIGEST, window=window, due_at=digest)
    return collect(holds, due_at=digest)


def decide_to_send(settings: UserNotificationSettings, *, holds: Collection[str], now: datetime) -> HoldDecision:
    """Release what the digest has collected, because its person asks; other holds are checked anew."""
    released = frozenset({Hold.DIGEST.value} & set(holds))
    check_at = now if set(holds) - released else None
    return HoldDecision(released=released, kind=Hold.DIGEST, window=_label(settings, now), next_check_at=check_at)


def due_digest(
    settings: UserNotificationSettings, *, next_check_at: datetime | None, digest_at: datetime | None, now: datetime
) -> datetime | None:
    """Moment when the digest that collects now is due; None: there are none. A time that passed stays; one to come
    follows the settings.

    Rows that a hold releases collect from its end on, not from this check: a check that comes late costs no digest.
    """
    if not settings.digest_enabled:
        return None
    if digest_at and digest_at <= now:
        return digest_at
    return rules.next_digest(settings, after=min(next_check_at, now) if next_check_at else now)


def collect(holds: Collection[str], *, due_at: datetime) -> HoldDecision:
    moves = {hold: Hold.DIGEST.value for hold in holds if hold != Hold.DIGEST}
    return HoldDecision(moves, next_check_at=due_at, digest_at=due_at)


def _forced(settings: UserNotificationSettings, *, now: datetime) -> list[str]:
    dnd = [Hold.DND.value] if rules.is_dnd(settings, now=now) else []
    return dnd + ([Hold.QUIET.value] if rules.is_quiet(settings, now=now) else [])


def _label(settings: UserNotificationSettings, at: datetime) -> str:
    return calendar.label(at, zone=rules.zone_of(settings))
