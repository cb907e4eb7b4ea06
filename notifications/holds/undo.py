"""Undo of a reading, or of what was done: what still bears its batch is as it was, and what waited for its person waits
or goes out now."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from notifications import channels
from notifications.holds import opening, rules, schedule
from notifications.inbox import marking, triage
from notifications.models import Hold, Inbox, Notification, ReadingBatch, Summary, UserNotificationSettings


class _Read(NamedTuple):
    pk: int
    channel: str
    hold: str
    event_id: int
    summary_id: int | None
    read_at: datetime
    done_at: datetime | None
    snoozed_until: datetime | None
    folded_into: int | None
    event__resolved_by_id: int | None


def undo(user_id: int, *, batch_id: int, now: datetime) -> marking.State:
    """Mark unread what the batch read, and put back what it took out of the feed: not what was marked since, and of
    what is gone nobody speaks.

    A constant number of queries. Raises ReadingBatch.DoesNotExist, also for another person's.
    """
    with transaction.atomic():
        inbox = marking.lock(user_id)
        batch = ReadingBatch.objects.get(user_id=user_id, pk=batch_id)
        read = Notification.objects.filter(user_id=user_id, reading_batch_id=batch.pk, is_read=True).order_by("pk")
        bearing = [_Read(*row) for row in read.values_list(*_Read._fields)]
        triage.put_back(inbox, {row.pk: True for row in bearing if row.done_at == batch.created_at})
        # What was read before it was done stays so, and what is over by now.
        rows = [row for row in bearing if row.read_at == batch.created_at and row.event__resolved_by_id is None]
        summaries = Summary.objects.filter(user_id=user_id, reading_batch_id=batch.pk, is_read=True)
        seqs = dict(summaries.values_list("pk", "seq"))
        # Done for another reason than this batch: still away.
        unread = {
            row.pk: marking.Row(
                row.channel, row.hold, _unless(row.done_at, batch.created_at), row.snoozed_until, row.folded_into
            )
            for row in rows
        }
        state = marking.change(inbox, unread, summaries=seqs, read_at=None)
        waited = set(batch.held)
        _resume([row for row in rows if row.pk in waited and row.hold == Hold.NONE], inbox=inbox, now=now)
        channels.reopen(
            [row.pk for row in rows if row.channel != "in_app"],
            {*seqs, *(row.summary_id for row in rows if row.summary_id is not None)},
            since=batch.created_at,
            now=now,
        )
        return state


def _unless(at: datetime | None, moment: datetime) -> datetime | None:
    return None if at == moment else at


def _resume(freed: Sequence[_Read], *, inbox: Inbox, now: datetime) -> None:
    """Hold or open, as of now, rows whose waiting ended while they were read: nobody has told of them yet."""
    if not freed:
        return
    stored = UserNotificationSettings.objects.filter(user_id=inbox.user_id).first()
    hold = rules.hold_now(stored, now=now) if stored else Hold.NONE
    if hold != Hold.NONE:
        Notification.objects.filter(id__in_set=[row.pk for row in freed]).update(hold=hold)
        schedule.expect([inbox.user_id], planned=[inbox.user_id], now=now)
        return
    # They come as one, with the next look.
    folded = [row.pk for row in freed if row.folded_into is not None and row.channel != "in_app"]
    Notification.objects.filter(id__in_set=folded).update(hold=Hold.BURST, hold_until=now)
    going = [
        (inbox, channels.Opened(row.pk, row.event_id, inbox.user_id, row.channel))
        for row in freed
        if row.channel != "in_app" and row.folded_into is None
    ]
    ends = opening.open_rows(going, now=now)
    inbox.next_check_at = schedule.earliest(inbox.next_check_at, now if folded else None, *ends.values())
    inbox.save(update_fields=["next_check_at"])
