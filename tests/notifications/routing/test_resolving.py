"""A later event about the same source ends earlier ones: their rows are read, and over."""

from __future__ import annotations

import pytest

from events.bus import Entity, NewEvent, publish, withdraw
from events.models import Event
from events.sweep import sweep
from notifications.holds import undo
from notifications.inbox import feed, marking, push, triage
from notifications.models import Inbox, Notification
from notifications.routing import audiences, fanout
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    change_type,
    define,
    notified,
    publish_and_route,
    publish_and_route_batch,
    route,
    store_settings,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


@pytest.fixture(autouse=True)
def _types(db) -> None:
    define("odd.alarm", audience=["owner", "members", "watchers"], default_channels=["in_app", "email"])
    define("odd.fine", audience=["mentioned"], resolves=["odd.alarm"])


def alarm(source: Entity | None = JOB) -> Event:
    return publish_and_route("odd.alarm", source=source)


def fine(source: Entity | None = JOB) -> Event:
    return publish_and_route("odd.fine", source=source)


def row(user, event: Event) -> Notification:
    return Notification.objects.get(user=user, event=event, channel="in_app")


def is_over(event: Event) -> bool:
    event.refresh_from_db()
    return event.resolved_by_id is not None


def unread(user) -> int:
    return Inbox.objects.get(pk=user.pk).unread_count


def test_the_row_stays_and_is_read(owner):
    event = alarm()
    fine()
    assert [one.event_id for one in feed.page(owner.pk)] == [event.pk]
    assert row(owner, event).is_read
    assert unread(owner) == 0


def test_tabs_get_the_row_as_it_is_now_and_nothing_pops_up(owner, monkeypatch, django_capture_on_commit_callbacks):
    event, pushed = alarm(), []
    monkeypatch.setattr(push, "push", lambda pushes, **_shared: pushed.extend(pushes))
    with django_capture_on_commit_callbacks(execute=True):
        fine()
    [frame] = [one.frame for one in pushed if one.user_id == owner.pk]
    assert (frame["toast"], frame["own"]["is_read"], frame["unread_count"]) == (False, True, 0)
    assert frame["seq"] == row(owner, event).seq == Inbox.objects.get(pk=owner.pk).seq


def test_only_what_came_before_about_the_same_thing_is_over():
    other, before = alarm(OTHER_JOB), alarm()
    fine()
    assert [is_over(one) for one in (other, before, alarm())] == [False, True, False]


def test_a_resolve_before_its_warning_or_about_nothing_ends_nothing():
    fine()
    fine(None)
    assert not is_over(alarm())


def test_what_comes_in_one_batch_is_told_as_over(owner, recorder):
    event = publish("odd.alarm", source=JOB)
    publish("odd.fine", source=JOB)
    sweep()
    assert row(owner, event).is_read
    assert unread(owner) == 0
    assert not recorder.opened


def test_one_that_was_left_aside_meanwhile_is_told_as_over(owner):
    event = publish("odd.alarm", source=JOB)
    later = publish("odd.fine", source=JOB)
    route(later)
    route(event)
    assert (row(owner, event).is_read, unread(owner)) == (True, 0)


def test_of_two_in_one_batch_each_ends_what_came_before_it_and_was_open():
    define("odd.better", audience=["mentioned"], resolves=["odd.alarm", "odd.fine"])
    names = [("odd.alarm", JOB), ("odd.fine", JOB), ("odd.alarm", JOB), ("odd.alarm", OTHER_JOB), ("odd.better", JOB)]
    first, mended, again, other, better = publish_and_route_batch(*(NewEvent(*name) for name in names))
    for event in (first, mended, again, other):
        event.refresh_from_db()
    by = [event.resolved_by_id for event in (first, mended, again, other)]
    assert by == [mended.pk, better.pk, better.pk, None]


def test_a_second_time_nothing_happens(owner):
    event = alarm()
    later = fine()
    seq = row(owner, event).seq
    route(event, later)
    assert (row(owner, event).seq, unread(owner)) == (seq, 0)


def test_what_was_snoozed_does_not_come_back(owner):
    event = alarm()
    triage.snooze(owner.pk, ids=[row(owner, event).pk], until=NOON.replace(year=2027), now=NOON)
    fine()
    assert row(owner, event).snoozed_until is None
    assert unread(owner) == 0


def test_undo_leaves_it_read(owner):
    event = alarm()
    from_batch = triage.done(owner.pk, ids=[row(owner, event).pk], now=NOON)
    fine()
    undo.undo(owner.pk, batch_id=from_batch.batch or 0, now=NOON)
    assert row(owner, event).is_read
    assert unread(owner) == marking.state(owner.pk).unread_count == 0


def test_held_rows_wait_no_more(owner):
    store_settings(owner, dnd_enabled=True)
    event = alarm()
    fine()
    assert set(Notification.objects.filter(event=event, user=owner).values_list("hold", "is_read")) == {("none", True)}


def test_a_withdrawn_resolve_ends_nothing():
    event = alarm()
    later = publish("odd.fine", source=JOB)
    withdraw(later)
    sweep()
    assert not is_over(event)


def test_many_are_told_by_chunks(owner, member, watcher, monkeypatch):
    event = alarm()
    monkeypatch.setattr(audiences, "LARGE", 2)
    monkeypatch.setattr(fanout, "CHUNK", 2)
    fine()
    assert [unread(one) for one in (owner, member, watcher)] == [1, 1, 1]
    chunks = 0
    while fanout.advance_each(now=NOON):
        chunks += 1
    assert [unread(one) for one in (owner, member, watcher)] == [0, 0, 0]
    assert is_over(event)


def test_a_large_one_half_told_is_told_as_over_to_the_others(owner, member, watcher, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 2)
    monkeypatch.setattr(fanout, "CHUNK", 1)
    event = alarm()
    fanout.advance(event.pk, now=NOON)
    fine()
    while fanout.advance_each(now=NOON):
        pass
    assert len(notified(event)) == 3
    assert [unread(one) for one in (owner, member, watcher)] == [0, 0, 0]


class TestThoseWhoGotItOutside:
    @pytest.fixture
    def mailed(self, owner) -> Event:
        change_type("odd.alarm", tells_when_over=True)
        event = alarm()
        Notification.objects.filter(event=event, user=owner, channel="email").update(is_delivered=True)
        return event

    def test_get_a_line_there_once(self, owner, mailed, recorder):
        later = fine()
        route(later)
        assert [(one.event_id, one.user_id, one.channel) for one in recorder.opened] == [(later.pk, owner.pk, "email")]

    def test_get_it_when_it_is_withdrawn(self, owner, mailed, recorder):
        withdraw(mailed)
        sweep()
        assert [(one.user_id, one.channel) for one in recorder.opened] == [(owner.pk, "email")]

    def test_get_none_of_a_type_that_does_not_say_so(self, mailed, recorder):
        change_type("odd.alarm", tells_when_over=False)
        fine()
        assert recorder.opened == []

    def test_are_not_disturbed(self, owner, mailed, recorder):
        store_settings(owner, dnd_enabled=True)
        later = fine()
        assert recorder.opened == []
        assert Notification.objects.get(event=later).hold == "dnd"
