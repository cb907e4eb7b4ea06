"""Reference for an inbox: as it were if everything in it had happened one after the other, in the order of `seq`."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from events.models import Event
from notifications.inbox.push import Push
from notifications.models import Inbox, Notification


@dataclass
class Seen:
    """A row of the feed as a client has it. `was_dnd`: do-not-disturb was on when it last surfaced."""

    event_id: int
    feed_seq: int
    is_read: bool
    was_dnd: bool


@dataclass
class Client:
    """Takes frames one by one, and must agree with each of them and, at the end, with the database.

    `groups`: event -> source, of the types that replace each other. `critical`: events that nothing holds.
    """

    groups: Mapping[int, int | None]
    critical: frozenset[int]
    rows: dict[int, Seen] = field(default_factory=dict)
    is_dnd: bool = False
    has_undone: bool = False

    @property
    def unread(self) -> int:
        return sum(not row.is_read for row in self.rows.values())

    def take(self, push: Push) -> None:
        frame = push.frame
        match frame.get("type"):
            case None:
                self._surface(push)
            case "read":
                self.has_undone |= not frame["is_read"]
                for row_id in frame["ids"]:
                    self.rows[row_id].is_read = frame["is_read"]
            case "read_all":
                for row in self.rows.values():
                    row.is_read |= row.feed_seq <= frame["up_to"]
            case "settings":
                self.is_dnd = frame["dnd_enabled"]
        assert frame.get("unread_count", self.unread) == self.unread, (frame, self.rows)

    def _surface(self, push: Push) -> None:
        assert push.shared is not None
        row_id, toast = push.frame["own"]["id"], push.frame["toast"]
        is_held = self.is_dnd and push.shared not in self.critical
        # A progress report that takes the place of its predecessor may come without a toast of its own.
        assert toast != is_held or (row_id in self.rows and not toast), push
        self.rows[row_id] = Seen(push.shared, push.frame["seq"], is_read=False, was_dnd=is_held)
        if push.shared in self.groups and not self.has_undone:
            assert self._unread_of(self.groups[push.shared]) == 1, push

    def _unread_of(self, source: int | None) -> int:
        return sum(not row.is_read and self.groups.get(row.event_id) == source for row in self.rows.values())


def assert_serial(pushes: Iterable[Push]) -> None:
    """`pushes`: every frame that was ever made, of everybody, in whatever order they were handed over."""
    by_user: dict[int, list[Push]] = defaultdict(list)
    for push in pushes:
        by_user[push.user_id].append(push)
    critical = frozenset(Event.objects.filter(event_type__is_critical=True).values_list("pk", flat=True))
    groups = dict(Event.objects.exclude(event_type__replaces="").values_list("pk", "source_entity_id"))
    for inbox in Inbox.objects.all():
        frames = sorted(by_user[inbox.user_id], key=lambda push: push.frame["seq"])
        assert [push.frame["seq"] for push in frames] == list(range(1, inbox.seq + 1))
        client = Client(groups, critical)
        for push in frames:
            client.take(push)
        assert_same(client, inbox=inbox)


def assert_same(client: Client, *, inbox: Inbox) -> None:
    """The database holds what the client came to."""
    feed = list(Notification.objects.filter(user_id=inbox.user_id, channel="in_app").order_by("feed_seq"))
    assert {row.pk: (row.event_id, row.feed_seq, row.is_read) for row in feed} == {
        row_id: (row.event_id, row.feed_seq, row.is_read) for row_id, row in client.rows.items()
    }
    assert inbox.unread_count == sum(not row.is_read for row in feed)
    assert len({row.feed_seq for row in feed}) == len(feed)
    for row in feed:
        assert row.hold == "none" or client.rows[row.pk].was_dnd, row
        assert row.hold != "none" or not client.rows[row.pk].was_dnd or row.summary_id is not None, row


def assert_surfaced_in_log_order(user_id: int) -> None:
    """Rows that nothing replaces lie in the feed as their events lie in the log."""
    rows = Notification.objects.filter(user_id=user_id, channel="in_app", group_key=None).order_by("feed_seq")
    positions = [position or 0 for position in rows.values_list("event__position", flat=True)]
    assert positions == sorted(positions)


def switches(told: Mapping[int, bool]) -> int:
    """Number of times that a person went from told to not told or back, along the log."""
    along = [told[position] for position in sorted(told)]
    return sum(one != two for one, two in itertools.pairwise(along))
