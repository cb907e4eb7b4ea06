"""Events to destinations: once each, however many people are told, or none; sent and given up as all deliveries are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from delivery.channels import Outcome
from delivery.models import Address, Delivery
from delivery.outbox import open as opening
from delivery.outbox import recover, rescue
from delivery.outbox.lease import LEASE
from events.bus import Entity, NewEvent, publish, publish_many
from events.memberships import grant
from events.models import Event, Membership
from notifications.models import Notification
from notifications.routing import audiences, fanout
from tests.accounts.factory import new_person
from tests.delivery.factories.deliveries import destination
from tests.delivery.fakes.channel import FAILED
from tests.delivery.manual_sender import claim, deliver_all, settle
from tests.notifications.factories.routing import JOB, define, publish_and_route, queries, route

pytestmark = pytest.mark.django_db


def later(seconds: float = 60):
    return timezone.now() + timedelta(seconds=seconds)


def opened() -> list[tuple[int, str]]:
    """(event, label) of what was opened to destinations."""
    rows = Delivery.objects.filter(purpose="event").order_by("id")
    return list(rows.values_list("event_id", "address__destination__label"))


def watched_by(count: int) -> None:
    people = get_user_model().objects.bulk_create([new_person(f"w{number}") for number in range(count)])
    tie = {"entity_type": JOB.type, "entity_id": JOB.id, "role": "watcher"}
    Membership.objects.bulk_create([Membership(user=user, **tie) for user in people])


@pytest.mark.parametrize("people", [0, 1, 1000])
def test_an_event_goes_there_once_however_many_people_are_told(people):
    watched_by(people)
    destination()
    event = publish_and_route("review.comment", source=JOB)
    assert opened() == [(event.pk, "#renders")]
    assert Notification.objects.filter(channel="in_app").count() == people


def test_a_thousand_people_and_a_batch_cost_as_many_queries_as_one_person():
    destination()
    watched_by(1)
    route(publish("review.comment", source=JOB))
    for_one = queries(publish("review.comment", source=JOB))
    get_user_model().objects.all().delete()
    watched_by(1000)
    route(publish("review.comment", source=JOB))
    assert queries(*publish_many([NewEvent("review.comment", JOB) for _ in range(20)])) == for_one


def test_without_destinations_routing_takes_one_look(django_assert_num_queries):
    event = publish("review.comment", source=JOB)
    with django_assert_num_queries(1):
        assert opening.open_to_destinations([event]) == 0


def test_a_large_audience_opens_it_once(monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 2)
    watched_by(5)
    destination()
    event = publish_and_route("review.comment", source=JOB)
    while fanout.advance_each(now=later()):
        pass
    assert opened() == [(event.pk, "#renders")]


def test_a_project_s_hears_of_its_own_project_only():
    destination(project_id=7, label="#harbour")
    ours = publish_and_route("job.completed", source=JOB, project_id=7)
    publish_and_route("job.completed", source=JOB, project_id=8)
    publish_and_route("job.completed", source=JOB)
    assert opened() == [(ours.pk, "#harbour")]


def test_patterns_choose_types():
    destination("job.*", "review.approved")
    publish_and_route("review.comment", source=JOB)
    assert opened() == []
    publish_and_route("job.failed", source=JOB)
    assert len(opened()) == 1


def test_critical_only_leaves_out_the_rest():
    define("farm.fire", is_critical=True)
    destination(critical_only=True)
    publish_and_route("job.completed", source=JOB)
    event = publish_and_route("farm.fire", source=JOB)
    assert opened() == [(event.pk, "#renders")]


def test_what_was_published_before_it_was_made_stays_unsent():
    event = publish("job.completed", source=JOB)
    destination(at=later())
    route(event)
    assert opened() == []


@pytest.mark.parametrize("away", [{"is_enabled": False}, {"deleted_at": timezone.now()}])
def test_one_that_is_paused_or_deleted_gets_nothing(away):
    row = destination(**{name: value for name, value in away.items() if name == "deleted_at"})
    Address.objects.filter(pk=row.address_id).update(is_enabled="is_enabled" not in away)
    publish_and_route("job.completed", source=JOB)
    assert opened() == []


def test_a_replay_tells_nobody_twice(fake):
    destination()
    event = publish_and_route("job.completed", source=JOB)
    deliver_all(fake, now=later())
    route(event)
    assert [row.state for row in Delivery.objects.all()] == ["sent"]


def test_it_is_sent_with_the_event_and_no_person(fake):
    row = destination()
    event = publish_and_route("job.completed", source=JOB)
    (claimed,) = claim(fake, now=later())
    assert (claimed.outgoing.user, claimed.outgoing.destination, claimed.outgoing.event) == (None, row, event)


def test_what_a_destination_leaves_out_by_now_is_skipped(fake):
    row = destination()
    publish_and_route("job.completed", source=JOB)
    type(row).objects.update(patterns=["review.*"])
    assert claim(fake, now=later()) == []
    assert list(Delivery.objects.values_list("state", "reason")) == [("skipped", "not_covered")]


def test_what_waits_where_it_is_paused_is_skipped(fake):
    destination()
    publish_and_route("job.completed", source=JOB)
    Address.objects.update(is_enabled=False)
    assert claim(fake, now=later()) == []
    assert Delivery.objects.get().reason == "address_disabled"


def test_its_breaker_opens_as_a_person_s_does(fake):
    row = destination()
    publish_many([NewEvent("job.completed", JOB) for _ in range(6)])
    route(*Event.objects.all())
    settle(claim(fake, now=later()), FAILED, now=later())
    settle(claim(fake, now=later(120)), FAILED, now=later(120))
    row.address.refresh_from_db()
    assert row.address.open_until is not None


def test_a_lost_worker_s_is_rescued(fake):
    destination()
    publish_and_route("job.completed", source=JOB)
    now = later()
    claim(fake, now=now)
    rescue.rescue(now=now + 2 * LEASE)
    assert deliver_all(fake, now=now + 3 * LEASE) == 1
    assert Delivery.objects.get().state == "sent"


def test_what_it_missed_while_paused_is_opened(fake):
    row = destination("job.*", project_id=7)
    Address.objects.update(is_enabled=False)
    publish_and_route("job.completed", source=JOB, project_id=7)
    publish_and_route("job.completed", source=JOB, project_id=8)
    publish_and_route("review.comment", source=JOB, project_id=7)
    Address.objects.update(is_enabled=True)
    assert recover.recover(Address.objects.get(), since=later(-3600), now=later()) == 1
    assert len(opened()) == 1
    assert row.covers(Event.objects.order_by("id")[0])


def test_its_project_s_owners_hear_that_it_is_gone(fake, owner, member):
    grant(Entity("project", 7), user=owner, role="owner")
    grant(Entity("project", 7), user=member, role="member")
    row = destination(project_id=7)
    publish_and_route("job.completed", source=JOB, project_id=7)
    settle(claim(fake, now=later()), Outcome("dead", "gone", disables=True), now=later())
    route(Event.objects.get(event_type__name="system.address_disabled"))
    told = Notification.objects.filter(event__event_type__name="system.address_disabled", channel="in_app")
    assert list(told.values_list("user_id", flat=True)) == [owner.pk]
    row.address.refresh_from_db()
    assert (row.address.is_enabled, row.address.disabled_reason) == (False, "gone")


def test_that_it_fails_is_not_sent_to_itself(fake):
    row = destination()
    publish_and_route("system.address_failing", source=Entity("destination", row.pk), payload={"target": "x"})
    assert claim(fake, now=later()) == []
    assert Delivery.objects.get(purpose="event").reason == "about_itself"


def test_the_database_holds_an_event_once_for_a_destination():
    row = destination()
    event = publish_and_route("job.completed", source=JOB)
    again = Delivery(event=event, address=row.address, kind="fake", purpose="event")
    Delivery.objects.bulk_create([again], ignore_conflicts=True)
    assert Delivery.objects.filter(event=event).count() == 1
