"""A person's feed: what they see, newest surfaced first."""

from collections.abc import Collection
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Length

from events import rendering
from events.db.clock import instant
from events.models import Event
from notifications.inbox import search
from notifications.models import Notification, NotificationQuerySet
from notifications.presentation import access, naming

# Rows that a search reads at once where the host is asked who may see them.
READ_AT_ONCE = 100
# Where a row of the feed is: one of these at a time.
STATES = {
    "inbox": Q(done_at=None, snoozed_until=None),
    "snoozed": Q(snoozed_until__isnull=False),
    "done": Q(done_at__isnull=False),
}


def rows(user_id: int) -> NotificationQuerySet:
    return _rows(user_id).filter(channel="in_app")


def _rows(user_id: int) -> NotificationQuerySet:
    return Notification.objects.filter(user_id=user_id).select_related("event__event_type", "event__actor_user")


def page(
    user_id: int,
    *,
    unread_only: bool = False,
    category: str | None = None,
    limit: int = 20,
    before: tuple[int, int] | None = None,
    offset: int = 0,
    summary_id: int | None = None,
    state: str = "inbox",
    search_text: str = "",
) -> list[Notification]:
    """Read one page of the feed with one query, and one more where the host is asked who may see what.

    `before`: (feed_seq, id) of the last row seen; it costs the same on every page, `offset` does not.
    `summary_id`: of what this summary gave back. `state`: one of STATES; empty: wherever they are.
    `search_text`: in which every word is found; two queries more. What somebody may not see isn't found.
    """
    selected = rows(user_id).order_by("-feed_seq", "-id")
    if state:
        selected = selected.filter(STATES[state])
    if unread_only:
        selected = selected.filter(is_read=False)
    if category is not None:
        selected = selected.filter(event__event_type__category=category)
    if summary_id is not None:
        # By its events: what an hour's end gives back is rows of another channel.
        given = Notification.objects.filter(user_id=user_id, summary_id=summary_id)
        selected = selected.filter(event_id__in=given.values("event_id"))
    if search_text:
        selected = search.narrowed(selected, text=search_text)
    if before is not None:
        feed_seq, row_id = before
        selected = selected.filter(Q(feed_seq__lt=feed_seq) | Q(feed_seq=feed_seq, id__lt=row_id))
    if not search_text:
        return access.seen(selected[offset : offset + limit])
    if access.is_asked():
        return _visible(selected, first=offset, limit=limit)
    return search.read(selected[offset : offset + limit])


def _visible(selected: QuerySet[Notification], *, first: int, limit: int) -> list[Notification]:
    """Read rows until so many may be seen: three queries for each hundred."""
    found: list[Notification] = []
    passed = 0
    while len(found) < first + limit and (some := search.read(selected[passed : passed + READ_AT_ONCE])):
        found += [row for row in access.seen(some) if not row.event.is_hidden]
        passed += READ_AT_ONCE
    return found[first : first + limit]


def get(user_id: int, *, notification_id: int) -> Notification:
    """Load a row of the person's feed. Raises Notification.DoesNotExist, also for another person's."""
    return access.seen([rows(user_id).get(pk=notification_id)])[0]


def get_linked(user_id: int, *, notification_id: int) -> Notification:
    """The row that a link names, on whichever channel it went out: of the same event the one in the feed, if it is
    there. Two queries at most. Raises Notification.DoesNotExist, also for another person's.
    """
    row = _rows(user_id).get(pk=notification_id)
    in_feed = None if row.channel == "in_app" else rows(user_id).filter(event_id=row.event_id).first()
    return access.seen([in_feed or row])[0]


def read(ids: Collection[int]) -> list[Notification]:
    """Load rows of whoever's feed, in no particular order."""
    found = Notification.objects.filter(pk__in_set=ids).select_related("event__event_type", "event__actor_user")
    return access.seen(found.order_by())


def unread_beside(user_id: int, *, row: Notification) -> tuple[Notification | None, Notification | None]:
    """The nearest unread rows above and below this one in the feed. Two queries, and more where the host is asked."""
    unread = rows(user_id).counted()
    above = unread.filter(Q(feed_seq__gt=row.feed_seq) | Q(feed_seq=row.feed_seq, pk__gt=row.pk))
    below = unread.filter(Q(feed_seq__lt=row.feed_seq) | Q(feed_seq=row.feed_seq, pk__lt=row.pk))
    nearest = above.order_by("feed_seq", "pk").first(), below.order_by("-feed_seq", "-pk").first()
    access.seen(filter(None, nearest))
    return nearest


def changed_since(user_id: int, *, seq: int, limit: int) -> list[Notification]:
    return access.seen(rows(user_id).filter(seq__gt=seq).order_by("seq", "id")[:limit])


def have_more_changed(user_id: int, *, seq: int, than: int, size: int) -> bool:
    """Tell if more rows than that, or of payloads of more characters, were created or changed after `seq`; one query,
    which reads none of them."""
    changed = Notification.objects.filter(user_id=user_id, channel="in_app", seq__gt=seq).order_by("seq")
    measured = changed.annotate(size=Length(Cast("event__payload", TextField())))[: than + 1]
    found = measured.aggregate(count=Count("pk"), total=Sum("size"))
    return found["count"] > than or (found["total"] or 0) > size


def unread_by_category(user_id: int) -> dict[str, int]:
    """Unread rows per category; categories without any are missing."""
    counted = (
        Notification.objects.filter(user_id=user_id)
        .counted()
        .values("event__event_type__category")
        .annotate(count=Count("id"))
        .order_by()
    )
    return {row["event__event_type__category"]: row["count"] for row in counted}


def as_json(row: Notification) -> dict[str, Any]:
    """The `notification` object of the API and of the frames. No query for a row that came from here."""
    return event_json(row.event) | own_json(row)


def own_json(row: Notification) -> dict[str, Any]:
    """Part of the `notification` object that is the person's own."""
    return {
        "id": row.pk,
        "seq": row.seq,
        "feed_seq": row.feed_seq,
        "reason": row.reason,
        "channel": row.channel,
        "is_read": row.is_read,
        "read_at": instant(row.read_at),
        "done_at": instant(row.done_at),
        "snoozed_until": instant(row.snoozed_until),
        "is_delivered": row.is_delivered,
        "delivered_at": instant(row.delivered_at),
        "created_at": instant(row.created_at),
    }


def event_json(event: Event) -> dict[str, Any]:
    """Part of the `notification` object that is the same for everybody. Needs the type and the actor loaded."""
    words = rendering.render(event, event.event_type)
    return {
        "event_id": event.pk,
        "event_type": event.event_type.name,
        "category": event.event_type.category,
        "is_critical": event.event_type.is_critical,
        "title": words.title,
        "body": words.body,
        "display_title": words.shown_title if words.shown_title != words.title else "",
        "display_body": words.shown_body if words.shown_body != words.body else "",
        "initials": naming.initials(words.person),
        "progress": _progress(event),
        "url": words.url,
        "payload": event.payload,
        "source_entity_type": event.source_entity_type,
        "source_entity_id": event.source_entity_id,
        "actor_user_id": event.actor_user_id,
    }


def _progress(event: Event) -> float | None:
    """Share that is done, from 0 to 1, of an event whose type only updates that."""
    share = event.payload.get("progress") if isinstance(event.payload, dict) else None
    # A bool is a number too.
    if event.event_type.updates_quietly and type(share) in (int, float) and share is not None and 0 <= share <= 1:
        return float(share)
    return None
