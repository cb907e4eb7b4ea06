"""Summaries that a release makes: which rows of a person each of them gives back, over which channels."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from events import accounts
from events.db.rows import insert_rows
from notifications.channels import Opened
from notifications.holds import decision, rules, schedule
from notifications.holds.decision import HoldDecision
from notifications.inbox import surfacing
from notifications.models import Hold, Inbox, Summary, UserNotificationSettings


class UnreadRow(NamedTuple):
    pk: int
    hold: str
    channel: str
    event_id: int
    event_type: str
    # Of rows that waited for the end of their burst: what they are folded into, and the burst's name.
    folded_into: int | None = None
    burst: str = ""


@dataclass(slots=True)
class Person:
    """Person whose inbox is locked, and the rows they hold.

    `next_end`: the first end of rows that wait for one of their own; they are left out until then. `due`: snoozed rows
    whose moment has come.
    `unread`: what they still want to hear of; `unwanted`: rows of what they switched off or must not know any more;
    `settled`: rows of ladders for which nobody need speak any more.
    """

    inbox: Inbox
    settings: UserNotificationSettings
    holds: set[str] = field(default_factory=set)
    unread: list[UnreadRow] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)
    settled: list[int] = field(default_factory=list)
    decision: HoldDecision = field(default_factory=HoldDecision)
    next_end: datetime | None = None
    due: list[surfacing.Due] = field(default_factory=list)

    @property
    def released(self) -> list[UnreadRow]:
        return [row for row in self.unread if row.hold in self.decision.released]

    @property
    def opened(self) -> list[Opened]:
        rows = [row for row in self.unread if row.hold in self.decision.opened]
        return [Opened(row.pk, row.event_id, self.inbox.user_id, row.channel) for row in rows]

    def parcels(self) -> list["Parcel"]:
        """Divide what is released by its summaries: a burst that comes in no digest has one of its own."""
        rows_of = defaultdict[str, list[UnreadRow]](list)
        kind, window = self.decision.kind, self.decision.window
        for row in self.released:
            rows_of["" if kind == Hold.DIGEST else row.burst].append(row)
        return [
            Parcel(self, Hold.BURST.value if burst else kind, burst or window, rows, is_burst=bool(burst))
            for burst, rows in sorted(rows_of.items())
        ]

    @property
    def moments(self) -> tuple[datetime | None, datetime | None]:
        return schedule.earliest(self.decision.next_check_at, self.next_end), self.decision.digest_at

    @property
    def is_changed(self) -> bool:
        return bool(self.released or self.due) or (self.inbox.next_check_at, self.inbox.digest_at) != self.moments


@dataclass(slots=True)
class Parcel:
    """Rows that one summary of this kind and window gives back, over these channels."""

    person: Person
    kind: str
    window: str
    rows: list[UnreadRow]
    is_burst: bool
    channels: list[str] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, str, str]:
        return self.person.inbox.user_id, self.kind, self.window


def make(people: Sequence[Person], *, now: datetime) -> list[tuple[Parcel, Summary]]:
    """Make the summaries of what these people are given back: at most three queries, none where that is nothing."""
    parcels = _divide(people, now=now)
    _choose_channels(parcels)
    return list(zip(parcels, _insert(parcels, now=now), strict=True))


def _divide(people: Sequence[Person], *, now: datetime) -> list[Parcel]:
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


def _choose_channels(parcels: Sequence[Parcel]) -> None:
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


def _insert(parcels: Sequence[Parcel], *, now: datetime) -> list[Summary]:
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
