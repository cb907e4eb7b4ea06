"""Routing an event again tells nobody twice and changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.bus import NewEvent, publish
from events.memberships import grant
from events.models import Event, Subscriber
from events.sweep import sweep
from notifications.inbox import marking
from notifications.models import Inbox, Notification
from tests.conftest import person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    publish_and_route,
    publish_and_route_batch,
    route,
    store_preference,
)


def everything() -> list[list[tuple[object, ...]]]:
    """All that routing writes."""
    return [list(model.objects.order_by("pk").values_list()) for model in (Notification, Inbox)]


@pytest.mark.django_db
@pytest.mark.usefixtures("_tied")
class TestReplay:
    def test_the_same_batch_again(self):
        events = publish_and_route_batch(
            NewEvent("job.started", JOB), NewEvent("review.comment", JOB), NewEvent("job.failed", JOB)
        )
        before = everything()
        assert route(*events).rows == []
        assert everything() == before

    def test_after_it_was_read(self, owner):
        event = publish_and_route("review.comment", source=JOB)
        marking.mark_all(owner.pk, now=NOON)
        before = everything()
        route(event)
        assert everything() == before

    def test_after_the_row_was_replaced(self):
        started = publish_and_route("job.started", source=JOB)
        publish_and_route("job.completed", source=JOB)
        before = everything()
        route(started)
        assert everything() == before

    def test_it_opens_nothing_again(self, owner, recorder):
        store_preference(owner, "job.completed", channels=["in_app", "email"])
        event = publish_and_route("job.completed", source=JOB)
        route(event)
        assert len(recorder.opened) == 1

    def test_a_channel_chosen_since_gets_its_row_and_the_others_none(self, owner):
        event = publish_and_route("job.completed", source=JOB)
        store_preference(owner, "job.completed", channels=["in_app", "email"])
        assert [row.channel for row in route(event).rows] == ["email"]

    def test_people_who_came_since_are_told_and_the_others_not_again(self, owner, outsider):
        event = publish_and_route("review.comment", source=JOB)
        grant(JOB, user=outsider, role="watcher")
        assert [row.user_id for row in route(event).rows] == [outsider.pk]

    def test_a_subscriber_set_back_to_the_start_of_the_log(self):
        publish_and_route_batch(NewEvent("job.started", JOB), NewEvent("review.comment", JOB))
        publish_and_route("job.completed", source=JOB)
        before = everything()
        Subscriber.objects.update(position=0)
        sweep()
        assert everything() == before


class TestAnyReplay(TestCase):
    """Any part of the log, in one batch or one by one, as often as you like."""

    @given(
        st.lists(st.sampled_from(["job.started", "job.progress", "job.completed", "review.comment"]), max_size=6),
        st.data(),
    )
    @settings(max_examples=25, deadline=None)
    def test_any_part_of_the_log_again(self, types, data):
        for name in ("ann", "bob"):
            grant(JOB, user=person(name), role="watcher" if name == "bob" else "owner")
        for name in types:
            publish(name, source=data.draw(st.sampled_from([JOB, OTHER_JOB])))
            if data.draw(st.booleans()):
                sweep()
        sweep()
        before = everything()
        events = list(Event.objects.order_by("position"))
        for start, end in data.draw(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=4)):
            route(*events[start:end])
        assert everything() == before
