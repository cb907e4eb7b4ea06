"""An array is published whole or not at all; what is wrong with each element is said at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events import event_type_cache
from events.bus import NewEvent, publish_many
from events.models import Event
from events.refusals import UnknownEventType
from tests.http import V1, as_, codes

EVENTS = f"{V1}/events"
GOOD = {"event_type": "job.completed"}


@pytest.fixture(autouse=True)
def _fresh_types() -> Iterator[None]:
    event_type_cache.clear()
    yield
    event_type_cache.clear()


def test_each_bad_element_is_named_and_none_is_stored(publisher):
    sent = [GOOD, {"event_type": "job.done"}, GOOD | {"actor_user_id": 10**6}, GOOD | {"payload": {"progress": 7}}]
    answer = as_(publisher).post(EVENTS, sent)
    assert codes(answer) == {
        "[1].event_type": "unknown_event_type",
        "[2].actor_user_id": "unknown_user",
        "[3].payload": "payload_schema",
    }
    assert not Event.objects.exists()


def test_bad_shapes_and_bad_content_are_named_together(publisher):
    sent = [{"event_type": 7}, {"event_type": "job.done"}, GOOD | {"source_entity_type": "job"}, GOOD]
    assert codes(as_(publisher).post(EVENTS, sent)) == {
        "[0].event_type": "invalid",
        "[1].event_type": "unknown_event_type",
        "[2].source_entity_id": "invalid_entity",
    }


def test_in_process_the_first_refusal_is_raised_with_the_others(db):
    with pytest.raises(UnknownEventType) as caught:
        publish_many([NewEvent("job.completed"), NewEvent("nobody.knows"), NewEvent("job.completed", actor=10**6)])
    assert (caught.value.index, [other.index for other in caught.value.others]) == (1, [2])


def test_a_thousand_unknown_types_take_no_more_queries_than_one(publisher, django_assert_num_queries):
    with django_assert_num_queries(2), pytest.raises(UnknownEventType):
        publish_many([NewEvent(f"nobody.knows{number}") for number in range(1000)])
