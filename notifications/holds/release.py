"""Release of what was held: one way for do-not-disturb, quiet hours, digests, full hours and ladders, and for snoozed
rows.

Under the inbox locks of its people, in one transaction: the rows stop waiting, one summary for each person, and one
for each burst, points to them, its deliveries are open, or those of a ladder's rows; snoozed rows whose moment has come
are on top of the feed. A second release finds nothing held or snoozed; a kill leaves all of it or nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from events.db.arrays import any_of
from events.db.rows import update_rows
from events.db.session import datetime_param, set_local
from events.monitoring import families
from events.monitoring.counting import Tally
from notifications.channels import OpenedSummary, open_summaries
from notifications.holds import decision, last_look, opening, parcels, rules, schedule
from notifications.holds.parcels import Parcel, Person, UnreadRow
from notifications.inbox import summaries, surfacing
from notifications.models import Hold, Inbox, Notification, Summary, UserNotificationSettings

LOCK_TIMEOUT = "2s"
_HELD = ("hold_until", "is_read", "folded_into", "pk", "hold", "event_id", "event__event_type__name")


def release(users: Collection[int], *, now: datetime) -> list[Summary]:
    """Release what these people needn't wait for any more, and return the summaries made.

    People whose inbox another transaction holds are left out (PostgreSQL; SQLite has one writer). A constant number
    of queries, beside those of the channels that open deliveries. May run inside a transaction.
    """
    with transaction.atomic():
        people = _lock(users, now=now)
        for person in people:
            person.decision = decision.decide(
                person.settings,
                holds=person.holds,
                next_check_at=person.inbox.next_check_at,
                digest_at=person.inbox.digest_at,
                now=now,
            )
        return _carry_out(people, now=now)


def send_digest(user_id: int, *, now: datetime) -> Summary | None:
    """Release what the person's digest has collected; None if that is nothing that is still unread."""
    with transaction.atomic():
        people = _lock([user_id], now=now, wait=True)
        for person in people:
            person.decision = decision.decide_to_send(person.settings, holds=person.holds, now=now)
        return next(iter(_carry_out(people, now=now)), None)


def _lock(users: Collection[int], *, now: datetime, wait: bool = False) -> list[Person]:
    """Lock the inboxes in user order and read settings, held and snoozed rows: five queries, at most fourteen if any
    is unread."""
    # Each row's key to its summary is checked at COMMIT by a plan that the session keeps. Made while that table is
    # small, it would read it whole for every row of the crowd that fills it: six times as long for ten thousand people.
    set_local(lock_timeout=LOCK_TIMEOUT, enable_seqscan="off")
    rows = Inbox.objects.select_for_update(skip_locked=not wait).filter(user_id__in_set=users).order_by("user_id")
    inboxes = {row.user_id: row for row in rows}
    chosen = {row.user_id: row for row in UserNotificationSettings.objects.filter(user_id__in_set=inboxes)}
    people = {
        user: Person(box, chosen.get(user) or UserNotificationSettings(user_id=user)) for user, box in inboxes.items()
    }
    rows_held = Notification.objects.filter(user_id__in_set=inboxes).exclude(hold=Hold.NONE).order_by()
    held = []
    for end, is_read, into, pk, hold, event_id, event_type, *row in rows_held.values_list(*_HELD, *last_look.COLUMNS):
        looked_at = last_look.Row(*row)
        person = people[looked_at.user_id]
        if end and end > now:
            person.next_end = schedule.earliest(person.next_end, end)
            continue
        if not is_read:
            held.append((UnreadRow(pk, hold, looked_at.channel, event_id, event_type, into), looked_at))
        elif hold == Hold.LADDER:
            person.settled.append(pk)
        if hold != Hold.LADDER:
            person.holds.add(hold)
    _read_snoozed(people, now=now)
    held = _named_by_burst(held)
    present = last_look.load([looked_at for _row, looked_at in held], now=now)
    for unread, looked_at in held:
        person = people[looked_at.user_id]
        if last_look.why_not(looked_at, present):
            (person.settled if unread.hold == Hold.LADDER else person.unwanted).append(unread.pk)
        else:
            person.unread.append(unread)
            person.holds.add(unread.hold)
    return list(people.values())


def _named_by_burst(held: list[tuple[UnreadRow, last_look.Row]]) -> list[tuple[UnreadRow, last_look.Row]]:
    """Name each burst by type, source and first position, whatever the channel. One query, if there are any."""
    heads = {row.folded_into for row, _looked_at in held if row.hold == Hold.BURST and row.folded_into}
    if not heads:
        return held
    first = dict(Notification.objects.filter(pk__in_set=heads).values_list("pk", "event__position"))
    named = []
    for row, looked_at in held:
        if row.hold == Hold.BURST and row.folded_into:
            name = [looked_at.type_id, *(looked_at.source or ()), first.get(row.folded_into)]
            named.append((row._replace(burst="|".join(map(str, name))), looked_at))
        else:
            named.append((row, looked_at))
    return named


