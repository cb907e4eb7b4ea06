"""A person's feed: what they see, newest surfaced first."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast, Length

from events import rendering
from events.db.clock import instant
from events.models import Event
from notifications.inbox import search
from notifications.models import Notification, NotificationQuerySet
from notifications.presentation import access, acknowledged, burst_text, naming

# Rows that a search reads at once where the host is asked who may see them.
READ_AT_ONCE = 100
# Where a row of the feed is: one of these at a time.
STATES = {
    "inbox": Q(done_at=None, snoozed_until=None),
    "snoozed": Q(snoozed_until__isnull=False),
    "done": Q(done_at__isnull=False),
}


class Page(list[Notification]):
    """Rows. `looked_to`: `feed_seq` of the last that a search has looked at, where older ones are left."""

    looked_to: int | None = None


def rows(user_id: int) -> NotificationQuerySet:
    """Rows that the feed may show: none that is folded into another."""
    return _rows(user_id).filter(channel="in_app", folded_into=None)


def _rows(user_id: int) -> NotificationQuerySet:
    return Notification.objects.filter(user_id=user_id, withdrawn_at=None).with_events()


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
) -> Page:
    """Read one page of the feed with one query, and one more where the host is asked who may see what.

    `before`: (feed_seq, id) of the last row seen; it costs the same on every page, `offset` does not.
    `summary_id`: of what this summary gave back. `state`: one of STATES; empty: wherever they are.
    `search_text`: in which every word is found; three queries more. What somebody may not see isn't found.
    """
    selected = rows(user_id).order_by("-feed_seq", "-id")
    if state:
        selected = selected.filter(STATES[state])
    if before is not None:
        feed_seq, row_id = before
        selected = selected.filter(Q(feed_seq__lt=feed_seq) | Q(id__lt=row_id), feed_seq__lte=feed_seq)
    looked_to = search.last_looked_at(selected, text=search_text) if search_text else None
    if looked_to is not None:
        selected = selected.filter(feed_seq__gte=looked_to)
    if unread_only:
        selected = selected.filter(is_read=False)
    if category is not None:
        selected = selected.filter(event__event_type__category=category)
    if summary_id is not None:
        # By its events: what an hour's end gives back is rows of another channel.
        given = Notification.objects.filter(user_id=user_id, summary_id=summary_id).values("event_id")
        folded = Notification.objects.filter(user_id=user_id, channel="in_app", event_id__in=given)
        heads = folded.filter(folded_into__isnull=False).values("folded_into")
        selected = selected.filter(Q(event_id__in=given) | Q(pk__in=heads))
    if search_text:
        selected = search.narrowed(selected, text=search_text)
    if not search_text:
        found = access.seen(selected[offset : offset + limit])
    elif access.is_asked():
        found = _visible(selected, first=offset, limit=limit)
    else:
        found = search.read(selected[offset : offset + limit])
    page = Page(_named(found))
    page.looked_to = looked_to
    return page


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
    return _seen([rows(user_id).get(pk=notification_id)])[0]


def get_linked(user_id: int, *, notification_id: int) -> Notification:
    """The row that a link names, on whichever channel it went out: of the same event the one in the feed, if it is
    there, or into which that is folded. Three queries at most. Raises Notification.DoesNotExist, also for another
    person's.
    """
    row = _rows(user_id).get(pk=notification_id)
    if row.channel != "in_app":
        row = _rows(user_id).filter(channel="in_app", event_id=row.event_id).first() or row
    if row.folded_into is not None:
        row = rows(user_id).filter(pk=row.folded_into).first() or row
    return _seen([row])[0]


def read(ids: Collection[int]) -> list[Notification]:
    """Load rows of whoever's feed, in no particular order."""
    found = Notification.objects.filter(pk__in_set=ids).with_events()
    return _seen(found.order_by())


