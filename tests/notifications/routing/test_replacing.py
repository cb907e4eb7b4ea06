"""Events of one replacing group about one source share a row: the latest is what a person sees."""

from __future__ import annotations

import pytest

from events.bus import Entity, NewEvent, publish
from events.memberships import grant
from events.models import Event
from notifications.inbox import feed, marking, removal
from notifications.models import Notification, Summary
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    change_type,
    channels_of,
    define,
    feed_types,
    notified,
    publish_and_route,
    publish_and_route_batch,
    route,
    store_preference,
    store_settings,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def job(name: str, *, source: Entity = JOB) -> NewEvent:
    return NewEvent(f"job.{name}", source)


def read(user, event: Event, *, is_read: bool = True) -> None:
    row = Notification.objects.get(user=user, event=event, channel="in_app")
    marking.mark(user.pk, ids=[row.pk], is_read=is_read, now=NOON)


def test_started_progress_completed_is_one_row(owner):
    for name in ("job.started", "job.progress", "job.progress", "job.completed"):
        publish_and_route(name, source=JOB)
    assert feed_types(owner) == ["job.completed"]
    assert marking.state(owner.pk) == marking.State(seq=4, unread_count=1)


def test_in_one_batch_the_last_of_a_source_wins(owner):
    publish_and_route_batch(job("started"), job("progress"), job("completed"))
    assert (feed_types(owner), marking.state(owner.pk)) == (["job.completed"], marking.State(1, 1))


def test_a_later_event_keeps_the_row_and_brings_it_to_the_top(owner):
    started = publish_and_route("job.started", source=JOB)
    first = Notification.objects.get(event=started)
    publish_and_route("job.started", source=OTHER_JOB, actor=owner)
    publish_and_route("job.progress", source=JOB)
    [top, below] = feed.page(owner.pk)
    assert (top.pk, top.feed_seq, below.event.source) == (first.pk, 3, OTHER_JOB)


def test_sources_do_not_replace_each_other(owner):
    publish_and_route_batch(NewEvent("job.started", OTHER_JOB, owner), job("started"))
    assert len(feed_types(owner)) == 2


def test_entities_of_the_same_number_do_not_replace_each_other(owner):
    publish_and_route_batch(NewEvent("job.started", Entity("render", JOB.id), owner), job("started"))
    assert len(feed_types(owner)) == 2


def test_without_a_source_nothing_is_replaced(owner):
    publish_and_route_batch(NewEvent("job.started", actor=owner), NewEvent("job.completed", actor=owner))
    assert feed_types(owner) == ["job.completed", "job.started"]


def test_types_of_no_group_replace_nothing(owner):
    publish_and_route("review.submitted", source=JOB)
    publish_and_route("review.approved", source=JOB)
    assert feed_types(owner) == ["review.approved", "review.submitted"]


def test_two_groups_do_not_replace_each_other(owner):
    define("render.done", audience=["owner"], replaces="render")
    publish_and_route("job.completed", source=JOB)
    publish_and_route("render.done", source=JOB)
    assert feed_types(owner) == ["render.done", "job.completed"]


def test_what_was_read_is_not_replaced(owner):
    read(owner, publish_and_route("job.started", source=JOB))
    publish_and_route("job.completed", source=JOB)
    assert [row.is_read for row in feed.page(owner.pk)] == [False, True]


def test_after_undo_there_may_be_two_unread_ones_and_the_newer_is_replaced(owner):
    started = publish_and_route("job.started", source=JOB)
    read(owner, started)
    publish_and_route("job.progress", source=JOB)
    read(owner, started, is_read=False)
    publish_and_route("job.completed", source=JOB)
    assert feed_types(owner) == ["job.completed", "job.started"]
    assert marking.state(owner.pk).unread_count == 2


def test_reading_covers_the_group_up_to_that_event(owner):
    started = publish_and_route("job.started", source=JOB)
    read(owner, started)
    progress = publish_and_route("job.progress", source=JOB)
    read(owner, started, is_read=False)
    read(owner, progress)
    assert marking.state(owner.pk).unread_count == 0


