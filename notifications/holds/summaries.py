"""Summaries: how they read, who sees them, when they count as read and as sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from events import event_type_cache
from events.models import EventType
from notifications.inbox import frames, marking
from notifications.inbox import push as hub_link
from notifications.inbox.frames import Frame
from notifications.models import Notification, Summary, UserNotificationSettings

MOST_TYPES = 8
MOST_SHOWN = 5


def words(by_type: Mapping[str, int]) -> str:
    """`3 jobs completed, 1 failed, 2 awaiting review`: at most one query, none for types that were just read."""
    return in_words(by_type, types=event_type_cache.by_name(by_type))


def in_words(by_type: Mapping[str, int], *, types: Mapping[str, EventType]) -> str:
    """The same without a query. A type that isn't given has its name."""
    parts, named = [], set[str]()
    for name in sorted(by_type, key=lambda name: (types[name].pk if name in types else 0, name)):
        n, event_type = by_type[name], types.get(name)
        text = (event_type.digest_one if n == 1 else event_type.digest_many) if event_type else ""
        text = text.replace("{n}", str(n)) or f"{n} × {name}"
        category = event_type.category if event_type else ""
        parts.append(_without_repeated(text, category=category) if category in named else text)
        named.add(category)
    more = len(parts) - MOST_TYPES
    return ", ".join([*parts[:MOST_TYPES], *([_("and {n} other kinds").format(n=more)] if more > 0 else [])])


def title(kind: str) -> str:
    """What a summary is called."""
    titles = {
        Summary.Kind.DND: _("While do not disturb was on"),
        Summary.Kind.QUIET: _("During your quiet hours"),
        Summary.Kind.DIGEST: _("Your digest"),
    }
    return titles.get(Summary.Kind(kind), kind)


def url(summary_id: int) -> str:
    return reverse("summary", args=[summary_id])


def as_frames(made: Sequence[Summary]) -> list[Frame]:
    """The `summary` frames. At most one query, for words that were not read lately."""
    types = event_type_cache.by_name({name for summary in made for name in summary.by_type})
    return [
        frames.summary(
            seq=summary.seq,
            summary_id=summary.pk,
            kind=summary.kind,
            count=summary.count,
            by_type=summary.by_type,
            url=url(summary.pk),
            title=title(summary.kind),
            text=in_words(summary.by_type, types=types),
            is_read=summary.is_read,
        )
        for summary in made
    ]


def push(made: Sequence[Summary]) -> None:
    """To the sockets of their people, after the commit; what is not shown in the app is left out."""
    shown_in_app = [summary for summary in made if summary.seq]
    if shown_in_app:
        told = zip(shown_in_app, as_frames(shown_in_app), strict=True)
        hub_link.push_on_commit([hub_link.Push(summary.user_id, frame) for summary, frame in told])


def shown(user_id: int) -> list[Summary]:
    """What stands above the person's feed: not read, and something in it not read either. Newest first; one query."""
    unread = Notification.objects.filter(summary_id=OuterRef("pk"), is_read=False)
    return list(_in_app(user_id).filter(Exists(unread), is_read=False).order_by("-seq")[:MOST_SHOWN])


def changed_since(user_id: int, *, seq: int, limit: int) -> list[Summary]:
    """Made or read after `seq`, in the order of it. One query."""
    return list(_in_app(user_id).filter(seq__gt=seq).order_by("seq")[:limit])


def one(user_id: int, *, summary_id: int) -> Summary:
    """Raises Summary.DoesNotExist, also for another person's."""
    return Summary.objects.get(user_id=user_id, pk=summary_id)


def read(user_id: int, *, summary_id: int, now: datetime) -> marking.State:
    """It no longer stands above the feed; what it tells of stays as it is. Raises Summary.DoesNotExist."""
    with transaction.atomic():
        box = marking.locked(user_id)
        summary = one(user_id, summary_id=summary_id)
        if not summary.is_read:
            summary.is_read, summary.read_at = True, now
            if summary.seq:
                box.seq = summary.seq = box.seq + 1
                box.save(update_fields=["seq"])
            summary.save(update_fields=["is_read", "read_at", "seq"])
            push([summary])
        return marking.State(box.seq, box.unread_count)


def record_sent(summary_ids: Collection[int], *, now: datetime) -> None:
    """The delivery floor calls this at a summary's first success. One query, without the inbox lock.

    A digest's window counts as sent at the first success of all its ways, in the app too.
    """
    sent = Summary.objects.filter(id__in_set=summary_ids, kind=Summary.Kind.DIGEST)
    newer = sent.filter(user_id=OuterRef("user_id"), created_at__gt=OuterRef("digest_last_sent_at"))
    UserNotificationSettings.objects.filter(
        Q(digest_last_sent_at=None) | Exists(newer), user_id__in=sent.order_by().values("user_id")
    ).update(digest_last_sent_at=now)


def _in_app(user_id: int) -> QuerySet[Summary]:
    """A digest that goes out by mail alone never enters the inbox: it has no `seq`."""
    return Summary.objects.filter(user_id=user_id, seq__gt=0)


def _without_repeated(text: str, *, category: str) -> str:
    """`1 job failed` as `1 failed` after `3 jobs completed`."""
    number, _space, rest = text.partition(" ")
    noun, _space, rest = rest.partition(" ")
    return f"{number} {rest}" if rest and noun in (category, f"{category}s") else text
