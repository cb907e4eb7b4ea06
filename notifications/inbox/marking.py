"""Reading and unreading, always under the lock of the person's one inbox row."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from notifications.inbox import frames, push
from notifications.models import Inbox, Notification, Summary


@dataclass(frozen=True, slots=True)
class State:
    seq: int
    unread_count: int

    @property
    def headers(self) -> dict[str, str]:
        return {"X-Inbox-Seq": str(self.seq), "X-Unread-Count": str(self.unread_count)}


def state(user_id: int) -> State:
    """Read the state of an inbox with one query; a person without a row has an empty one."""
    row = Inbox.objects.filter(pk=user_id).values_list("seq", "unread_count").first()
    return State(*row) if row else State(0, 0)


def lock(user_id: int) -> Inbox:
    """Lock the person's row, made if missing, until the transaction ends.

    Whoever changes a person's feed, settings, preferences or addresses takes it first, so that a change is either
    seen by the router or comes after it.
    """
    return lock_all([user_id])[0]


def lock_all(users: Collection[int]) -> list[Inbox]:
    """Lock the rows of these people, in user order. Two queries."""
    Inbox.objects.bulk_create([Inbox(user_id=user_id) for user_id in sorted(users)], ignore_conflicts=True)
    return list(Inbox.objects.select_for_update().filter(user_id__in_set=users).order_by("user_id"))


def mark(user_id: int, *, ids: Collection[int], is_read: bool, now: datetime) -> State:
    """Mark in-app rows read or unread. Reading covers every channel's row of the event, and a replacing group's
    rows up to that event. Raises Notification.DoesNotExist if one of the ids is no in-app row of this person.
    """
    with transaction.atomic():
        inbox = lock(user_id)
        named = _rows(user_id).filter(channel="in_app", id__in_set=list(ids))
        if named.count() != len(set(ids)):
            raise Notification.DoesNotExist("not among this person's notifications")
        if is_read:
            return _change(inbox, _unread_covered_by(named, user_id=user_id), is_read=True, now=now)
        return _change(inbox, dict(named.filter(is_read=True).values_list("id", "channel")), is_read=False, now=now)


def read_from(user_id: int, *, notification_id: int, now: datetime) -> State:
    """Mark the event of this row read, whichever channel it is on: a link in a mail does as one in the feed."""
    with transaction.atomic():
        inbox = lock(user_id)
        named = _rows(user_id).filter(pk=notification_id)
        return _change(inbox, _unread_covered_by(named, user_id=user_id), is_read=True, now=now)


def mark_all(user_id: int, *, now: datetime, up_to: int | None = None, category: str | None = None) -> State:
    """Mark everything read that had surfaced at `up_to` (a feed_seq; None: all of now), in one category or in all."""
    with transaction.atomic():
        inbox = lock(user_id)
        limit = inbox.seq if up_to is None else up_to
        surfaced = _rows(user_id).filter(channel="in_app", is_read=False, feed_seq__lte=limit)
        if category is not None:
            surfaced = surfaced.filter(event__event_type__category=category)
        else:
            summaries = Summary.objects.filter(user_id=user_id, is_read=False, seq__lte=limit)
            summaries.update(is_read=True, read_at=now)
        covered = _unread_covered_by(surfaced, user_id=user_id)
        return _change(inbox, covered, is_read=True, now=now, all_of={"up_to": limit, "category": category})


def announce_settings(user_id: int, *, settings: dict[str, Any]) -> State:
    inbox = lock(user_id)
    inbox.seq += 1
    inbox.save(update_fields=["seq"])
    push.push_on_commit([push.Push(user_id, frames.settings(seq=inbox.seq, settings=settings))])
    return State(inbox.seq, inbox.unread_count)


def _rows(user_id: int) -> Any:
    return Notification.objects.filter(user_id=user_id)


def _unread_covered_by(seen: Any, *, user_id: int) -> dict[int, str]:
    """Unread rows (and their channels) of the events seen, and of their replacing groups up to those events."""
    newest: dict[str, int] = {}
    events = set()
    for event_id, group_key, position in seen.values_list("event_id", "group_key", "event__position"):
        events.add(event_id)
        if group_key is not None:
            newest[group_key] = max(position or 0, newest.get(group_key, 0))
    unread = _rows(user_id).filter(is_read=False)
    covered = dict(unread.filter(event_id__in_set=events).values_list("id", "channel"))
    grouped = unread.filter(group_key__in_set=newest).values_list("id", "channel", "group_key", "event__position")
    return covered | {row_id: channel for row_id, channel, key, position in grouped if (position or 0) <= newest[key]}


def _change(
    inbox: Inbox, changing: dict[int, str], *, is_read: bool, now: datetime, all_of: dict[str, Any] | None = None
) -> State:
    """Write what really differs, count it, and echo it to all of the person's sockets after the commit."""
    shown = [row_id for row_id, channel in changing.items() if channel == "in_app"]
    if not changing:
        return State(inbox.seq, inbox.unread_count)
    if shown:
        inbox.seq += 1
        inbox.unread_count += -len(shown) if is_read else len(shown)
        inbox.save(update_fields=["seq", "unread_count"])
    rows = Notification.objects.filter(id__in_set=changing)
    if len(shown) < len(changing):
        # Settling deliveries touches these too, by id.
        list(rows.select_for_update().order_by("id").values_list("id"))
    rows.update(is_read=is_read, read_at=now if is_read else None, seq=inbox.seq)
    if shown:
        frame = (
            frames.read_all(seq=inbox.seq, unread_count=inbox.unread_count, **all_of)
            if all_of
            else frames.read(seq=inbox.seq, unread_count=inbox.unread_count, ids=shown, is_read=is_read)
        )
        push.push_on_commit([push.Push(inbox.user_id, frame)])
    return State(inbox.seq, inbox.unread_count)
