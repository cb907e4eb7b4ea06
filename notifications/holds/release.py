"""Release of what was held: one way for do-not-disturb, quiet hours, digests, full hours and ladders, and for snoozed
rows.

Under the inbox locks of its people, in one transaction: the rows stop waiting, one summary for each person, and one
for each burst, points to them, its deliveries are open, or those of a ladder's rows; snoozed rows whose moment has come
are on top of the feed. A second release finds nothing held or snoozed; a kill leaves all of it or nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from events import accounts
from events.db.arrays import any_of
from events.db.rows import insert_rows, update_rows
from events.db.session import datetime_param, set_local
from notifications.channels import Opened, OpenedSummary, open_summaries
from notifications.holds import decision, last_look, opening, rules, schedule, summaries
from notifications.holds.decision import HoldDecision
from notifications.inbox import surfacing
from notifications.models import Hold, Inbox, Notification, Summary, UserNotificationSettings

LOCK_TIMEOUT = "2s"
_HELD = ("hold_until", "is_read", "folded_into", "pk", "hold", "event_id", "event__event_type__name")


class _UnreadRow(NamedTuple):
    pk: int
    hold: str
    channel: str
    event_id: int
    event_type: str
    # Of rows that waited for the end of their burst: what they are folded into, and the burst's name.
    folded_into: int | None = None
    burst: str = ""


@dataclass(slots=True)
class _Person:
    """Person whose inbox is locked, and the rows they hold.

    `next_end`: the first end of rows that wait for one of their own; they are left out until then. `due`: snoozed rows
    whose moment has come.
    `unread`: what they still want to hear of; `unwanted`: rows of what they switched off or must not know any more;
    `settled`: rows of ladders for which nobody need speak any more.
    """

    inbox: Inbox
    settings: UserNotificationSettings
    holds: set[str] = field(default_factory=set)
    unread: list[_UnreadRow] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    decision: HoldDecision = field(default_factory=HoldDecision)
    next_end: datetime | None = None
    due: list[surfacing.Due] = field(default_factory=list)

    @property
    def released(self) -> list[_UnreadRow]:
        return [row for row in self.unread if row.hold in self.decision.released]

    @property
    def opened(self) -> list[Opened]:
        rows = [row for row in self.unread if row.hold in self.decision.opened]
        return [Opened(row.pk, row.event_id, self.inbox.user_id, row.channel) for row in rows]

    def parcels(self) -> list["_Parcel"]:
        """Divide what is released by its summaries: a burst that comes in no digest has one of its own."""
        rows_of = defaultdict[str, list[_UnreadRow]](list)
        kind, window = self.decision.kind, self.decision.window
        for row in self.released:
            rows_of["" if kind == Hold.DIGEST else row.burst].append(row)
        return [
            _Parcel(self, Hold.BURST.value if burst else kind, burst or window, rows, is_burst=bool(burst))
            for burst, rows in sorted(rows_of.items())
        ]

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        return schedule.earliest(self.decision.next_check_at, self.next_end), self.decision.digest_at

    @property
    def is_changed(self) -> bool:
        return bool(self.released or self.due) or (self.inbox.next_check_at, self.inbox.digest_at) != self.moments


@dataclass(slots=True)
class _Parcel:
    """Rows that one summary of this kind and window gives back, over these channels."""

    person: _Person
    kind: str
    window: str
    rows: list[_UnreadRow]
    is_burst: bool
    channels: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, str, str]:
        return self.person.inbox.user_id, self.kind, self.window


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


def _lock(users: Collection[int], *, now: datetime, wait: bool = False) -> list[_Person]:
    """Lock the inboxes in user order and read settings, held and snoozed rows: five queries, at most fourteen if any
    is unread."""
    # Each row's key to its summary is checked at COMMIT by a plan that the session keeps. Made while that table is
    # small, it would read it whole for every row of the crowd that fills it: six times as long for ten thousand people.
    set_local(lock_timeout=LOCK_TIMEOUT, enable_seqscan="off")
    rows = Inbox.objects.select_for_update(skip_locked=not wait).filter(user_id__in_set=users).order_by("user_id")
    inboxes = {row.user_id: row for row in rows}
    chosen = {row.user_id: row for row in UserNotificationSettings.objects.filter(user_id__in_set=inboxes)}
    people = {
        user: _Person(box, chosen.get(user) or UserNotificationSettings(user_id=user)) for user, box in inboxes.items()
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
            held.append((_UnreadRow(pk, hold, looked_at.channel, event_id, event_type, into), looked_at))
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


def _named_by_burst(held: list[tuple[_UnreadRow, last_look.Row]]) -> list[tuple[_UnreadRow, last_look.Row]]:
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


def _read_snoozed(people: Mapping[int, _Person], *, now: datetime) -> None:
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


def _carry_out(people: Sequence[_Person], *, now: datetime) -> list[Summary]:
    """Write what was decided for these people: at most sixteen queries, and those of the channels."""
    parcels = _divided(people, now=now)
    _choose_channels(parcels)
    made = _insert(parcels, now=now)
    _end_ladders(people, now=now)
    _move(people, now=now)
    _free(people, given=list(zip(parcels, made, strict=True)), now=now)
    summaries.record_sent([summary.pk for summary in made if summary.seq], now=now)
    summaries.push(made)
    surfacing.wake([row for person in people for row in person.due], now=now)
    changed = [(person.inbox, person.moments) for person in people if person.is_changed]
    schedule.store([(inbox.user_id, inbox.seq, inbox.unread_count, *moments) for inbox, moments in changed])
    open_summaries(
        [
            OpenedSummary(summary.pk, summary.user_id, channel)
            for parcel, summary in zip(parcels, made, strict=True)
            for channel in parcel.channels
            if channel != "in_app"
        ]
    )
    return made


def _divided(people: Sequence[_Person], *, now: datetime) -> list[_Parcel]:
    """Divide what is released by the summaries it makes. One query, if anything is.

    Where a window has its summary it is decided anew: it was released before the clock was set back, or undone.
    """
    parcels = [parcel for person in people for parcel in person.parcels()]
    if not parcels:
        return []
    users, _kinds, windows = map(set, zip(*(parcel.place for parcel in parcels), strict=True))
    existing = Summary.objects.filter(user_id__in_set=users, window__in_set=windows)
    taken = set(existing.values_list("user_id", "kind", "window"))
    for parcel in parcels:
        person = parcel.person
        if parcel.place in taken and (sent := person.decision.due_at):
            # What came since then is left to the next digest.
            person.decision = decision.collect(
                person.holds, due_at=rules.next_digest(person.settings, after=max(sent, now))
            )
            parcel.rows = []
        elif parcel.place in taken:
            parcel.window = f"{parcel.window}/{person.inbox.seq + 1}"
    return [parcel for parcel in parcels if parcel.rows]


def _choose_channels(parcels: Sequence[_Parcel]) -> None:
    """Give each summary its channels: those of a digest, or the app and those that the rows had chosen.

    What was too much at once was in the app all the time.
    One query, if there is a digest. A summary that is shown in the app raises the inbox's seq.
    """
    digests = [parcel.person.inbox.user_id for parcel in parcels if parcel.kind == Hold.DIGEST]
    whose = accounts.everyone().filter(pk__in_set=digests)
    emails = dict(whose.values_list("pk", accounts.email_field())) if digests else {}
    for parcel in parcels:
        person = parcel.person
        if parcel.kind == Hold.DIGEST:
            email = emails.get(person.inbox.user_id, "")
            parcel.channels = rules.digest_channels(person.settings, email=email)
        else:
            in_app = [] if parcel.kind == Hold.BURST else ["in_app"]
            parcel.channels = in_app + sorted({row.channel for row in parcel.rows} - {"in_app"})
        person.inbox.seq += "in_app" in parcel.channels


_SUMMARY = {
    "user_id": "bigint",
    "kind": "text",
    "window": "text",
    "count": "bigint",
    "by_type": "jsonb",
    "seq": "bigint",
    "created_at": "timestamptz",
}


def _insert(parcels: Sequence[_Parcel], *, now: datetime) -> list[Summary]:
    """Insert a summary for each of them. Each event counts once, whatever the number of its channels."""
    made = []
    for parcel in parcels:
        types = {row.event_id: row.event_type for row in parcel.rows}
        user, kind, window = parcel.place
        summary = Summary(user_id=user, kind=kind, window=window, count=len(types), created_at=now)
        summary.by_type = dict(Counter(types.values()))
        summary.seq = parcel.person.inbox.seq if "in_app" in parcel.channels else 0
        made.append(summary)
    rows = [[getattr(summary, name) for name in _SUMMARY] for summary in made]
    ids = insert_rows("summaries", columns=_SUMMARY, rows=rows, returning=("id",))
    for summary, (summary_id,) in zip(made, ids, strict=True):
        summary.pk = summary_id
    return made


def _end_ladders(people: Sequence[_Person], *, now: datetime) -> None:
    """Open the rows of ladders that end, but for the settled ones: four queries at most, and those of the channels."""
    if settled := [pk for person in people for pk in person.settled]:
        Notification.objects.filter(pk__in_set=settled).update(hold=Hold.NONE)
    ends = opening.open_rows([(person.inbox, row) for person in people for row in person.opened], now=now)
    for person in people:
        person.next_end = schedule.earliest(person.next_end, ends.get(person.inbox.user_id))


def _move(people: Sequence[_Person], *, now: datetime) -> None:
    """Let rows wait for something else: one query, if any do."""
    moves = [(p.inbox.user_id, before, after) for p in people for before, after in p.decision.moves.items()]
    columns = {"user_id": "bigint", "hold": "text", "after": "text"}
    _update_held(moves, columns, {"hold": "new.after"}, key="hold", now=now)


def _free(people: Sequence[_Person], *, given: Sequence[tuple[_Parcel, Summary]], now: datetime) -> None:
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
