"""What rolls back is not told: not stored, not numbered, not announced, not remembered anywhere."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.dispatch import Signal

from events import event_type_cache
from events.bus import Entity, NewEvent, publish, publish_many, subscriber
from events.dispatch import sequencer, subscribers
from events.errors import Refused
from events.log.publish import NUMBER_TASK
from events.models import Event, EventType, LogHead, Membership
from events.sweep import sweep
from events.transport import channel_layer, hints
from tests.events.concurrency import rolled_back

JOB = Entity("job", 7)


@pytest.fixture
def announced(monkeypatch) -> list[Event]:
    """What the process is told by signal."""
    told: list[Event] = []
    fresh = Signal()
    fresh.connect(lambda events, **_more: told.extend(events), weak=False)
    monkeypatch.setattr(sequencer, "event_published", fresh)
    return told


def left_for_the_broker(sent: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    assert hints.flush()
    assert channel_layer.flush()
    return sent


def test_a_rolled_back_event_is_nowhere(committed, owner, sent, announced, reader):
    told = reader()
    with rolled_back():
        publish("job.submitted", source=JOB, actor=owner)
    sweep()
    assert not Event.objects.exists()
    assert not Membership.objects.exists()
    assert LogHead.objects.get().position == 0
    assert (left_for_the_broker(sent), announced, told.tried) == ([], [], [])


def test_a_committed_one_is_everywhere(committed, owner, sent, announced, reader):
    told = reader()
    event = publish("job.submitted", source=JOB, actor=owner)
    assert left_for_the_broker(sent) == [(NUMBER_TASK,)]
    sweep()
    assert Membership.objects.get().user == owner
    assert (announced, told.seen, LogHead.objects.get().position) == ([event], [event.pk], 1)


def test_nothing_leaves_before_the_commit(committed, sent):
    with transaction.atomic():
        publish("job.started")
        assert left_for_the_broker(sent) == []
    assert left_for_the_broker(sent) == [(NUMBER_TASK,)]


def test_a_rolled_back_savepoint_takes_its_events_along(committed, sent):
    with transaction.atomic():
        kept = publish("job.started")
        with rolled_back():
            publish("job.failed")
    assert Event.objects.get() == kept


def test_a_refused_batch_leaves_no_hint(committed, sent):
    with pytest.raises(Refused):
        publish_many([NewEvent("job.started"), NewEvent("job.nonsense")])
    assert left_for_the_broker(sent) == []


def test_what_a_transactional_subscriber_wrote_goes_with_its_failure(committed, registry):
    def grants_and_fails(events: list[Event]) -> None:
        publish("job.failed")
        raise ValueError("after the writing")

    subscriber("writer", transactional=True, start=0)(grants_and_fails)
    first = publish("job.started")
    sweep()
    assert Event.objects.get() == first
    assert subscribers.lagging(now=first.created_at) == []


def test_a_type_that_is_rolled_back_is_not_remembered(committed):
    with rolled_back():
        EventType.objects.create(name="made.here", category="made")
        publish("made.here")
    with pytest.raises(Refused):
        publish("made.here")
    assert event_type_cache.by_name(["made.here"]) == {}


def test_numbers_that_are_rolled_back_are_given_again(committed):
    event = publish("job.started")
    with rolled_back():
        sequencer.number()
    event.refresh_from_db()
    assert event.position is None
    sequencer.number()
    event.refresh_from_db()
    assert event.position == 1