def unread_beside(user_id: int, *, row: Notification) -> tuple[Notification | None, Notification | None]:
    """The nearest unread rows above and below this one in the feed. Two queries, and more where the host is asked."""
    unread = rows(user_id).counted()
    above = unread.filter(Q(feed_seq__gt=row.feed_seq) | Q(feed_seq=row.feed_seq, pk__gt=row.pk))
    below = unread.filter(Q(feed_seq__lt=row.feed_seq) | Q(feed_seq=row.feed_seq, pk__lt=row.pk))
    nearest = above.order_by("feed_seq", "pk").first(), below.order_by("-feed_seq", "-pk").first()
    _seen(filter(None, nearest))
    return nearest


def folded(user_id: int, *, notification_id: int, limit: int, before: int | None = None) -> list[Notification]:
    """Load what a row of the feed shows besides its last event, newest first: below this event id. One query, and one
    more where the host is asked who may see what."""
    folded = _rows(user_id).filter(channel="in_app", folded_into=notification_id)
    if before is not None:
        folded = folded.filter(event_id__lt=before)
    return _seen(folded.order_by("-event_id")[:limit])


def _seen(found: Iterable[Notification]) -> list[Notification]:
    return _named(access.seen(found))


def _named(rows: list[Notification]) -> list[Notification]:
    burst_text.name_actors(rows)
    acknowledged.put_in(rows)
    return rows


def changed_since(user_id: int, *, seq: int, limit: int) -> list[Notification]:
    return _seen(rows(user_id).filter(seq__gt=seq).order_by("seq", "id")[:limit])


def have_more_changed(user_id: int, *, seq: int, than: int, size: int) -> bool:
    """Tell if more rows than that, or of payloads of more characters, were created or changed after `seq`; one query,
    which reads none of them."""
    shown = Notification.objects.filter(user_id=user_id, channel="in_app", folded_into=None)
    changed = shown.filter(seq__gt=seq).order_by("seq")
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
    shown = event_json(row.event)
    return shown | own_json(row, body=shown["display_body"] or shown["body"])


def own_json(row: Notification, *, body: str) -> dict[str, Any]:
    """Part of the `notification` object that is the person's own. `body`: of its event."""
    several = {} if row.count < 2 else {"display_body": burst_text.body(body, total=row.count, names=row.actor_names)}
    return several | {
        "id": row.pk,
        "seq": row.seq,
        "feed_seq": row.feed_seq,
        "reason": row.reason,
        "count": row.count,
        "actors": (row.actors or [])[: burst_text.MOST_NAMED],
        "channel": row.channel,
        "is_read": row.is_read,
        "read_at": instant(row.read_at),
        "done_at": instant(row.done_at),
        "snoozed_until": instant(row.snoozed_until),
        "acknowledged_by": row.acknowledged_by,
        "is_delivered": row.is_delivered,
        "delivered_at": instant(row.delivered_at),
        "created_at": instant(row.created_at),
    }


def event_json(event: Event) -> dict[str, Any]:
    """Part of the `notification` object that is the same for everybody. Needs the type and the actor loaded."""
    event_type = event.event_type
    words = rendering.render(event, event_type)
    return {
        "event_id": event.pk,
        "event_type": event_type.name,
        "category": event_type.category,
        "is_critical": event_type.is_critical,
        "is_over": event.resolved_by_id is not None,
        "title": words.title,
        "body": words.body,
        "display_title": words.shown_title if words.shown_title != words.title else "",
        "display_body": words.shown_body if words.shown_body != words.body else "",
        "initials": naming.initials(words.person),
        "progress": _progress(event),
        "url": words.url,
        "payload": event.payload,
        "source_entity_type": event.source_entity_type,
        "source_entity_id": event.source_id,
        "actor_user_id": event.actor_user_id,
    }


def _progress(event: Event) -> float | None:
    """Share that is done, from 0 to 1, of an event whose type only updates that."""
    share = event.payload.get("progress") if isinstance(event.payload, dict) else None
    # A bool is a number too.
    if event.event_type.updates_quietly and type(share) in (int, float) and share is not None and 0 <= share <= 1:
        return float(share)
    return None
