"""Reading and unreading, always under the lock of the person's one inbox row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, Q, When

from notifications.inbox import frames, push
from notifications.inbox.removal import MOST_IDS
from notifications.models import Hold, Inbox, Notification, ReadingBatch, Summary, is_counted


@dataclass(frozen=True, slots=True)
class State:
    """State of an inbox; after a reading also its batch (None: nothing was unread) and what it took off the page."""

    seq: int
    unread_count: int
    batch: int | None = field(default=None, compare=False)
    changed: int = field(default=0, compare=False)

    @property
    def headers(self) -> dict[str, str]:
        batch = {} if self.batch is None else {"X-Reading-Batch": str(self.batch)}
        return {"X-Inbox-Seq": str(self.seq), "X-Unread-Count": str(self.unread_count)} | batch


class Row(NamedTuple):
    channel: str
    hold: str
    done_at: datetime | None = None
    snoozed_until: datetime | None = None
    folded_into: int | None = None
    withdrawn_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """True if the badge counts it while it is unread."""
        return is_counted(self._asdict() | {"is_read": False})


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
    """Lock the rows of these people, made if missing, in user order. Two queries, three if any is missing."""
    return list(Inbox.objects.locked(users))


def mark(user_id: int, *, ids: Collection[int], is_read: bool, now: datetime) -> State:
    """Mark in-app rows read or unread. Reading covers every channel's row of the event, and a replacing group's
    rows up to that event. Raises Notification.DoesNotExist if one of the ids is no in-app row of this person.
    """
    with transaction.atomic():
        inbox = lock(user_id)
        rows = named(user_id, ids)
        if is_read:
            return change(inbox, unread_covered_by(rows, user_id=user_id), read_at=now)
        read = rows.filter(is_read=True).values_list("id", *Row._fields)
        return change(inbox, {pk: Row(*row) for pk, *row in read}, read_at=None)


def read_from(user_id: int, *, notification_id: int, now: datetime) -> State:
    """Mark the event of this row read, whichever channel it is on: a link in a mail does as one in the feed."""
    with transaction.atomic():
        inbox = lock(user_id)
        linked = _rows(user_id).filter(pk=notification_id)
        return change(inbox, unread_covered_by(linked, user_id=user_id), read_at=now)


def mark_all(user_id: int, *, now: datetime, up_to: int | None = None, category: str | None = None) -> State:
    """Mark everything read that had surfaced at `up_to` (a feed_seq; None: all of now), in one category or in all, but
    what is snoozed."""
    with transaction.atomic():
        inbox = lock(user_id)
        limit = inbox.seq if up_to is None else up_to
        surfaced = _rows(user_id).counted().filter(feed_seq__lte=limit)
        summaries = Summary.objects.filter(user_id=user_id, is_read=False, seq__lte=limit)
        if category is not None:
            surfaced = surfaced.filter(event__event_type__category=category)
            summaries = summaries.none()
        covered = unread_covered_by(surfaced, user_id=user_id)
        seqs = dict(summaries.values_list("id", "seq"))
        return change(inbox, covered, summaries=seqs, read_at=now, all_of={"up_to": limit, "category": category})


def change(
    inbox: Inbox,
    rows: Mapping[int, Row],
    *,
    read_at: datetime | None,
    summaries: Mapping[int, int] | None = None,
    all_of: dict[str, Any] | None = None,
) -> State:
    """Mark rows and summaries (id -> seq) that really differ read at this moment, or unread; count it, and echo it to
    all of the person's sockets after the commit. A reading is kept as a batch. Needs the inbox lock."""
    summaries, is_read = summaries or {}, read_at is not None
    if not rows and not summaries:
        return State(inbox.seq, inbox.unread_count)
    shown = [pk for pk, row in rows.items() if row.channel == "in_app" and row.folded_into is None]
    notes = [pk for pk, seq in summaries.items() if seq]
    if shown or notes:
        inbox.seq += 1
        counted = sum(row.counts for row in rows.values())
        inbox.unread_count += -counted if is_read else counted
        inbox.save(update_fields=["seq", "unread_count"])
        frame = _frame(inbox, shown, notes=notes, is_read=is_read, all_of=all_of)
        push.push_on_commit([push.Push(inbox.user_id, frame)])
    batch = None
    if read_at is not None:
        held = [pk for pk, row in rows.items() if row.hold != Hold.NONE]
        batch = ReadingBatch.objects.create(user_id=inbox.user_id, held=held, created_at=read_at).pk
    changing = Notification.objects.filter(id__in_set=rows)
    if any(row.channel != "in_app" for row in rows.values()):
        # Settling deliveries touches these too, by id.
        list(changing.select_for_update().order_by("id").values_list("id"))
    marks: dict[str, Any] = {"is_read": is_read, "read_at": read_at, "reading_batch_id": batch}
    changing.update(**marks, seq=inbox.seq)
    if summaries:
        # One that goes out by mail alone has no number.
        marks["seq"] = Case(When(seq=0, then=0), default=inbox.seq)
        Summary.objects.filter(id__in_set=summaries).update(**marks)
    return State(inbox.seq, inbox.unread_count, batch, len(shown) or len(notes))


