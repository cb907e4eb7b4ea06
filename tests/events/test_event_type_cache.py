"""Event types are known for five seconds at most; a new one works at once, whoever inserted it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection, transaction

from events.accounts import User
from events.bus import NewEvent, publish, publish_many
from events.errors import InactiveEventType, UnknownEventType
from events.event_type_cache import MAX_AGE, by_name
from events.models import Event, EventType
from tests.events.concurrency import rolled_back

# As other programs write them: no column of ours.
INSERT_TYPES = """
INSERT INTO event_types (name, category, is_critical, description) VALUES
    ('job.submitted', 'job', false, 'A job was submitted to the queue'),
    ('job.started', 'job', false, 'A job started executing'),
    ('job.progress', 'job', false, 'Job progress update'),
    ('job.completed', 'job', false, 'A job completed successfully'),
    ('job.failed', 'job', false, 'A job failed'),
    ('job.cancelled', 'job', false, 'A job was cancelled'),
    ('review.submitted', 'review', false, 'Content submitted for review'),
    ('review.approved', 'review', false, 'Content approved'),
    ('review.rejected', 'review', false, 'Content rejected'),
    ('review.comment', 'review', false, 'Review comment added'),
    ('system.disk_warning', 'system', true, 'Disk space below threshold'),
    ('system.gpu_warning', 'system', true, 'GPU temperature above threshold'),
    ('system.gpu_critical', 'system', true, 'GPU temperature critical'),
    ('system.restart', 'system', true, 'Service restarted'),
    ('collab.mention', 'collaboration', false, 'User was mentioned'),
    ('collab.lock', 'collaboration', false, 'Entity locked by another user')
"""
INSERT_TYPE = "INSERT INTO event_types (name, category) VALUES ('farm.full', 'system')"
INSERT_EVENT = """
INSERT INTO events (event_type_id, source_entity_type, source_entity_id, actor_user_id, payload)
VALUES ((SELECT id FROM event_types WHERE name = %s), %s, %s, %s, %s) RETURNING id
"""


def run(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    at = [time.monotonic()]
    monkeypatch.setattr(time, "monotonic", lambda: at[0])
    return at


def test_the_sixteen_types_are_the_seeds_own(db):
    # What came later: of the delivery floor, and of this.
    later = ["system.event_set_aside", "event.withdrawn", "system.disk_ok", "system.gpu_ok"]
    later += ["system.backlog", "system.backlog_over", "system.delivery_failing"]
    seeded = EventType.objects.exclude(name__startswith="system.address_").exclude(name__in=later)
    ours = {(one.name, one.category, one.is_critical, one.description) for one in seeded}
    assert len(ours) == 16
    EventType.objects.all().delete()
    run(INSERT_TYPES)
    assert {(one.name, one.category, one.is_critical, one.description) for one in EventType.objects.all()} == ours


@pytest.mark.parametrize("name", ["job.completed", "system.restart", "collab.lock"])
def test_a_type_inserted_without_a_word_about_our_columns_works(db, name):
    EventType.objects.all().delete()
    run(INSERT_TYPES)
    assert publish(name).event_type.rules == EventType(name=name, category=name.split(".")[0]).rules


def test_a_type_inserted_by_bare_sql_works_at_once(committed):
    with pytest.raises(UnknownEventType):
        publish("farm.full")
    run(INSERT_TYPE)
    publish("farm.full")
    assert Event.objects.get().event_type.default_channels == ["in_app"]


def test_an_event_inserted_by_bare_sql_is_an_event(db, owner):
    run(INSERT_EVENT, "job.completed", "job", 7, owner.pk, '{"name": "Shot 042"}')
    event = Event.objects.get()
    assert (event.actor_user, event.payload, event.position, event.publisher) == (owner, {"name": "Shot 042"}, None, "")


def test_a_known_type_is_not_asked_for_again(committed, clock, django_assert_num_queries):
    by_name(["job.started"])
    clock[0] += MAX_AGE - 0.1
    with django_assert_num_queries(0):
        assert by_name(["job.started"])


def test_after_five_seconds_it_is(committed, clock):
    by_name(["job.started"])
    EventType.objects.filter(name="job.started").update(is_active=False)
    publish("job.started")
    clock[0] += MAX_AGE
    with pytest.raises(InactiveEventType):
        publish("job.started")


def test_a_miss_is_never_kept(committed):
    assert by_name(["farm.full"]) == {}
    run(INSERT_TYPE)
    assert by_name(["farm.full"])


def test_nothing_is_kept_that_was_read_in_a_transaction(committed, django_assert_num_queries):
    with transaction.atomic():
        by_name(["job.started"])
    with django_assert_num_queries(1):
        by_name(["job.started"])


def test_a_type_that_was_deleted_since_is_refused_at_once_and_not_at_the_callers_commit(committed):
    by_name(["job.started", "job.failed"])
    EventType.objects.filter(name="job.failed").delete()
    with pytest.raises(UnknownEventType) as refused, transaction.atomic():
        publish_many([NewEvent("job.started"), NewEvent("job.failed")])
    assert (refused.value.index, Event.objects.count()) == (1, 0)


def test_a_type_that_was_deleted_and_made_anew_is_the_new_one(committed):
    by_name(["job.failed"])
    EventType.objects.filter(name="job.failed").delete()
    anew = EventType.objects.create(name="job.failed", category="job")
    assert publish("job.failed", idempotency_key="one").event_type == anew


def test_what_another_transaction_took_back_is_never_kept(committed):
    with rolled_back():
        run(INSERT_TYPE)
        assert by_name(["farm.full"])
    assert by_name(["farm.full"]) == {}


def test_several_types_are_one_query(committed, django_assert_num_queries):
    by_name(["job.started"])
    with django_assert_num_queries(1):
        assert by_name(["job.started", "job.failed", "job.failed", "no.such"]).keys() == {"job.started", "job.failed"}


def test_what_is_known_is_known_to_be_the_callers_own_answer(committed, owner: User):
    found = by_name(["job.started"])
    found.clear()
    assert by_name(["job.started"])
