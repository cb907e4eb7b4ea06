"""Whoever publishes a type that says so owns its source from then on: once, and before anybody is told."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from events.accounts import User
from events.bus import Entity, NewEvent, publish, publish_many, subscriber
from events.dispatch import sequencer
from events.memberships import grant, members_of, revoke
from events.models import Event, EventType, Membership
from events.sweep import sweep
from tests.accounts.factory import new_person
from tests.conftest import person
from tests.events.concurrency import Running
from tests.events.numbering import number_all

JOB = Entity("job", 7)


def submit(user: User | None, *, source: Entity | None = JOB, event_type: str = "job.submitted") -> None:
    publish(event_type, source=source, actor=user)
    sequencer.number()


def owners(entity: Entity = JOB) -> list[User]:
    return [tie.user for tie in members_of(entity) if tie.role == "owner"]


def test_who_submits_a_job_owns_it(owner):
    submit(owner)
    assert owners() == [owner]


def test_a_watcher_who_submits_becomes_the_owner(owner):
    grant(JOB, user=owner, role="watcher")
    submit(owner)
    assert owners() == [owner]
    assert Membership.objects.count() == 1


def test_an_owner_by_publishing_is_written_by_nobody(owner, admin):
    grant(JOB, user=owner, role="watcher", by=admin)
    submit(owner)
    assert Membership.objects.get().written_by_user is None


def test_a_second_submitter_owns_it_too(owner, member):
    submit(owner)
    submit(member)
    assert owners() == [owner, member]


def test_other_types_make_no_owner(owner):
    submit(owner, event_type="job.started")
    assert owners() == []


def test_the_column_decides_not_the_name(owner):
    EventType.objects.filter(name="job.submitted").update(actor_becomes_owner=False)
    EventType.objects.filter(name="review.submitted").update(actor_becomes_owner=True)
    submit(owner)
    submit(owner, event_type="review.submitted", source=Entity("scene", 1))
    assert (owners(), owners(Entity("scene", 1))) == ([], [owner])


def test_nobody_and_nothing_make_no_owner(owner):
    submit(None)
    submit(owner, source=None)
    assert not Membership.objects.exists()


def test_a_batch_with_repeats_makes_each_owner_once(owner, member):
    pairs = [(owner, 1), (owner, 1), (member, 1), (owner, 2)]
    publish_many(NewEvent("job.submitted", source=Entity("job", job), actor=user) for user, job in pairs)
    sequencer.number()
    assert [owners(Entity("job", job)) for job in (1, 2)] == [[owner, member], [owner]]


def test_an_event_makes_its_owner_once_and_never_again(owner):
    submit(owner)
    revoke(JOB, user=owner)
    publish("job.started", source=JOB)
    sequencer.number()
    assert owners() == []


def test_the_owner_is_known_before_any_subscriber_sees_the_event(owner, registry):
    known: list[list[User]] = []

    @subscriber("looker", transactional=True, start=0)
    def look(events: list[Event]) -> None:
        known.append(owners())

    publish("job.submitted", source=JOB, actor=owner)
    sweep()
    assert known == [[owner]]


@pytest.mark.parametrize("people", [1, 30])
def test_the_number_of_statements_does_not_grow_with_the_owners(db, people, django_assert_num_queries):
    users = get_user_model().objects.bulk_create(new_person(f"user{number}") for number in range(people))
    publish_many(NewEvent("job.submitted", source=JOB, actor=user) for user in users)
    # Savepoint, head, pace, numbers, how long to wait (not on SQLite), owners, head moved, savepoint.
    with django_assert_num_queries(7 + (connection.vendor == "postgresql")):
        sequencer.number()
    assert len(owners()) == people


@pytest.mark.service
def test_an_open_transaction_about_the_same_tie_keeps_only_its_source_waiting(committed):
    owner = person("owner")
    is_open, may_commit = threading.Event(), threading.Event()

    def grant_slowly() -> None:
        with transaction.atomic():
            grant(JOB, user=owner, role="watcher")
            is_open.set()
            may_commit.wait(30)

    granting = Running(grant_slowly)
    assert is_open.wait(30)
    held = [publish("job.submitted", source=JOB, actor=owner), publish("job.started", source=JOB)]
    others = [publish("job.submitted", source=Entity("job", 8), actor=owner), publish("job.started")]
    number_all()
    # It didn't wait for the other transaction, which is still open.
    assert numbered() == [event.pk for event in others]
    may_commit.set()
    granting.join()
    number_all()
    assert numbered() == [event.pk for event in (*others, *held)]
    assert owners() == owners(Entity("job", 8)) == [owner]


def numbered() -> list[int]:
    return list(Event.objects.exclude(position=None).order_by("position").values_list("pk", flat=True))