def test_reading_the_older_leaves_the_newer_unread(owner):
    started = publish_and_route("job.started", source=JOB)
    read(owner, started)
    publish_and_route("job.progress", source=JOB)
    read(owner, started, is_read=False)
    read(owner, started)
    assert [row.is_read for row in feed.page(owner.pk)] == [False, True]


@pytest.mark.parametrize("is_read", [True, False])
def test_an_older_event_never_overwrites_a_newer(owner, is_read):
    """Read or not: what is late says nothing new."""
    store_preference(owner, "job.started", is_enabled=False)
    started, completed = publish_and_route_batch(job("started"), job("completed"))
    read(owner, completed, is_read=is_read)
    store_preference(owner, "job.started", is_enabled=True)
    made = route(started)
    assert (made.rows, made.why_not) == ([], {(started.pk, owner.pk): "replaced"})
    assert feed_types(owner) == ["job.completed"]


def test_only_what_a_person_has_on_in_their_feed_gives_way(owner):
    """Completed is off for them: it must not take the progress away and leave nothing."""
    store_preference(owner, "job.completed", is_enabled=False)
    publish_and_route_batch(job("progress"), job("completed"))
    assert feed_types(owner) == ["job.progress"]


def test_the_batch_is_judged_for_each_person(owner, watcher):
    change_type("job.progress", audience=["owner", "watchers"])
    publish_and_route_batch(job("progress"), job("completed"))
    assert (feed_types(owner), feed_types(watcher)) == (["job.completed"], ["job.progress"])


def test_off_the_feed_nothing_is_replaced(owner):
    for name in ("job.started", "job.completed"):
        store_preference(owner, name, channels=["email"])
    started, completed = publish_and_route_batch(job("started"), job("completed"))
    assert channels_of(owner, started) == channels_of(owner, completed) == {"email"}


def test_progress_after_progress_updates_the_toast_instead_of_another(owner):
    first, second, done = (publish_and_route(f"job.{name}", source=JOB) for name in ("started", "progress", "progress"))
    removal.remove(Notification.objects.all())
    toasts = [[row.toast for row in route(event).rows] for event in (first, second, done)]
    assert toasts == [[True], [True], [False]]


def test_any_other_type_rings_again_and_comes_to_the_top(owner):
    grant(OTHER_JOB, user=owner, role="owner")
    route(publish("job.completed", source=JOB), publish("job.failed", source=OTHER_JOB))
    for _ in range(2):
        [row] = route(publish("job.completed", source=JOB)).rows
        assert row.toast
    assert feed_types(owner) == ["job.completed", "job.failed"]
    assert marking.state(owner.pk) == marking.State(seq=4, unread_count=2)


def test_whether_it_rings_again_is_a_property_of_the_type(owner):
    change_type("job.completed", updates_quietly=True)
    toasts = [route(publish("job.completed", source=JOB)).rows[0].toast for _ in range(3)]
    assert toasts == [True, False, False]


def test_a_replaced_row_takes_the_hold_of_now(owner):
    publish_and_route("job.started", source=JOB)
    store_settings(owner, dnd_enabled=True)
    publish_and_route("job.progress", source=JOB)
    assert Notification.objects.get().hold == "dnd"


def test_a_replaced_row_leaves_the_summary_that_told_of_its_predecessor(owner):
    """Otherwise the next summary, which takes the held rows without one, would never tell of the new event."""
    started = publish_and_route("job.started", source=JOB)
    summary = Summary.objects.create(user=owner, kind="digest", window="one")
    Notification.objects.filter(event=started).update(summary=summary)
    publish_and_route("job.completed", source=JOB)
    assert Notification.objects.get().summary is None


def test_a_replaced_row_says_why_this_event_concerns_them(owner):
    first = publish_and_route("job.started", source=OTHER_JOB, actor=owner)
    assert notified(first) == {"owner": "actor"}
    again = publish_and_route("job.submitted", source=OTHER_JOB, actor=owner)
    assert notified(again) == {"owner": "owner"}
