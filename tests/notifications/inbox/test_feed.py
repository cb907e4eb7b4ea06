"""Reading the feed page by page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from events.bus import NewEvent, publish_many
from events.entities import register_entity
from notifications.inbox import feed, marking
from notifications.models import Notification
from tests.conftest import person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    define,
    feed_types,
    publish_and_route,
    route,
    store_preference,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]

# The `notification` object of the API and of the frames.
FIELDS = {
    "id seq feed_seq event_id event_type category is_critical title body display_title display_body initials progress "
    "url reason count actors payload source_entity_type source_entity_id actor_user_id channel is_read read_at done_at "
    "snoozed_until is_over acknowledged_by is_delivered delivered_at created_at"
}


def all_pages(user_id: int, *, limit: int, **filters: Any) -> list[int]:
    seen: list[int] = []
    before = None
    while rows := feed.page(user_id, limit=limit, before=before, **filters):
        seen += [row.pk for row in rows]
        before = (rows[-1].feed_seq, rows[-1].pk)
    return seen


def test_the_newest_surfaced_comes_first(owner):
    for name in ("review.submitted", "job.started", "review.approved"):
        publish_and_route(name, source=JOB)
    assert feed_types(owner) == ["review.approved", "job.started", "review.submitted"]


def test_a_feed_is_ones_own(owner, watcher):
    publish_and_route("job.completed", source=JOB)
    assert feed_types(watcher) == []


def test_only_in_app_rows_are_in_it(owner):
    store_preference(owner, "job.completed", channels=["in_app", "email", "webhook"])
    publish_and_route("job.completed", source=JOB)
    assert len(feed.page(owner.pk)) == 1


def test_unread_only_leaves_out_what_was_read(owner):
    publish_and_route("review.submitted", source=JOB)
    marking.mark_all(owner.pk, now=NOON)
    publish_and_route("review.approved", source=JOB)
    [row] = feed.page(owner.pk, unread_only=True)
    assert row.event.event_type.name == "review.approved"


def test_a_category_leaves_out_the_others(owner):
    publish_and_route("review.submitted", source=JOB)
    publish_and_route("job.completed", source=JOB)
    [row] = feed.page(owner.pk, category="review")
    assert row.event.event_type.name == "review.submitted"


def test_offset_skips(owner):
    for name in ("review.submitted", "review.approved", "review.rejected"):
        publish_and_route(name, source=JOB)
    [row] = feed.page(owner.pk, offset=1, limit=1)
    assert row.event.event_type.name == "review.approved"


def test_what_arrives_meanwhile_shifts_no_page(owner):
    route(*publish_many([NewEvent("review.submitted", JOB) for _ in range(4)]))
    first = feed.page(owner.pk, limit=2)
    publish_and_route("review.approved", source=JOB)
    second = feed.page(owner.pk, limit=2, before=(first[-1].feed_seq, first[-1].pk))
    assert [row.feed_seq for row in (*first, *second)] == [4, 3, 2, 1]


def test_a_thousand_of_one_instant_are_each_seen_once(owner):
    """Rows of one batch have the same created_at: paging by time would never end."""
    route(*publish_many([NewEvent("review.submitted", JOB) for _ in range(1000)]))
    seen = all_pages(owner.pk, limit=77)
    assert len(seen) == len(set(seen)) == 1000


class TestPages(TestCase):
    """Any size of page, any mix of types, read and unread, with any filter."""

    @given(
        types=st.lists(st.sampled_from(["job.started", "review.submitted", "review.approved"]), max_size=12),
        read=st.sets(st.integers(0, 11)),
        limit=st.integers(1, 5),
        unread_only=st.booleans(),
        category=st.none() | st.sampled_from(["job", "review", "system"]),
    )
    @settings(max_examples=20, deadline=None)
    def test_every_page_together_is_the_feed(self, types, read, limit, unread_only, category):
        user = person("ann")
        define("review.seen", audience=["actor"], category="review")
        route(*publish_many([NewEvent("review.seen" if "review" in name else name, actor=user) for name in types]))
        rows = feed.page(user.pk, limit=100)
        marking.mark(user.pk, ids=[row.pk for place, row in enumerate(rows) if place in read], is_read=True, now=NOON)
        wanted = [
            row.pk
            for row in feed.page(user.pk, limit=100)
            if not (unread_only and row.is_read) and category in (None, row.event.event_type.category)
        ]
        assert all_pages(user.pk, limit=limit, unread_only=unread_only, category=category) == wanted


def test_one_finds_ones_own(owner):
    publish_and_route("job.completed", source=JOB)
    [row] = feed.page(owner.pk)
    assert feed.get(owner.pk, notification_id=row.pk) == row


def test_one_does_not_find_anothers(owner, watcher):
    publish_and_route("job.completed", source=JOB)
    with pytest.raises(Notification.DoesNotExist):
        feed.get(watcher.pk, notification_id=feed.page(owner.pk)[0].pk)


def test_one_does_not_find_a_row_off_the_feed(owner):
    store_preference(owner, "job.completed", channels=["email"])
    publish_and_route("job.completed", source=JOB)
    with pytest.raises(Notification.DoesNotExist):
        feed.get(owner.pk, notification_id=Notification.objects.get().pk)


def test_the_object_has_the_documented_fields_and_no_others(owner):
    publish_and_route("job.completed", source=JOB)
    assert set(feed.as_json(feed.page(owner.pk)[0])) == set(" ".join(FIELDS).split())


def test_the_object_reads_as_the_event_does(owner):
    register_entity("job", url=lambda number: f"/jobs/{number}")
    publish_and_route("job.failed", source=JOB, payload={"name": "shot 042", "error": "Out of memory"}, actor=owner)
    said = feed.as_json(feed.page(owner.pk)[0])
    assert (said["title"], said["body"], said["url"]) == ("Shot 042 failed", "Out of memory", "/jobs/42")
    assert (said["reason"], said["source_entity_id"], said["actor_user_id"]) == ("owner", 42, owner.pk)


def test_times_are_utc_with_a_z(owner):
    publish_and_route("job.completed", source=JOB)
    marking.mark_all(owner.pk, now=NOON)
    assert feed.as_json(feed.page(owner.pk)[0])["read_at"] == "2026-03-04T12:00:00Z"


def test_changed_since_gives_rows_in_the_order_of_their_change(owner):
    for name in ("review.submitted", "review.approved", "review.rejected"):
        publish_and_route(name, source=JOB)
    first = feed.page(owner.pk)[-1]
    marking.mark(owner.pk, ids=[first.pk], is_read=True, now=NOON)
    changed = feed.changed_since(owner.pk, seq=2, limit=10)
    assert [row.event.event_type.name for row in changed] == ["review.rejected", "review.submitted"]