def _read_snoozed(people: Mapping[int, Person], *, now: datetime) -> None:
    """Find the snoozed rows that come back, in the order of their moments: with a toast where nothing forbids it."""
    snoozed = Notification.objects.filter(user_id__in_set=people, snoozed_until__isnull=False)
    columns = ("pk", "user_id", "snoozed_until", "event__event_type__is_critical")
    for pk, user_id, until, is_critical in snoozed.order_by("snoozed_until", "pk").values_list(*columns):
        person = people[user_id]
        if until > now:
            person.next_end = schedule.earliest(person.next_end, until)
        else:
            is_silent = rules.hold_now(person.settings, now=now) in (Hold.DND, Hold.QUIET)
            person.due.append(surfacing.Due(pk, person.inbox, toast=is_critical or not is_silent))


def _carry_out(people: Sequence[Person], *, now: datetime) -> list[Summary]:
    """Write what was decided for these people: at most seventeen queries, and those of the channels."""
    given = parcels.make(people, now=now)
    made = [summary for _parcel, summary in given]
    _end_ladders(people, now=now)
    _move(people, now=now)
    _free(people, given=given, now=now)
    digests = [summary.pk for summary in made if summary.seq and summary.kind == Hold.DIGEST]
    if digests:
        summaries.record_sent(digests, now=now)
    summaries.push(made)
    surfacing.wake([row for person in people for row in person.due], now=now)
    changed = [(person.inbox, person.moments) for person in people if person.is_changed]
    schedule.store([(inbox.user_id, inbox.seq, inbox.unread_count, *moments) for inbox, moments in changed])
    open_summaries(
        [
            OpenedSummary(summary.pk, summary.user_id, channel)
            for parcel, summary in given
            for channel in parcel.channels
            if channel != "in_app"
        ]
    )
    tally = Tally()
    for summary in made:
        tally.add(families.SUMMARIES, summary.kind)
    tally.write()
    return made


def _end_ladders(people: Sequence[Person], *, now: datetime) -> None:
    """Open the rows of ladders that end, but for the settled ones: four queries at most, and those of the channels."""
    if settled := [pk for person in people for pk in person.settled]:
        Notification.objects.filter(pk__in_set=settled).update(hold=Hold.NONE)
    ends = opening.open_rows([(person.inbox, row) for person in people for row in person.opened], now=now)
    for person in people:
        person.next_end = schedule.earliest(person.next_end, ends.get(person.inbox.user_id))


def _move(people: Sequence[Person], *, now: datetime) -> None:
    """Let rows wait for something else: one query, if any do."""
    moves = [(p.inbox.user_id, before, after) for p in people for before, after in p.decision.moves.items()]
    columns = {"user_id": "bigint", "hold": "text", "after": "text"}
    _update_held(moves, columns, {"hold": "new.after"}, key="hold", now=now)


def _free(people: Sequence[Person], *, given: Sequence[tuple[Parcel, Summary]], now: datetime) -> None:
    """Let released rows wait no more: three queries at most. Those read or unwanted meanwhile belong to no summary."""
    freed = {"hold": "'none'", "summary_id": "CASE WHEN notifications.is_read THEN NULL ELSE new.summary_id END"}
    bursts = {
        (summary.user_id, row.folded_into, summary.pk)
        for parcel, summary in given
        if parcel.is_burst
        for row in parcel.rows
    }
    columns = {"user_id": "bigint", "folded_into": "bigint", "summary_id": "bigint"}
    _update_held(sorted(bursts), columns, freed, key="folded_into", now=now)
    # What bursts left is what was read.
    summary_of = {summary.user_id: summary.pk for parcel, summary in given if not parcel.is_burst}
    rows = [
        (person.inbox.user_id, hold, summary_of.get(person.inbox.user_id))
        for person in people
        for hold in person.decision.released
    ]
    columns = {"user_id": "bigint", "hold": "text", "summary_id": "bigint"}
    _update_held(rows, columns, freed, key="hold", now=now)
    if unwanted := [pk for person in people for pk in person.unwanted]:
        Notification.objects.filter(pk__in_set=unwanted).update(summary=None)


def _update_held(
    rows: Sequence[tuple[Any, ...]], columns: dict[str, str], assign: dict[str, str], *, key: str, now: datetime
) -> None:
    is_held, users = any_of("notifications.user_id", {user for user, *_ in rows})
    is_due = "(notifications.hold_until IS NULL OR notifications.hold_until <= %s)"
    update_rows(
        "notifications",
        key=("user_id", key),
        columns=columns,
        rows=rows,
        assign=assign | {"hold_until": "NULL"},
        where=(f"{is_held} AND notifications.hold <> 'none' AND {is_due}", [*users, datetime_param(now)]),
    )
