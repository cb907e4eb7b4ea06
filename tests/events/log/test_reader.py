"""Events are read with their types and actors, be they few or many."""

from __future__ import annotations

import pytest

from events.bus import Entity, NewEvent, publish_many
from events.log import reader
from events.models import Event
from tests.events.numbering import number_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("count", "queries"), [(1, 3), (200, 3)])
def test_they_are_as_the_orm_reads_them_in_log_order(owner, member, django_assert_num_queries, count, queries):
    actors = [owner, None, member]
    new = [NewEvent("job.started", Entity("job", n + 1), actors[n % 3], {"n": n, "at": [1.5]}) for n in range(count)]
    ids = [event.pk for event in publish_many(new)]
    number_all()
    with django_assert_num_queries(queries):
        found = reader.in_log_order(ids[::-1])
        read = [(one.pk, one.event_type.name, one.actor_user, one.source, one.payload, one.created_at) for one in found]
    plain = Event.objects.filter(pk__in=ids).order_by("position")
    assert read == [(e.pk, e.event_type.name, e.actor_user, e.source, e.payload, e.created_at) for e in plain]
