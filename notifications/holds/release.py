"""Giving back what was held: the one closer for do-not-disturb, quiet hours and digests.

Under the inbox locks of its people, in one transaction: the rows stop waiting, one summary for each person points to
them, its deliveries are open. A second closer finds nothing held; a kill leaves all of it or nothing.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection, transaction

from events.db import arrays
from notifications import channels
from notifications.channels import OpenedSummary
from notifications.holds import decision, rules, schedule, summaries
from notifications.holds.decision import Turn
from notifications.models import Hold, Inbox, Notification, Summary, UserNotificationSettings

LOCK_TIMEOUT = "2s"


@dataclass(slots=True)
class _Person:
    """Somebody with their inbox locked. `unread`: hold, channel, event and type name of each row they hold."""

    inbox: Inbox
    settings: UserNotificationSettings
    holds: set[str] = field(default_factory=set)
    unread: list[tuple[str, str, int, str]] = field(default_factory=list)
    turn: Turn = field(default_factory=Turn)

    @property
    def given(self) -> list[tuple[str, str, int, str]]:
        return [row for row in self.unread if row[0] in self.turn.given]

    @property
    def label(self) -> tuple[int, str, str]:
        return self.inbox.user_id, self.turn.kind, self.turn.window


def release(users: Collection[int], *, now: datetime) -> list[Summary]:
    """Give back what these people needn't wait for any more; the summaries made. People whose inbox another
    transaction holds are left out (PostgreSQL; SQLite has one writer).

    A constant number of queries, beside those of the channels that open deliveries. May run inside a transaction.
    """
    with transaction.atomic():
        people = _locked(users)
        for person in people:
            box = person.inbox
            person.turn = decision.turn(
                person.settings, holds=person.holds, look_at=box.look_at, digest_at=box.digest_at, now=now
            )
        _mind_taken(people, now=now)
        return _write(people, now=now)


def send_digest(user_id: int, *, now: datetime) -> Summary | None:
    """What the person's digest has collected, at once; None if that is nothing that is still unread."""
    with transaction.atomic():
        people = _locked([user_id], wait=True)
        for person in people:
            person.turn = decision.send_now(person.settings, holds=person.holds, now=now)
        _mind_taken(people, now=now)
        return next(iter(_write(people, now=now)), None)


