"""Release of what was held: one way for do-not-disturb, quiet hours, digests and full hours, and for snoozed rows.

Under the inbox locks of its people, in one transaction: the rows stop waiting, one summary for each person points to
them, its deliveries are open; snoozed rows whose moment has come are on top of the feed. A second release finds
nothing held or snoozed; a kill leaves all of it or nothing.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from events import accounts
from events.db.arrays import any_of
from events.db.rows import insert_rows, update_rows
from events.db.session import datetime_param, set_local
from notifications.channels import OpenedSummary, open_summaries
from notifications.holds import decision, last_look, rules, schedule, summaries
from notifications.holds.decision import HoldDecision
from notifications.inbox import surfacing
from notifications.models import Hold, Inbox, Notification, Summary, UserNotificationSettings

LOCK_TIMEOUT = "2s"
_HELD = ("hold_until", "is_read", "pk", "hold", "event_id", "event__event_type__name")


class _UnreadRow(NamedTuple):
    pk: int
    hold: str
    channel: str
    event_id: int
    event_type: str


@dataclass(slots=True)
class _Person:
    """Person whose inbox is locked, and the rows they hold. `channels`: those of the summary.

    `next_end`: the first end of rows that wait for one of their own; they are left out until then. `due`: snoozed rows
    whose moment has come.
    `unread`: what they still want to hear of; `unwanted`: rows of what they switched off or must not know any more.
    """

    inbox: Inbox
    settings: UserNotificationSettings
    holds: set[str] = field(default_factory=set)
    unread: list[_UnreadRow] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)
    decision: HoldDecision = field(default_factory=HoldDecision)
    channels: list[str] = field(default_factory=list)
    next_end: datetime | None = None
    due: list[surfacing.Due] = field(default_factory=list)

    @property
    def released(self) -> list[_UnreadRow]:
        return [row for row in self.unread if row.hold in self.decision.released]

    @property
    def window(self) -> tuple[int, str, str]:
        return self.inbox.user_id, self.decision.kind, self.decision.window

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        return schedule.earliest(self.decision.next_check_at, self.next_end), self.decision.digest_at

    @property
    def is_changed(self) -> bool:
        return bool(self.released or self.due) or (self.inbox.next_check_at, self.inbox.digest_at) != self.moments


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
    """Lock the inboxes in user order and read settings, held and snoozed rows: five queries, at most nine if any is
    unread."""
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
    for end, is_read, pk, hold, event_id, event_type, *row in rows_held.values_list(*_HELD, *last_look.COLUMNS):
        looked_at = last_look.Row(*row)
        person = people[looked_at.user_id]
        if end and end > now:
            person.next_end = schedule.earliest(person.next_end, end)
            continue
        person.holds.add(hold)
        if not is_read:
            held.append((_UnreadRow(pk, hold, looked_at.channel, event_id, event_type), looked_at))
    _read_snoozed(people, now=now)
    present = last_look.load([looked_at for _row, looked_at in held])
    for unread, looked_at in held:
        if last_look.why_not(looked_at, present):
            people[looked_at.user_id].unwanted.append(unread.pk)
        else:
            people[looked_at.user_id].unread.append(unread)
    return list(people.values())


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
    """Write what was decided for these people: at most eleven queries, and those of the channels."""
    _avoid_taken_windows(people, now=now)
    summarized = [person for person in people if person.released]
    _choose_channels(summarized)
    made = _insert(summarized, now=now)
    _move(people, now=now)
    _free(people, made=made, now=now)
    summaries.record_sent([summary.pk for summary in made if summary.seq], now=now)
    summaries.push(made)
    surfacing.wake([row for person in people for row in person.due], now=now)
    changed = [(person.inbox, person.moments) for person in people if person.is_changed]
    schedule.store([(inbox.user_id, inbox.seq, inbox.unread_count, *moments) for inbox, moments in changed])
    open_summaries(
        [
            OpenedSummary(summary.pk, summary.user_id, channel)
            for person, summary in zip(summarized, made, strict=True)
            for channel in person.channels
            if channel != "in_app"
        ]
    )
    return made


def _avoid_taken_windows(people: Sequence[_Person], *, now: datetime) -> None:
    """Decide anew where the window has its summary: it was released before the clock was set back. One query, if
    anything is released."""
    releasing = {person.inbox.user_id: person for person in people if person.decision.released}
    if not releasing:
        return
    windows = {person.decision.window for person in releasing.values()}
    existing = Summary.objects.filter(user_id__in_set=releasing, window__in_set=windows)
    taken = set(existing.values_list("user_id", "kind", "window"))
    for person in releasing.values():
        if person.window not in taken:
            continue
        if sent := person.decision.due_at:
            # What came since then is left to the next digest.
            person.decision = decision.collect(
                person.holds, due_at=rules.next_digest(person.settings, after=max(sent, now))
            )
        else:
            person.decision = replace(person.decision, window=f"{person.decision.window}/{person.inbox.seq + 1}")


def _choose_channels(people: Sequence[_Person]) -> None:
    """Give each summary its channels: those of a digest, or the app and those that the rows had chosen.

    What was too much for an hour was in the app all the time.
    One query, if there is a digest. A summary that is shown in the app raises the inbox's seq.
    """
    digests = [person.inbox.user_id for person in people if person.decision.kind == Hold.DIGEST]
    whose = accounts.everyone().filter(pk__in_set=digests)
    emails = dict(whose.values_list("pk", accounts.email_field())) if digests else {}
    for person in people:
        if person.decision.kind == Hold.DIGEST:
            email = emails.get(person.inbox.user_id, "")
            person.channels = rules.digest_channels(person.settings, email=email)
        else:
            in_app = [] if person.decision.kind == Hold.BURST else ["in_app"]
            person.channels = in_app + sorted({row.channel for row in person.released} - {"in_app"})
        person.inbox.seq += "in_app" in person.channels


_SUMMARY = {
    "user_id": "bigint",
    "kind": "text",
    "window": "text",
    "count": "bigint",
    "by_type": "jsonb",
    "seq": "bigint",
    "created_at": "timestamptz",
}


def _insert(people: Sequence[_Person], *, now: datetime) -> list[Summary]:
    """Insert a summary for each of them. Each event counts once, whatever the number of its channels."""
    made = {}
    for person in people:
        types = {row.event_id: row.event_type for row in person.released}
        user, kind, window = person.window
        made[user] = Summary(
            user_id=user,
            kind=kind,
            window=window,
            count=len(types),
            by_type=dict(Counter(types.values())),
            seq=person.inbox.seq if "in_app" in person.channels else 0,
            created_at=now,
        )
    rows = [[getattr(summary, name) for name in _SUMMARY] for summary in made.values()]
    for summary_id, user in insert_rows("summaries", columns=_SUMMARY, rows=rows, returning=("id", "user_id")):
        made[user].pk = summary_id
    return list(made.values())


def _move(people: Sequence[_Person], *, now: datetime) -> None:
    """Let rows wait for something else: one query, if any do."""
    moves = [(p.inbox.user_id, before, after) for p in people for before, after in p.decision.moves.items()]
    _update_held(moves, {"user_id": "bigint", "hold": "text", "after": "text"}, {"hold": "new.after"}, now=now)


def _free(people: Sequence[_Person], *, made: Sequence[Summary], now: datetime) -> None:
    """Let released rows wait no more: two queries at most. Those read or unwanted meanwhile belong to no summary."""
    summary_of = {summary.user_id: summary.pk for summary in made}
    rows = [
        (person.inbox.user_id, hold, summary_of.get(person.inbox.user_id))
        for person in people
        for hold in person.decision.released
    ]
    summary = "CASE WHEN notifications.is_read THEN NULL ELSE new.summary_id END"
    columns = {"user_id": "bigint", "hold": "text", "summary_id": "bigint"}
    _update_held(rows, columns, {"hold": "'none'", "summary_id": summary}, now=now)
    if unwanted := [pk for person in people for pk in person.unwanted]:
        Notification.objects.filter(pk__in_set=unwanted).update(summary=None)


def _update_held(
    rows: Sequence[tuple[int, str, object]], columns: dict[str, str], assign: dict[str, str], *, now: datetime
) -> None:
    is_held, users = any_of("notifications.user_id", {user for user, *_ in rows})
    is_due = "(notifications.hold_until IS NULL OR notifications.hold_until <= %s)"
    update_rows(
        "notifications",
        key=("user_id", "hold"),
        columns=columns,
        rows=rows,
        assign=assign | {"hold_until": "NULL"},
        where=(f"{is_held} AND notifications.hold <> 'none' AND {is_due}", [*users, datetime_param(now)]),
    )
