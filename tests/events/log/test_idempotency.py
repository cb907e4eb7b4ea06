"""The same key with the same content is the same event, however often and from wherever it comes."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from events.bus import Entity, NewEvent, publish, publish_many
from events.errors import IdempotencyConflict
from events.log.publish import accept
from events.models import Event
from tests.events.concurrency import at_once, rolled_back

pytestmark = pytest.mark.django_db

FACTS: dict[str, Any] = {"source": Entity("job", 7), "payload": {"name": "Shot 042"}, "project_id": 3}
KEY: dict[str, Any] = {"idempotency_key": "render-7"}


def conflict(*events: NewEvent) -> IdempotencyConflict:
    with pytest.raises(IdempotencyConflict) as caught:
        publish_many(events)
    return caught.value


def test_a_repeat_gives_the_first_event_back(owner):
    first = publish("job.completed", actor=owner, **FACTS, **KEY)
    assert publish("job.completed", actor=owner, **FACTS, **KEY) == first
    assert Event.objects.count() == 1


def test_who_repeats_is_told_that_nothing_was_created():
    new = [NewEvent("job.completed", **KEY)]
    assert [accept(new)[0].created, accept(new)[0].created] == [True, False]


def test_without_a_key_nothing_is_a_repeat():
    assert publish("job.completed") != publish("job.completed")


@pytest.mark.parametrize(
    "other",
    [
        {"source": Entity("job", 8)},
        {"source": None},
        {"payload": {"name": "Shot 043"}},
        {"project_id": None},
        {"actor": None},
    ],
    ids=str,
)
def test_other_content_under_a_used_key_is_a_conflict(owner, other):
    facts = FACTS | {"actor": owner}
    first = publish("job.completed", **facts, **KEY)
    found = conflict(NewEvent("job.started"), NewEvent("job.completed", **facts | other, **KEY))
    assert (found.code, found.index) == ("idempotency_conflict", 1)
    assert f"event {first.pk}" in found.detail
    assert Event.objects.count() == 1


def test_another_type_under_a_used_key_is_a_conflict():
    publish("job.completed", **KEY)
    assert conflict(NewEvent("job.started", **KEY))


@pytest.mark.parametrize("value", [(1, 2), 1e23, 1.7e308, 1e-7, 10**20, {"b": 1, "a": 2}, "é", -0.0, 2**53 + 1])
def test_content_is_the_same_however_the_database_writes_it(value):
    first = publish("collab.lock", payload={"v": value}, **KEY)
    assert publish("collab.lock", payload={"v": value}, **KEY) == first


@pytest.mark.parametrize(("one", "two"), [(True, 1), (2**62, 2**62 + 1), ("1", 1), (None, False), ([], {})])
def test_content_that_only_looks_alike_is_a_conflict(one, two):
    publish("collab.lock", payload={"v": one}, **KEY)
    assert conflict(NewEvent("collab.lock", payload={"v": two}, **KEY))


def test_each_publisher_has_keys_of_its_own():
    mine = accept([NewEvent("job.completed", **KEY)], publisher="user:1")[0]
    theirs = accept([NewEvent("job.completed", **KEY)], publisher="user:2")[0]
    assert mine.event != theirs.event
    assert theirs.created


def test_a_key_twice_in_one_call_is_one_event():
    twice = accept([NewEvent("job.completed", **KEY), NewEvent("job.started"), NewEvent("job.completed", **KEY)])
    assert twice[0].event == twice[2].event
    assert [one.created for one in twice] == [True, True, False]


def test_two_contents_for_one_key_in_one_call_store_nothing():
    assert conflict(NewEvent("job.started"), NewEvent("job.completed", **KEY), NewEvent("job.failed", **KEY)).index == 2
    assert not Event.objects.exists()


def test_known_and_new_keys_mix_in_the_order_given():
    first = publish("job.completed", idempotency_key="b")
    mixed = publish_many([NewEvent("job.completed", idempotency_key=key) for key in "abc"])
    assert mixed[1] == first
    assert [event.idempotency_key for event in mixed] == ["a", "b", "c"]


def test_a_repeat_never_breaks_the_callers_transaction(committed):
    publish("job.completed", **KEY)
    with transaction.atomic():
        publish("job.completed", **KEY)
        publish("job.started")
    assert Event.objects.count() == 2


def test_a_key_whose_first_use_was_rolled_back_is_free(committed):
    with rolled_back():
        publish("job.completed", **KEY)
    assert accept([NewEvent("job.failed", **KEY)])[0].created


def test_one_key_from_many_threads_at_once_is_one_event(committed):
    results = at_once(*[lambda: publish("job.completed", **FACTS, **KEY).pk] * 6)
    assert results == [Event.objects.get().pk] * 6
