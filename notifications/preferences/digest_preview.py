"""Preview of a person's digest as it collects: what is in it so far, and when it is due."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count

from events import rendering
from notifications.holds import rules
from notifications.models import Hold, Inbox, Notification, UserNotificationSettings
from notifications.preferences.settings import settings_of
from notifications.presentation import access


@dataclass(frozen=True, slots=True)
class Preview:
    """`next_at` is None while the digest is off or held back without an end. What was read would be left out, and
    isn't counted."""

    next_at: datetime | None
    zone: ZoneInfo
    count: int
    by_type: dict[str, int]


def preview(user_id: int, *, now: datetime) -> Preview:
    """Preview the person's digest with three queries."""
    settings = settings_of(user_id)
    collected = Notification.objects.filter(user_id=user_id, hold=Hold.DIGEST, is_read=False)
    counted = collected.values_list("event__event_type__name").annotate(n=Count("event_id", distinct=True)).order_by()
    by_type = dict(counted)
    box = Inbox.objects.filter(pk=user_id).first()
    return Preview(_next(settings, box, now=now), rules.zone_of(settings), sum(by_type.values()), by_type)


def titles(user_id: int, *, most: int = 10) -> list[str]:
    """Titles of what was collected last, each event once; one query, and one more where the host is asked who may see
    what."""
    held = Notification.objects.filter(user_id=user_id, hold=Hold.DIGEST, is_read=False).order_by("-event_id", "-id")
    rows = access.seen(held.with_events()[: 4 * most])
    events = {row.event_id: row.event for row in rows}
    return [rendering.render(event, event.event_type).title for event in list(events.values())[:most]]


def _next(settings: UserNotificationSettings, box: Inbox | None, *, now: datetime) -> datetime | None:
    if not settings.digest_enabled:
        return None
    is_overdue = box is not None and box.digest_at is not None and box.digest_at <= now
    return rules.free_from(settings, at=now if is_overdue else rules.next_digest(settings, after=now))
