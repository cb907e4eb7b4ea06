"""Routing asks as many queries for ten thousand people as for one, and for a batch as for one event."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.bus import NewEvent, publish, publish_many
from events.models import Event, EventType, Membership
from notifications.inbox import feed
from notifications.models import Inbox, Notification, NotificationPreference, UserNotificationSettings
from tests.notifications.factories.routing import JOB, route

pytestmark = pytest.mark.django_db

MANY = 10_000


def crowd(count: int) -> list[User]:
    """That many watchers of the job; each third with a preference, each fourth with settings of their own."""
    people = User.objects.bulk_create([User(username=f"w{number}", password="!") for number in range(count)])
    comment = EventType.objects.get(name="review.comment")
    Membership.objects.bulk_create(
        [Membership(entity_type=JOB.type, entity_id=JOB.id, user=user, role="watcher") for user in people]
    )
    NotificationPreference.objects.bulk_create(
        [
            NotificationPreference(user=user, event_type=comment, channels=["in_app", "email"], scope="all")
            for user in people[::3]
        ]
    )
    UserNotificationSettings.objects.bulk_create(
        [UserNotificationSettings(user=user, digest_enabled=True) for user in people[::4]]
    )
    return people


def queries(*events: Event) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        route(*events)
    return len(asked)


def test_ten_thousand_people_cost_as_many_queries_as_one(mailbox):
    crowd(1)
    for_one = queries(publish("review.comment", source=JOB))
    User.objects.all().delete()
    crowd(MANY)
    assert queries(publish("review.comment", source=JOB)) == for_one
    assert Notification.objects.filter(channel="in_app").count() == MANY
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}


def test_a_batch_costs_as_many_queries_as_one_event():
    crowd(3)
    route(publish("review.comment", source=JOB))  # whoever begins to hold something has their look planned once
    for_one = queries(publish("review.comment", source=JOB))
    more = publish_many([NewEvent("review.comment", JOB) for _ in range(200)])
    assert queries(*more) == for_one


def test_replacing_a_thousand_rows_costs_as_many_queries_as_one():
    EventType.objects.filter(category="job").update(audience=["watchers"])
    crowd(1)
    route(publish("job.started", source=JOB))
    for_one = queries(publish("job.progress", source=JOB))
    User.objects.all().delete()
    crowd(1000)
    route(publish("job.progress", source=JOB))
    assert queries(publish("job.completed", source=JOB)) == for_one
    assert Notification.objects.count() == 1000


def test_a_page_of_the_feed_is_one_query(owner, django_assert_num_queries):
    route(*publish_many([NewEvent("job.started", actor=owner) for _ in range(30)]))
    with django_assert_num_queries(1):
        assert len([feed.as_json(row) for row in feed.page(owner.pk, limit=25)]) == 25
