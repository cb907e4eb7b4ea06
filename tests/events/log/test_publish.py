"""Publishing: one row in the caller's own transaction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject
from hypothesis import HealthCheck, given, settings

from events.bus import Entity, NewEvent, apublish, publish, publish_many
from events.errors import UnknownEventType
from events.log.publish import accept, refusals
from events.models import Event
from tests.events.strategies import PAYLOADS, rounded

pytestmark = pytest.mark.django_db

JOB = Entity("job", 7)


def statements(queries: CaptureQueriesContext) -> list[str]:
    """What was asked of the tables; how each database begins and commits is its own."""
    return [one["sql"].split()[0] for one in queries if one["sql"].split()[0] in {"SELECT", "INSERT", "UPDATE"}]


def test_what_is_published_is_stored_as_it_was_given(owner):
    publish("job.completed", source=JOB, actor=owner, payload={"name": "Shot 042"}, project_id=3)
    event = Event.objects.get()
    assert (event.event_type.name, event.source, event.actor_user) == ("job.completed", JOB, owner)
    assert (event.payload, event.project_id, event.publisher) == ({"name": "Shot 042"}, 3, "")


def test_a_type_is_all_that_an_event_needs():
    publish("job.completed")
    event = Event.objects.get()
    assert (event.source, event.actor_user, event.payload, event.project_id) == (None, None, {}, None)


def test_the_event_handed_back_is_the_stored_one(owner):
    event = publish("job.completed", source=JOB, actor=owner, payload={"n": [1, None]}, project_id=3)
    stored = Event.objects.get()
    for field in Event._meta.concrete_fields:
        assert getattr(event, field.attname) == getattr(stored, field.attname), field.name


def test_the_time_is_the_databases():
    assert abs(publish("job.started").created_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_an_event_has_no_position_until_it_is_numbered():
    assert publish("job.started").position is None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PAYLOADS)
def test_any_json_comes_back_as_it_went_in(db, payload):
    assert rounded(Event.objects.get(pk=publish("job.cancelled", payload={"in": payload}).pk).payload["in"]) == rounded(
        payload
    )


def test_a_model_instance_can_be_the_source():
    kind = ContentType.objects.get_for_model(Event)
    assert publish("review.submitted", source=kind).source == Entity("contenttype", kind.pk)


def test_the_user_of_a_request_can_be_the_actor(owner):
    user: Any = SimpleLazyObject(lambda: owner)
    assert publish("job.started", actor=user).actor_user_id == owner.pk


def test_an_actor_can_be_given_by_number(owner):
    assert publish("job.started", actor=owner.pk).actor_user == owner


def test_many_are_stored_in_the_order_they_were_given():
    events = publish_many(NewEvent("job.progress", source=Entity("job", number)) for number in range(300))
    stored = list(Event.objects.order_by("id"))
    assert [event.source_entity_id for event in stored] == list(range(300))
    assert [event.pk for event in events] == [event.pk for event in stored]


def test_nothing_to_publish_asks_nothing_of_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert publish_many([]) == []


@pytest.mark.parametrize("count", [1, 300])
def test_accepting_is_one_query_for_types_one_for_actors_one_insert_and_one_for_known_keys(
    db, owner, django_assert_num_queries, count
):
    new = [NewEvent("job.started", actor=owner.pk, idempotency_key=f"k{number}") for number in range(count)]
    for queries in (3, 4):
        # And the two of the savepoint.
        with django_assert_num_queries(queries + 2):
            accept(new)


@pytest.mark.parametrize("count", [1, 300])
def test_refusing_unknown_types_is_one_query_for_types_and_one_for_near_names(db, django_assert_num_queries, count):
    new = [NewEvent("job.nosuch")] * count
    with django_assert_num_queries(2), pytest.raises(UnknownEventType):
        accept(new)
    with django_assert_num_queries(2):
        assert len(refusals(dict(enumerate(new)))) == count


def test_one_event_of_a_known_type_is_one_statement(committed, owner):
    publish("job.started", actor=owner)
    with CaptureQueriesContext(connection) as queries:
        publish("job.started", actor=owner, source=JOB, payload={"name": "Shot"})
    assert statements(queries) == ["INSERT"]


def test_a_thousand_events_are_no_more_statements_than_one(committed, owner):
    publish("job.started")
    with CaptureQueriesContext(connection) as queries:
        publish_many([NewEvent("job.started", actor=owner.pk)] * 1000)
    assert statements(queries) == ["SELECT", "INSERT"]


def test_a_coroutine_publishes_in_a_transaction_of_its_own(committed, owner):
    event = async_to_sync(apublish)("job.completed", source=JOB, actor=owner, payload={"name": "Shot 042"})
    assert Event.objects.get() == event
