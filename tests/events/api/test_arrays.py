"""An array is published whole or not at all; what is wrong with each element is said at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.exceptions import ValidationError

from events.api.serializers import EventIn
from events.bus import NewEvent, publish_many
from events.errors import UnknownEventType
from events.models import Event
from events.rest.strict import Strict
from tests.api_client import V1, as_, codes

EVENTS = f"{V1}/events"
GOOD = {"event_type": "job.completed"}
WHOLE = {
    "event_type": "job.completed",
    "source_entity_type": "job",
    "source_entity_id": 7,
    "actor_user_id": None,
    "project_id": 3,
    "payload": {"name": "Shot 042"},
    "idempotency_key": "k",
    "to": [2, 1],
}
# At the edges of what one field or another accepts.
EDGES: list[object] = [
    None,
    "",
    " ",
    "é",
    "a\n",
    "k" * 200,
    "k" * 201,
    -1,
    0,
    2**63 - 1,
    2**63,
    7.0,
    7.5,
    True,
    [],
    [1],
    [None],
    [True],
    [1.0],
    [-1],
    [[1]],
    [0] * 10_001,
    {},
    {"a": [1]},
]


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


@pytest.mark.parametrize("name", [*WHOLE, "unknown"])
@pytest.mark.parametrize("value", EDGES, ids=ascii)
def test_what_is_taken_as_it_is_the_fields_would_have_taken_too(name, value):
    def slowly(element: object) -> object:
        return Strict.run_validation(EventIn(), element)

    for sent in (WHOLE | {name: value}, GOOD | {name: value}, value):
        assert _outcome(EventIn().run_validation, sent) == _outcome(slowly, sent)


def _outcome(read: Callable[[object], object], element: object) -> object:
    try:
        return {key: (type(value), value) for key, value in read(element).items()}  # type: ignore[attr-defined]
    except ValidationError as error:
        return error.detail


def test_a_usual_element_is_not_walked_field_by_field(monkeypatch):
    monkeypatch.setattr(Strict, "to_internal_value", None)
    assert EventIn().run_validation(WHOLE) == WHOLE


def test_a_thousand_unknown_types_take_no_more_queries_than_one(publisher, django_assert_num_queries):
    with django_assert_num_queries(2), pytest.raises(UnknownEventType):
        publish_many([NewEvent(f"nobody.knows{number}") for number in range(1000)])
