"""Publishers take turns at being numbered: much of one delays another's by a batch, and no source loses its order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.bus import Entity, NewEvent
from events.dispatch import fairness, sequencer
from events.log.publish import accept
from events.models import Event, EventType
from tests.events.numbering import number_all

pytestmark = pytest.mark.django_db

# Publisher, and source if any.
FACTS = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(1, 3) | st.sampled_from("xy")), max_size=25)


class Waiting(NamedTuple):
    pk: int
    publisher: str
    source: int | str | None


def published(facts: Sequence[tuple[str, int | str | None]]) -> list[Waiting]:
    started = EventType.objects.get(name="job.started")
    rows = [
        Event(
            event_type=started,
            publisher=publisher,
            **(Entity("job", source).columns("source_entity") if source else {}),
        )
        for publisher, source in facts
    ]
    made = Event.objects.bulk_create(rows)
    return [Waiting(row.pk, *fact) for row, fact in zip(made, facts, strict=True)]


def flood(count: int, *, by: str = "user:1", source: Entity | None = None) -> list[int]:
    return [one.event.pk for one in accept([NewEvent("job.progress", source)] * count, publisher=by)]


def next_batch(waiting: Sequence[Waiting], *, room: int) -> set[int]:
    """Slow and obvious: one by one, whoever has had fewest turns; then without those that would overtake."""
    if len(waiting) <= room:
        return {one.pk for one in waiting}
    publishers = {one.publisher for one in waiting}
    most = fairness.depth(len(publishers), room=room)
    turns = dict.fromkeys(publishers, 0)
    taken: set[int] = set()
    while len(taken) < room:
        heads: dict[str, Waiting] = {}
        for one in waiting:
            if one.pk not in taken and turns[one.publisher] < most:
                heads.setdefault(one.publisher, one)
        if not heads:
            break
        head = min(heads.values(), key=lambda one: (turns[one.publisher], one.pk))
        turns[head.publisher] += 1
        taken.add(head.pk)
    left = [one for one in waiting if one.pk not in taken]
    overtaking = {
        one.pk for one in waiting for other in left if one.source and one.source == other.source and other.pk < one.pk
    }
    return taken - overtaking


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(facts=FACTS, room=st.integers(1, 6))
def test_every_batch_is_what_the_slow_way_takes_until_nothing_waits(facts, room):
    Event.objects.all().delete()
    waiting = published(facts)
    by_source: dict[int | str | None, list[int]] = defaultdict(list)
    while waiting:
        expected = next_batch(waiting, room=room)
        assert sequencer.number(limit=room).count == len(expected) > 0
        last = Event.objects.filter(position__isnull=False).order_by("-position")[: len(expected)]
        assert [event.pk for event in last] == sorted(expected, reverse=True)
        for one in waiting:
            by_source[one.source] += [one.pk] * (one.pk in expected)
        waiting = [one for one in waiting if one.pk not in expected]
    assert all(numbered == sorted(numbered) for source, numbered in by_source.items() if source)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.integers(1, 20))
def test_every_publisher_has_its_even_share_of_a_batch(lengths, room):
    waiting = iter(range(10_000))
    depth = fairness.depth(len(lengths), room=room)
    queues = [[next(waiting) for _ in range(min(length, depth))] for length in lengths]
    taken, left = fairness.take(queues, room=room, depth=depth)
    assert taken == sorted(taken)
    for queue in queues:
        mine = [pk for pk in taken if pk in queue]
        assert mine == queue[: len(mine)]
        assert len(mine) >= min(len(queue), room // len(lengths))
    assert all(pk in taken for queue in queues for pk in queue if pk < left)


def test_a_mention_after_a_flood_is_numbered_with_the_next_batch():
    flood(300)
    [mention] = flood(1, by="user:2")
    sequencer.number(limit=50)
    assert Event.objects.get(pk=mention).position == 50


def test_what_is_published_in_process_takes_its_turn_like_any_other():
    flood(300, by="")
    [mention] = flood(1, by="user:2")
    sequencer.number(limit=50)
    assert Event.objects.get(pk=mention).position == 50


def test_nothing_overtakes_an_earlier_event_about_its_source():
    """What replaces a row is told by its position: the job would end before it began."""
    started = [*flood(99), *flood(1, source=Entity("job", 7))][-1]
    [completed] = flood(1, by="user:2", source=Entity("job", 7))
    [other] = flood(1, by="user:2", source=Entity("job", 8))
    sequencer.number(limit=50)
    assert Event.objects.get(pk=other).position == 49
    assert Event.objects.get(pk=completed).position is None
    number_all()
    assert list(
        Event.objects.filter(pk__in=[started, completed]).order_by("position").values_list("pk", flat=True)
    ) == [
        started,
        completed,
    ]


@pytest.mark.parametrize("publishers", [1, 30])
def test_the_number_of_statements_does_not_grow_with_the_publishers(publishers, django_assert_num_queries):
    for number in range(publishers):
        flood(60, by=f"user:{number}", source=Entity("job", 7))
    # Savepoint, head, pace, all of them, plans (not on SQLite), publishers, queues, who would overtake, numbers, head
    # moved, savepoint.
    with django_assert_num_queries(9 + (publishers > 1) + (connection.vendor == "postgresql")):
        sequencer.number(limit=50)


def test_one_publisher_is_numbered_in_full_batches():
    flood(120)
    assert [sequencer.number(limit=50).count for _ in range(4)] == [50, 50, 20, 0]
