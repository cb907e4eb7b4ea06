"""Summaries above people's feeds: shown, read, pushed, and recorded as sent."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from events import event_type_cache
from notifications.inbox import marking
from notifications.inbox.frames import Frame
from notifications.inbox.push import Push, push_on_commit
from notifications.models import Notification, Summary, UserNotificationSettings
from notifications.presentation import summary_text

MOST_SHOWN = 5


def as_frames(made: Sequence[Summary]) -> list[Frame]:
    """`summary` frames; at most one query, for words that were not read lately."""
    types = event_type_cache.by_name({name for summary in made for name in summary.by_type})
    return [
        {
            "type": "summary",
            "seq": summary.seq,
            "id": summary.pk,
            "kind": summary.kind,
            "count": summary.count,
            "by_type": summary.by_type,
            "url": summary_text.url(summary.pk),
            "title": summary_text.title(summary.kind),
            "text": summary_text.counts(summary.by_type, types=types.values()),
            "is_read": summary.is_read,
        }
        for summary in made
    ]


def push(made: Sequence[Summary]) -> None:
    """Push to the sockets of their people after the commit; what is not shown in the app is left out."""
    shown_in_app = [summary for summary in made if summary.seq]
    if shown_in_app:
        pushes = zip(shown_in_app, as_frames(shown_in_app), strict=True)
        push_on_commit([Push(summary.user_id, frame) for summary, frame in pushes])


def shown(user_id: int) -> list[Summary]:
    """Summaries above the person's feed: not read, and something in them not read either. Newest first; one query."""
    unread = Notification.objects.filter(summary_id=OuterRef("pk"), is_read=False)
    return list(_in_app(user_id).filter(Exists(unread), is_read=False).order_by("-seq")[:MOST_SHOWN])


def changed_since(user_id: int, *, seq: int, limit: int) -> list[Summary]:
    """Summaries made or read after `seq`, in the order of it. One query."""
    return list(_in_app(user_id).filter(seq__gt=seq).order_by("seq")[:limit])


def get(user_id: int, *, summary_id: int) -> Summary:
    """Load a summary of this person. Raises Summary.DoesNotExist, also for another person's."""
    return Summary.objects.get(user_id=user_id, pk=summary_id)


def read(user_id: int, *, summary_id: int, now: datetime) -> marking.State:
    """Take a summary from above the feed; the rows it counts stay as they are. Raises Summary.DoesNotExist."""
    with transaction.atomic():
        box = marking.lock(user_id)
        summary = get(user_id, summary_id=summary_id)
        if not summary.is_read:
            summary.is_read, summary.read_at = True, now
            if summary.seq:
                box.seq = summary.seq = box.seq + 1
                box.save(update_fields=["seq"])
            summary.save(update_fields=["is_read", "read_at", "seq"])
            push([summary])
        return marking.State(box.seq, box.unread_count)


def record_sent(summary_ids: Collection[int], *, now: datetime) -> None:
    """Record a summary's first success, which the delivery floor reports. One query, without the inbox lock.

    A digest's window counts as sent at the first success over any of its channels, in the app too.
    """
    sent = Summary.objects.filter(id__in_set=summary_ids, kind=Summary.Kind.DIGEST)
    newer = sent.filter(user_id=OuterRef("user_id"), created_at__gt=OuterRef("digest_last_sent_at"))
    UserNotificationSettings.objects.filter(
        Q(digest_last_sent_at=None) | Exists(newer), user_id__in=sent.order_by().values("user_id")
    ).update(digest_last_sent_at=now)


def _in_app(user_id: int) -> QuerySet[Summary]:
    """A digest that goes out by mail alone never enters the inbox: it has no `seq`."""
    return Summary.objects.filter(user_id=user_id, seq__gt=0)
