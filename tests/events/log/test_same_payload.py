"""A repeat under an idempotency key is recognised whatever the database makes of its numbers."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from events.bus import publish
from events.errors import IdempotencyConflict
from events.rules import payload_schema
from tests.events import strategies

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("payload", [{"n": 1e23}, {"n": -0.0}, {"n": 2**70}, {"n": [1.5, (1, 2)]}, {"n": {"a": None}}])
def test_the_same_payload_again_is_the_same_event(payload):
    first = publish("job.completed", payload=payload, idempotency_key="k")
    assert publish("job.completed", payload=payload, idempotency_key="k") == first


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, "1"), ([1], [1, 2]), ({"a": 1}, {"b": 1}), (None, 0)])
def test_another_payload_is_a_conflict(one, other):
    publish("job.completed", payload={"n": one}, idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        publish("job.completed", payload={"n": other}, idempotency_key="k")


@given(strategies.PAYLOADS)
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_a_value_is_the_same_as_itself(payload):
    assert payload_schema.is_same(payload, payload)
