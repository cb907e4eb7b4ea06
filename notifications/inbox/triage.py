"""Notifications leave the feed, for good or until a moment, and come back, under the lock of their person's inbox."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from events.db.rows import update_rows
from events.errors import MomentRefused
from events.rules import moments
from notifications.inbox import frames, marking, push, surfacing
from notifications.inbox.marking import State
from notifications.inbox.surfacing import Surfaced
from notifications.models import Inbox, Notification, ReadingBatch

ACTIONS = ("read", "unread", "done", "undone", "snooze", "unsnooze")
LONGEST_SNOOZE = timedelta(days=366)
DONE, SNOOZED = "done", "snoozed"
COLUMNS = {DONE: "done_at", SNOOZED: "snoozed_until"}


def done(user_id: int, *, ids: Collection[int], now: datetime) -> State:
    """Take rows out of the feed for good, and read them as `marking.mark` does; one batch undoes both.

    Raises Notification.DoesNotExist if one of the ids is no in-app row of this person, as all do here.
    """
    with transaction.atomic():
        inbox = marking.lock(user_id)
        leaving = list(marking.named(user_id, ids).filter(done_at=None).values_list("pk", flat=True))
        if not leaving:
            return State(inbox.seq, inbox.unread_count)
        rows = Notification.objects.filter(pk__in_set=leaving)
        read = marking.change(inbox, marking.unread_covered_by(rows, user_id=user_id), read_at=now)
        batch = read.batch or ReadingBatch.objects.create(user_id=user_id, created_at=now).pk
        _leave(inbox, leaving, reason=DONE, done_at=now, snoozed_until=None, reading_batch_id=batch)
        return State(inbox.seq, inbox.unread_count, batch, len(leaving))


def snooze(user_id: int, *, ids: Collection[int], until: datetime, now: datetime) -> State:
    """Take rows out of the feed until a moment, at which they come back unread (holds/release.py); what was snoozed or
    done waits for this moment instead. Raises MomentRefused too."""
    until = _checked(until, now=now)
    with transaction.atomic():
        inbox = marking.lock(user_id)
        rows = marking.named(user_id, ids)
        leaving = list(rows.exclude(snoozed_until=until).values_list("pk", flat=True))
        if leaving:
            inbox.unread_count -= rows.counted().count()
            inbox.next_check_at = min(inbox.next_check_at or until, until)
            _leave(inbox, leaving, reason=SNOOZED, done_at=None, snoozed_until=until, reading_batch_id=None)
        return State(inbox.seq, inbox.unread_count, changed=len(leaving))


def restore(user_id: int, *, ids: Collection[int], state: str) -> State:
    """Put rows back into the feed, at their old places and read or unread as they are, that are done, or snoozed."""
    with transaction.atomic():
        inbox = marking.lock(user_id)
        away = marking.named(user_id, ids).exclude(**{COLUMNS[state]: None})
        rows = dict(away.order_by("feed_seq").values_list("pk", "is_read"))
        put_back(inbox, rows)
        return State(inbox.seq, inbox.unread_count, changed=len(rows))


def act(user_id: int, *, ids: Collection[int], action: str, now: datetime, until: datetime | None = None) -> State:
    """Do one of ACTIONS with all of these rows, or with none. Raises LookupError for another word.

    `until`: for `snooze` alone. MomentRefused without one there.
    """
    match action:
        case "read" | "unread":
            return marking.mark(user_id, ids=ids, is_read=action == "read", now=now)
        case "done":
            return done(user_id, ids=ids, now=now)
        case "undone" | "unsnooze":
            return restore(user_id, ids=ids, state=DONE if action == "undone" else SNOOZED)
        case "snooze" if until is not None:
            return snooze(user_id, ids=ids, until=until, now=now)
        case "snooze":
            raise MomentRefused(_("choose when to bring it back"), code="required", field="until")
    raise LookupError(action)


def put_back(inbox: Inbox, rows: dict[int, bool]) -> None:
    """Put rows (id -> is it read) back into the feed: two queries, none for none. Needs the inbox lock."""
    if not rows:
        return
    back = []
    is_told = len(rows) <= surfacing.MOST_TOLD
    inbox.seq += not is_told
    for pk, is_read in rows.items():
        inbox.seq += is_told
        inbox.unread_count += not is_read
        back.append(Surfaced(pk, inbox.user_id, inbox.seq, inbox.unread_count, toast=False))
    inbox.save(update_fields=["seq", "unread_count"])
    update_rows(
        "notifications",
        columns={"id": "bigint", "seq": "bigint"},
        rows=[(row.row_id, row.seq) for row in back],
        assign={"seq": "new.seq", "done_at": "NULL", "snoozed_until": "NULL", "reading_batch_id": "NULL"},
    )
    if is_told:
        surfacing.push_on_commit(back)
    else:
        frame = frames.resync(seq=inbox.seq, unread_count=inbox.unread_count)
        push.push_on_commit([push.Push(inbox.user_id, frame)])


def _leave(inbox: Inbox, ids: list[int], *, reason: str, **columns: object) -> None:
    inbox.seq += 1
    inbox.save(update_fields=["seq", "unread_count", "next_check_at"])
    Notification.objects.filter(pk__in_set=ids).update(seq=inbox.seq, **columns)
    frame = frames.removed(seq=inbox.seq, unread_count=inbox.unread_count, ids=ids, reason=reason)
    push.push_on_commit([push.Push(inbox.user_id, frame)])


def _checked(until: datetime, *, now: datetime) -> datetime:
    moment = moments.checked(until, field="until")
    if moment <= now:
        raise MomentRefused(_("that time has passed; choose a later one"), code="in_the_past", field="until")
    if moment > now + LONGEST_SNOOZE:
        detail = _("that's more than a year away; choose an earlier time")
        raise MomentRefused(detail, code="out_of_range", field="until")
    return moment