def _locked(users: Collection[int], *, wait: bool = False) -> list[_Person]:
    """Locked in user order, with their settings and what they hold: four queries."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Each row's key to its summary is checked at COMMIT by a plan that the session keeps: made while that table
            # is small, it would read it whole for every row of the crowd that fills it.
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL enable_seqscan = off")
    rows = Inbox.objects.select_for_update(skip_locked=not wait).filter(user_id__in_set=users).order_by("user_id")
    inboxes = {row.user_id: row for row in rows}
    chosen = {row.user_id: row for row in UserNotificationSettings.objects.filter(user_id__in_set=inboxes)}
    people = {
        user: _Person(box, chosen.get(user) or UserNotificationSettings(user_id=user)) for user, box in inboxes.items()
    }
    held = Notification.objects.filter(user_id__in_set=inboxes).exclude(hold=Hold.NONE).order_by()
    columns = ("user_id", "is_read", "hold", "channel", "event_id", "event__event_type__name")
    for user, is_read, *row in held.values_list(*columns):
        people[user].holds.add(row[0])
        if not is_read:
            people[user].unread.append((row[0], row[1], row[2], row[3]))
    return list(people.values())


def _mind_taken(people: Sequence[_Person], *, now: datetime) -> None:
    """A window that has its summary was closed before the clock was set back. One query, if anything is given."""
    giving = {person.inbox.user_id: person for person in people if person.turn.given}
    if not giving:
        return
    labels = {person.turn.window for person in giving.values()}
    taken = set(
        Summary.objects.filter(user_id__in_set=giving, window__in_set=labels).values_list("user_id", "kind", "window")
    )
    for person in giving.values():
        if person.label not in taken:
            continue
        if due := person.turn.due:
            person.turn = decision.put_off(person.settings, holds=person.holds, after=due, now=now)
        else:
            person.turn = replace(person.turn, window=f"{person.turn.window}/{person.inbox.seq + 1}")


def _write(people: Sequence[_Person], *, now: datetime) -> list[Summary]:
    """All that the turns say: at most eight queries, and what the channels need."""
    giving = [person for person in people if person.given]
    emails = _emails(person.inbox.user_id for person in giving if person.turn.kind == Hold.DIGEST)
    ways = {person.inbox.user_id: _ways(person, emails=emails) for person in giving}
    for person in giving:
        person.inbox.seq += "in_app" in ways[person.inbox.user_id]
    made = _insert(giving, ways=ways, now=now)
    _move(people)
    _free(people, made=made)
    schedule.store([(p.inbox.user_id, p.inbox.seq, p.turn.look_at, p.turn.digest_at) for p in people if _differs(p)])
    summaries.record_sent([summary.pk for summary in made if summary.seq], now=now)
    opened = [
        OpenedSummary(summary.pk, summary.user_id, way)
        for summary in made
        for way in ways[summary.user_id]
        if way != "in_app"
    ]
    _announce(made, names=channels.open_summaries(opened) if opened else [])
    return made


def _emails(users: Iterable[int]) -> dict[int, str]:
    wanted = list(users)
    return dict(User.objects.filter(pk__in_set=wanted).values_list("pk", "email")) if wanted else {}


def _ways(person: _Person, *, emails: dict[int, str]) -> list[str]:
    """The channels of the summary: those of a digest, or the app and those that the rows had chosen."""
    if person.turn.kind == Hold.DIGEST:
        return rules.digest_channels(person.settings, email=emails.get(person.inbox.user_id, ""))
    return ["in_app", *sorted({channel for _hold, channel, *_event in person.given} - {"in_app"})]


def _differs(person: _Person) -> bool:
    box, turn = person.inbox, person.turn
    return bool(person.given) or (box.look_at, box.digest_at) != (turn.look_at, turn.digest_at)


def _insert(giving: Sequence[_Person], *, ways: dict[int, list[str]], now: datetime) -> list[Summary]:
    """Each event counts once, whatever the number of its channels."""
    made = {}
    for person in giving:
        types = {event_id: name for _hold, _channel, event_id, name in person.given}
        user, kind, window = person.label
        seq = person.inbox.seq if "in_app" in ways[user] else 0
        by_type = dict(Counter(types.values()))
        made[user] = Summary(
            user_id=user, kind=kind, window=window, count=len(types), by_type=by_type, seq=seq, created_at=now
        )
    if not made:
        return []
    rows = [(s.user_id, s.kind, s.window, s.count, json.dumps(s.by_type), s.seq) for s in made.values()]
    new, params = arrays.table(_NEW, rows)
    of_json, of_time = ("::jsonb", "::timestamptz") if connection.vendor == "postgresql" else ("", "")
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO summaries (user_id, kind, "window", count, by_type, seq, created_at) '
            f'SELECT user_id, kind, "window", count, by_type{of_json}, seq, %s{of_time} FROM {new} AS new WHERE true '
            "RETURNING id, user_id",
            [connection.ops.adapt_datetimefield_value(now), *params],
        )
        for summary_id, user in cursor.fetchall():
            made[user].pk = summary_id
    return list(made.values())


_NEW = {"user_id": "bigint", "kind": "text", '"window"': "text", "count": "bigint", "by_type": "text", "seq": "bigint"}


def _move(people: Sequence[_Person]) -> None:
    moves = [(p.inbox.user_id, before, after) for p in people for before, after in sorted(p.turn.moves.items())]
    if not moves:
        return
    moved, params = arrays.table({"user_id": "bigint", "before": "text", "after": "text"}, moves)
    is_theirs, users = arrays.within("notifications.user_id", {user for user, *_holds in moves})
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE notifications SET hold = moved.after FROM {moved} AS moved "
            "WHERE notifications.user_id = moved.user_id AND notifications.hold = moved.before "
            f"AND notifications.hold <> 'none' AND {is_theirs}",
            [*params, *users],
        )


def _free(people: Sequence[_Person], *, made: Sequence[Summary]) -> None:
    """What was read meanwhile stops waiting too, and belongs to no summary."""
    by_user: dict[int, int | None] = defaultdict(lambda: None, {summary.user_id: summary.pk for summary in made})
    rows = [(p.inbox.user_id, hold, by_user[p.inbox.user_id]) for p in people for hold in sorted(p.turn.given)]
    if not rows:
        return
    freed, params = arrays.table({"user_id": "bigint", "hold": "text", "summary_id": "bigint"}, rows)
    is_theirs, users = arrays.within("notifications.user_id", {user for user, *_freed in rows})
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications SET hold = 'none', "
            "summary_id = CASE WHEN notifications.is_read THEN NULL ELSE freed.summary_id END "
            f"FROM {freed} AS freed WHERE notifications.user_id = freed.user_id AND notifications.hold = freed.hold "
            f"AND notifications.hold <> 'none' AND {is_theirs}",
            [*params, *users],
        )


def _announce(made: Sequence[Summary], *, names: Sequence[str]) -> None:
    summaries.push(made)
    if names:
        transaction.on_commit(lambda: channels.wake(names), robust=True)
