"""Judgement over facts and ledgers: pure, and with a slow obvious idea of its own of who should have got what."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.cast import COMMENT
from tests.chaos.facts import Delivery, Event, Facts
from tests.chaos.sinks import Receipt

# Each an own sentence, beginning with what it is about.
MOST_SHOWN = 5


@dataclass
class Verdict:
    """`lost`: committed, and somebody didn't get it. `wrong`: any other rule broken. `doubled`: came more than once,
    and `unexcused` of them although every answer was known. `failed`: attempts after which another was needed."""

    failed: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexcused: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.wrong or self.unexcused)

    def problems(self) -> list[str]:
        said = []
        for name, found in (("lost", self.lost), ("wrong", self.wrong), ("doubled without excuse", self.unexcused)):
            said += [f"{name}: {one}" for one in found[:MOST_SHOWN]]
            said += [f"{name}: and {len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else []
        return said


@dataclass(frozen=True)
class Client:
    """State of a connected browser: the last seq and count it was told."""

    user: int
    seq: int | None
    unread: int | None


def judge(
    facts: Facts,
    *,
    confirmed: Iterable[str],
    receipts: Sequence[Receipt],
    clients: Sequence[Client],
    read: Iterable[int] = (),
) -> Verdict:
    """Judge what is in the database by what was `confirmed` to publishers, what was `read`, taken and shown."""
    verdict = Verdict()
    _log(facts, set(confirmed), verdict)
    _rows(facts, verdict)
    _inboxes(facts, verdict)
    unread = {row.pk for row in facts.rows if not row.is_read}
    verdict.lost += [f"row {pk} was confirmed as read, and isn't" for pk in sorted(unread & set(read))]
    _opened(facts, verdict)
    _received(facts, receipts, verdict)
    _clients(facts, clients, verdict)
    return verdict


def _log(facts: Facts, confirmed: set[str], verdict: Verdict) -> None:
    """Each confirmed event is there once; notes and events came together; positions are 1, 2, 3 and so on."""
    names = Counter(event.name for event in facts.events)
    verdict.lost += [f"event {name} was confirmed and isn't there" for name in sorted(confirmed - set(names))]
    verdict.wrong += [f"event {name} is there {count} times" for name, count in names.items() if count > 1]
    found = {event.pk: event.name for event in facts.events}
    for pk, name in facts.noted.items():
        if found.get(pk) != name:
            verdict.lost.append(f"event {name} was noted in the transaction that published it, and isn't there")
    # Names of a program that notes have a d before their number.
    torn = [event.name for event in facts.events if "d" in event.name and event.pk not in facts.noted]
    verdict.wrong += [f"event {name} is there without the note of its transaction" for name in torn]
    numbered = sorted(position for position in facts.positions if position is not None)
    if len(numbered) < len(facts.positions):
        verdict.lost.append(f"{len(facts.positions) - len(numbered)} events have no position")
    if numbered != list(range(1, len(numbered) + 1)):
        verdict.wrong.append(f"positions have a gap or a double: {len(numbered)} of them, the last is {numbered[-1]}")
    if facts.head != (numbered[-1] if numbered else 0):
        verdict.wrong.append(f"the head of the log says {facts.head}, the last position is {numbered[-1:]}")
    verdict.lost += [f"an event is parked: {error}" for error in facts.parked]


def expected_rows(facts: Facts) -> set[tuple[int, int, str]]:
    """Slow reference: (event, user, channel), event by event and person by person."""
    rows = set()
    for event in facts.events:
        for user in _audience(event, facts):
            for channel in facts.chosen.get((user, event.type), ["in_app"]):
                rows.add((event.pk, user, channel))
    return rows


def _audience(event: Event, facts: Facts) -> set[int]:
    if event.type == COMMENT:
        return facts.watchers - {event.actor}
    return set() if event.actor is None else {event.actor}


def _rows(facts: Facts, verdict: Verdict) -> None:
    ours = {event.pk: event.name for event in facts.events}
    rows = Counter((row.event, row.user, row.channel) for row in facts.rows if row.event in ours)
    expected = expected_rows(facts)
    for event, user, channel in sorted(expected - set(rows)):
        verdict.lost.append(f"event {ours[event]} has no row for user {user} on {channel}")
    for event, user, channel in sorted(set(rows) - expected):
        verdict.wrong.append(f"event {ours[event]} has a row that nobody asked for: user {user}, {channel}")
    verdict.wrong += [f"row {key} is there {count} times" for key, count in rows.items() if count > 1]


def _inboxes(facts: Facts, verdict: Verdict) -> None:
    """Counts are the rows'; seqs are all different, the last is the inbox's; without reading there is no gap."""
    feeds = defaultdict(list)
    for row in facts.rows:
        if row.channel == "in_app":
            feeds[row.user].append(row)
    for user in feeds.keys() | facts.inboxes.keys():
        seq, unread = facts.inboxes.get(user, (0, 0))
        rows = feeds[user]
        if unread != (counted := sum(not row.is_read for row in rows)):
            verdict.wrong.append(f"user {user} has {counted} unread rows, and the inbox says {unread}")
        seqs = sorted(row.seq for row in rows)
        if len(set(seqs)) < len(seqs) or seqs[-1:] != [seq][: len(seqs)]:
            verdict.wrong.append(f"user {user}'s seqs end with {seqs[-2:]}, and the inbox says {seq}")
        elif unread == len(rows) != seq:
            verdict.wrong.append(f"user {user} has {len(rows)} rows, none read, and the inbox is at {seq}")


def _opened(facts: Facts, verdict: Verdict) -> None:
    """Each row on a channel has a delivery to each address there, and all of them were sent."""
    opened = {(delivery.row, delivery.target) for delivery in facts.deliveries}
    for row in facts.rows:
        for target in facts.addresses.get((row.user, row.channel), []):
            if (row.pk, target) not in opened:
                verdict.lost.append(f"row {row.pk} of user {row.user} has no delivery to {target}")
    verdict.failed = sum(max(delivery.attempts - 1, 0) for delivery in facts.deliveries)
    for delivery in facts.deliveries:
        if delivery.state != "sent":
            verdict.lost.append(f"{_named(delivery)} is {delivery.state}: {delivery.reason or 'no reason'}")


def _received(facts: Facts, receipts: Sequence[Receipt], verdict: Verdict) -> None:
    """Each that is sent was taken; more than once only where an answer was lost; always the same under one id."""
    keys = _keys(facts)
    taken, digests = Counter[str](), defaultdict(set)
    for receipt in receipts:
        digests[receipt.key].add(receipt.digest)
        taken[receipt.key] += receipt.taken
    for delivery in facts.deliveries:
        key = keys[delivery.pk]
        if delivery.state == "sent" and not taken[key]:
            verdict.lost.append(f"{_named(delivery)} is sent, and wasn't received")
        if taken[key] > 1:
            verdict.doubled.append(f"{_named(delivery)} came {taken[key]} times")
        if taken[key] > 1 + delivery.uncertain:
            verdict.unexcused.append(f"{_named(delivery)} came {taken[key]} times, {delivery.uncertain} were uncertain")
    strays = taken.keys() - set(keys.values())
    verdict.wrong += [f"{key!r} was received and belongs to no delivery" for key in sorted(strays) if taken[key]]
    verdict.wrong += [f"{key!r} came with different bytes" for key, found in digests.items() if len(found) > 1]


def _keys(facts: Facts) -> dict[int, str]:
    """delivery -> what a ledger calls it: for chats the name of the event, else `msg_<moment>_<id>` of which the id
    counts."""
    names = {event.pk: event.name for event in facts.events}
    events = {row.pk: row.event for row in facts.rows}
    return {
        delivery.pk: names.get(events[delivery.row], "") if delivery.kind == "chat" else str(delivery.pk)
        for delivery in facts.deliveries
    }


def keyed(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Receipts whose key is the delivery's id alone, or the name of a chat's event."""
    return [
        Receipt(one.at, one.kind, one.target, one.key.rpartition("_")[2], one.digest, one.taken) for one in receipts
    ]


def _clients(facts: Facts, clients: Sequence[Client], verdict: Verdict) -> None:
    for client in clients:
        if (client.seq or 0, client.unread or 0) != facts.inboxes.get(client.user, (0, 0)):
            seq, unread = facts.inboxes.get(client.user, (0, 0))
            verdict.wrong.append(
                f"a client of user {client.user} is at seq {client.seq} with {client.unread} unread, "
                f"the server at {seq} with {unread}"
            )


def _named(delivery: Delivery) -> str:
    return f"{delivery.kind} {delivery.pk} to {delivery.target} ({delivery.attempts} attempts)"


def grown(before: Mapping[str, int], after: Mapping[str, int], *, most: int) -> list[str]:
    """Processes that have grown by more than `most` bytes."""
    growth = {name: after[name] - before[name] for name in before.keys() & after.keys()}
    return [f"{name} grew by {by >> 20} MiB" for name, by in sorted(growth.items()) if by > most]
