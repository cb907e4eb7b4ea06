"""Routing asks as many queries for ten thousand people as for one, and for a batch as for one event."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth import get_user_model

from events.accounts import User
from events.bus import Entity, NewEvent, publish, publish_many, withdraw
from events.models import Event, EventType, Membership
from notifications.inbox import feed
from notifications.models import Inbox, Mute, Notification, NotificationPreference, UserNotificationSettings
from notifications.routing import audiences, writer
from notifications.routing.named_audiences import Range
from tests.accounts.factory import new_person
from tests.notifications.factories.routing import JOB, NOON, define, queries, route

pytestmark = pytest.mark.django_db

MANY = 10_000


def crowd(count: int) -> list[User]:
    """That many watchers of the job; each third with a preference, each fourth with settings of their own."""
    people = get_user_model().objects.bulk_create([new_person(f"w{number}") for number in range(count)])
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


def mute_all(people: list[User]) -> None:
    Mute.objects.bulk_create([Mute(user=user, **JOB.columns("entity")) for user in people])


def test_ten_thousand_people_cost_as_many_queries_as_one(recorder):
    crowd(1)
    for_one = queries(publish("review.comment", source=JOB))
    get_user_model().objects.all().delete()
    crowd(MANY)
    assert queries(publish("review.comment", source=JOB)) == for_one
    assert Notification.objects.filter(channel="in_app").count() == MANY
    assert set(Inbox.objects.values_list("seq", "unread_count")) == {(1, 1)}


def test_ten_thousand_people_who_mute_it_cost_as_many_queries_as_one():
    mute_all(crowd(1))
    for_one = queries(publish("review.comment", source=JOB))
    get_user_model().objects.all().delete()
    mute_all(crowd(MANY))
    assert queries(publish("review.comment", source=JOB)) == for_one
    assert not Notification.objects.exists()


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
    get_user_model().objects.all().delete()
    crowd(1000)
    route(publish("job.progress", source=JOB))
    assert queries(publish("job.completed", source=JOB)) == for_one
    assert Notification.objects.count() == 1000


def test_a_page_of_the_feed_is_one_query(owner, django_assert_num_queries):
    route(*publish_many([NewEvent("job.started", actor=owner) for _ in range(30)]))
    with django_assert_num_queries(1):
        assert len([feed.as_json(row) for row in feed.page(owner.pk, limit=25)]) == 25


ALL_RULES = ["mentioned", "owner_or_actor", "members", "watchers", "admins", "everyone"]


def about_everybody(person: User) -> Event:
    """An event of a replacing group and a project, to whose audience every rule leads."""
    define("job.all", audience=ALL_RULES, replaces="job")
    payload = {"mentioned_user_ids": [person.pk, 999_999]}
    event = publish("job.all", source=JOB, actor=person, project_id=7, payload=payload)
    return Event.objects.select_related("event_type", "actor_user").get(pk=event.pk)


def test_an_audience_by_every_rule_is_six_queries(owner, django_assert_num_queries):
    crowd(3)
    event = about_everybody(owner)
    with django_assert_num_queries(6):
        assert len(audiences.resolve([event]).by_event[event.pk]) == 4


@pytest.mark.parametrize("rules", [["everyone"], ["watchers"]])
def test_a_large_audience_is_left_out_after_one_query(monkeypatch, django_assert_num_queries, rules):
    monkeypatch.setattr(audiences, "LARGE", 2)
    crowd(3)
    define("job.all", audience=rules)
    event = publish("job.all", source=JOB)
    with django_assert_num_queries(1):
        assert audiences.resolve([event]).large == {event.pk}


def test_a_chunk_of_an_audience_by_every_rule_is_four_queries(owner, django_assert_num_queries):
    crowd(3)
    event = about_everybody(owner)
    with django_assert_num_queries(4):
        assert audiences.resolve([event], within=Range(0, owner.pk)).by_event == {event.pk: {owner.pk: "mentioned"}}


def test_an_event_for_nobody_asks_nothing(django_assert_num_queries):
    define("job.none", audience=["owner"])
    event = publish("job.none")
    with django_assert_num_queries(0):
        resolved = audiences.resolve([event])
        assert writer.notify([event], resolved, now=NOON).rows == []


def test_a_dry_run_is_ten_queries(owner, django_assert_num_queries):
    crowd(3)
    event = about_everybody(owner)
    resolved = audiences.resolve([event])
    with django_assert_num_queries(10):
        assert len(writer.dry_run([event], resolved, now=NOON).rows) == 4
    with django_assert_num_queries(0):
        assert writer.dry_run([event], replace(resolved, by_event={}), now=NOON).rows == []


def test_a_batch_that_ends_earlier_events_costs_as_many_queries_as_one_event():
    crowd(3)
    define("odd.approved", audience=["mentioned"], resolves=["review.comment"])
    jobs = [Entity("job", number) for number in (42, *range(100, 130))]

    def end(*sources: Entity) -> int:
        route(*publish_many([NewEvent("review.comment", source) for source in sources]))
        return queries(*publish_many([NewEvent("odd.approved", source) for source in sources]))

    assert end(*jobs) == end(JOB)
    assert Event.objects.filter(resolved_by__isnull=False).count() == len(jobs) + 1


@pytest.mark.parametrize("ends", ["withdrawn", "over"])
def test_what_ten_thousand_people_were_told_ends_in_as_many_queries_as_for_one(ends):
    define("odd.approved", audience=["mentioned"], resolves=["review.comment"])

    def end() -> int:
        event = publish("review.comment", source=JOB)
        route(event)
        if ends == "over":
            return queries(publish("odd.approved", source=JOB))
        withdraw(event)
        return queries(Event.objects.get(event_type__name="event.withdrawn", payload__event_id=event.pk))

    crowd(1)
    for_one = end()
    get_user_model().objects.all().delete()
    crowd(MANY)
    assert end() == for_one
    assert set(Inbox.objects.values_list("unread_count", flat=True)) == {0}
