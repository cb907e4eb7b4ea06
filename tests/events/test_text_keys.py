"""Ids that are text, in the log and in memberships: stored beside the numbers, and found by an index of their own."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, connection, transaction

from events.bus import Entity, NewEvent, publish, publish_many, subscriber
from events.dispatch import sequencer
from events.errors import IdempotencyConflict
from events.log import ownership
from events.memberships import grant, members_of, narrowed_to, revoke
from events.models import Event, Membership, TrackedJob
from events.sources.jobs import lifecycle
from events.sweep import sweep

PROMPT = Entity("prompt", "3f2c-91/b:c")
OTHERS = [Entity("prompt", "3F2C-91/b:c"), Entity("scene", "3f2c-91/b:c"), Entity("prompt", 3)]


def test_an_event_has_its_text_in_a_column_of_its_own(db):
    event = publish("job.started", source=PROMPT)
    stored = Event.objects.get()
    assert event.source == stored.source == PROMPT
    assert (stored.source_entity_type, stored.source_entity_id) == ("prompt", None)
    assert stored.source_entity_key == "3f2c-91/b:c"


def test_a_text_that_spells_a_number_is_the_number(db):
    publish("job.started", source=Entity("prompt", "7"))
    assert (Event.objects.get().source_entity_id, Event.objects.get().source_entity_key) == (7, None)


def test_numbers_and_texts_go_together_in_one_batch(db):
    sources = [PROMPT, None, Entity("prompt", 7), Entity("prompt", "007")]
    made = publish_many(NewEvent("job.started", source=source) for source in sources)
    assert [Event.objects.get(pk=event.pk).source for event in made] == sources


@pytest.mark.parametrize("source", [*OTHERS, None])
def test_a_key_of_idempotency_is_for_one_source(db, source):
    publish("job.started", source=PROMPT, idempotency_key="k")
    assert publish("job.started", source=PROMPT, idempotency_key="k").source == PROMPT
    with pytest.raises(IdempotencyConflict):
        publish("job.started", source=source, idempotency_key="k")


def test_a_role_is_granted_changed_and_taken_away(owner):
    grant(PROMPT, user=owner, role="watcher")
    grant(PROMPT, user=owner, role="owner")
    [tie] = members_of(PROMPT)
    assert (tie.role, str(tie)) == ("owner", "owner of prompt:3f2c-91/b:c")
    assert [list(members_of(other)) for other in OTHERS] == [[], [], []]
    assert revoke(PROMPT, user=owner)
    assert not revoke(PROMPT, user=owner)


@pytest.mark.parametrize("halves", [{}, {"entity_id": 1, "entity_key": "a"}])
def test_a_tie_has_one_of_the_two(owner, halves):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(entity_type="prompt", user=owner, role="owner", **halves)


def test_ties_of_several_entities_are_narrowed_down_to(owner):
    for entity in (PROMPT, *OTHERS):
        grant(entity, user=owner, role="owner")
    assert [tie.entity_key for tie in narrowed_to([("prompt", "3f2c-91/b:c")])] == ["3f2c-91/b:c"]
    assert [tie.entity_id for tie in narrowed_to([("prompt", 3)])] == [3]
    assert narrowed_to([("prompt", 3), ("prompt", "3f2c-91/b:c")]).count() == 2


def test_whoever_submits_owns_it_once(owner, member):
    grant(PROMPT, user=owner, role="watcher")
    pairs = [(PROMPT, owner), (PROMPT, owner), (PROMPT, member), (Entity("job", 7), owner)]
    publish_many(NewEvent("job.submitted", source=source, actor=user) for source, user in pairs)
    sequencer.number()
    assert [tie.user for tie in members_of(PROMPT)] == [owner, member]
    assert [tie.role for tie in members_of(PROMPT)] == ["owner", "owner"]
    assert members_of(Entity("job", 7)).count() == 1


def test_what_is_held_up_by_a_tie_keeps_only_its_source_waiting(owner):
    publish_many(NewEvent("job.submitted", source=source, actor=owner) for source in (PROMPT, Entity("job", 7), None))
    without = sequencer._without({("prompt", "3f2c-91/b:c"), ("job", 8)})
    with transaction.atomic():
        sequencer._fetched(sequencer._NUMBER_ALL.format(without=without[0]), [0, *without[1], 10, 10])
    assert [event.source for event in Event.objects.filter(position=None)] == [PROMPT]
    assert ownership.blocked_sources(Event.objects.all()) == set()


def test_a_subscriber_sees_what_was_published(db, registry):
    seen: list[Entity | None] = []

    @subscriber("looker", transactional=True, start=0)
    def look(events: list[Event]) -> None:
        seen.extend(event.source for event in events)

    publish("job.submitted", source=PROMPT)
    sweep()
    assert seen == [PROMPT]


def test_a_tracked_job_keeps_it(db):
    lifecycle.submit("key", lifecycle.facts("Render", source="prompt:3f2c-91/b:c"))
    assert TrackedJob.objects.get().source == Event.objects.get().source == PROMPT


@pytest.mark.parametrize(("key", "column"), [(3, "entity_id"), ("a", "entity_key")])
def test_ties_are_found_by_the_index_of_their_half(owner, key, column):
    entities = [Entity("prompt", key) for number in range(5000) for key in (number, f"p{number}")]
    Membership.objects.bulk_create(
        Membership(**entity.columns("entity"), user=owner, role="owner") for entity in entities
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE memberships")
    plan = narrowed_to([("prompt", key)]).explain()
    assert re.search(rf"entity_type ?=.* AND \(?{column} ?=", plan), plan
    assert not re.search(r"Seq Scan|SCAN memberships|ix_memberships", plan), plan


def test_ties_of_nothing_are_none(owner):
    grant(PROMPT, user=owner, role="owner")
    assert not narrowed_to([]).exists()


@pytest.mark.parametrize("source", [PROMPT, Entity("prompt", 3)])
def test_the_events_of_a_source_are_found_and_ordered_by_an_index(db, source):
    publish_many(NewEvent("job.progress", source=Entity("prompt", f"p{number % 100}")) for number in range(2000))
    publish_many(NewEvent("job.progress", source=Entity("prompt", number % 100)) for number in range(2000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events")
    plan = Event.objects.filter(**source.columns("source_entity")).order_by("-pk")[:21].explain()
    assert re.search(r"idx_events_source_key" if source is PROMPT else r"idx_events_(unnumbered_)?source", plan), plan
    assert not re.search(r"Seq Scan|SCAN", plan), plan