def _frame(
    inbox: Inbox, shown: list[int], *, notes: list[int], is_read: bool, all_of: dict[str, Any] | None
) -> frames.Frame:
    seq, unread_count = inbox.seq, inbox.unread_count
    if all_of:
        return frames.read_all(seq=seq, unread_count=unread_count, **all_of)
    if notes or len(shown) > MOST_IDS:
        return frames.resync(seq=seq, unread_count=unread_count)
    return frames.read(seq=seq, unread_count=unread_count, ids=shown, is_read=is_read)


def announce_settings(user_id: int, *, settings: dict[str, Any]) -> State:
    inbox = lock(user_id)
    inbox.seq += 1
    inbox.save(update_fields=["seq"])
    push.push_on_commit([push.Push(user_id, frames.settings(seq=inbox.seq, settings=settings))])
    return State(inbox.seq, inbox.unread_count)


def _rows(user_id: int) -> Any:
    return Notification.objects.filter(user_id=user_id)


def named(user_id: int, ids: Collection[int]) -> Any:
    """Rows of the person's feed with these ids; one query, that counts them. Raises Notification.DoesNotExist if one of
    the ids is none."""
    rows = _rows(user_id).filter(channel="in_app", folded_into=None, id__in_set=list(ids))
    if rows.count() != len(set(ids)):
        raise Notification.DoesNotExist("not among this person's notifications")
    return rows


def unread_covered_by(seen: Any, *, user_id: int) -> dict[int, Row]:
    """Unread rows of the events seen, of all that share a row of the feed with one, and of their replacing groups up
    to those events, but for snoozed ones there."""
    newest: dict[str, int] = {}
    events, heads, is_of_feed = set[int](), set[int](), True
    columns = ("pk", "event_id", "channel", "count", "folds_until", "group_key", "event__position")
    for pk, event_id, channel, count, folds_until, group_key, position in seen.values_list(*columns):
        events.add(event_id)
        is_of_feed &= channel == "in_app"
        if count > 1:
            heads.add(pk)
        if group_key is not None and folds_until is None:
            newest[group_key] = max(position or 0, newest.get(group_key, 0))
    events |= _told_with(events, heads, is_of_feed=is_of_feed, user_id=user_id)
    unread = _rows(user_id).filter(is_read=False)
    covered = {pk: Row(*row) for pk, *row in unread.filter(event_id__in_set=events).values_list("id", *Row._fields)}
    grouped = unread.filter(group_key__in_set=newest, snoozed_until=None).values_list(
        "group_key", "event__position", "id", *Row._fields
    )
    return covered | {pk: Row(*row) for key, position, pk, *row in grouped if (position or 0) <= newest[key]}


def _told_with(events: set[int], heads: set[int], *, is_of_feed: bool, user_id: int) -> set[int]:
    """Events that share a row of the feed with one of these, of which `heads` are the rows. Two queries at most, none
    for rows of the feed of which none is a head."""
    in_feed = _rows(user_id).filter(channel="in_app")
    if not is_of_feed:
        sharing = in_feed.filter(event_id__in_set=events).exclude(count=1, folded_into=None)
        heads = {pk if into is None else into for pk, into in sharing.values_list("pk", "folded_into")}
    if not heads:
        return set()
    shared = in_feed.filter(Q(pk__in_set=heads) | Q(folded_into__in_set=heads))
    return set(shared.values_list("event_id", flat=True))
