"""Bursts that come, are read, done, undone and replayed in any order are as a slow reference has them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.bus import publish
from events.memberships import grant
from events.models import Event
from notifications.holds import undo
from notifications.inbox import feed, marking, recount, triage
from notifications.models import Notification
from tests.events.concurrency import rolled_back
from tests.notifications.factories.hold_scenarios import FEW
from tests.notifications.factories.holds import release_due
from tests.notifications.factories.routing import JOB, NOON, define, route, store_preference
from tests.notifications.references.bursts import Reference

pytestmark = pytest.mark.django_db

COMMENT = "odd.comment"
ACTIONS = ["come", "come", "come", "read", "done", "undo", "replay", "look"]
STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(ACTIONS)), max_size=14)


@settings(FEW, max_examples=12, phases=[Phase.explicit, Phase.generate])
@given(steps=STEPS)
def test_the_badge_counts_what_the_reference_shows_and_no_event_is_lost_or_told_twice(watcher, recorder, steps):
    with rolled_back():
        grant(JOB, user=watcher, role="watcher")
        define(COMMENT, category="odd", audience=["watchers"], burst_seconds=300)
        store_preference(watcher, COMMENT, channels=["in_app", "email"])
        reference, minute = Reference(), 0
        events: list[Event] = []
        batches: list[int] = []
        for minutes, what in steps:
            minute += minutes
            now = NOON + timedelta(minutes=minute)
            unread = [row.pk for row in feed.rows(watcher.pk).counted()]
            if what == "come":
                events.append(publish(COMMENT, source=JOB))
                route(events[-1], now=now)
                reference.arrive(minute)
            elif what in ("read", "done") and unread:
                batches.append(triage.act(watcher.pk, ids=unread, action=what, now=now).batch or 0)
                reference.act(what, batches[-1])
            elif what == "undo" and batches:
                batch = batches.pop()
                undo.undo(watcher.pk, batch_id=batch, now=now)
                reference.undo(batch)
            elif what == "replay" and events:
                route(*events, now=now)
            elif what == "look":
                release_due(now=now)
            shown = feed.page(watcher.pk, state="")
            assert sorted(row.count for row in shown) == reference.all()
            assert sorted(row.count for row in feed.rows(watcher.pk).counted()) == reference.unread()
            assert marking.state(watcher.pk).unread_count == len(reference.unread())
            assert recount.wrong_among([watcher.pk]) == []
        in_app = Notification.objects.filter(channel="in_app").order_by("event_id")
        assert list(in_app.values_list("event_id", flat=True)) == [event.pk for event in events]
