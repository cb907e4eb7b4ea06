"""What a claim takes, and what is said to be due, are what the obvious look through all rows finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.models import Address, Delivery
from delivery.outbox.claim import is_any_due
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.fakes.channel import FakeChannel
from tests.delivery.manual_sender import claim

pytestmark = pytest.mark.django_db

AROUND_NOON = st.none() | st.sampled_from([-60, -1, 0, 1, 60]).map(after)
ADDRESSES = st.lists(
    st.fixed_dictionaries(
        {
            "open_until": AROUND_NOON,
            "failures": st.sampled_from([0, 1, 9]),
            "paced_until": AROUND_NOON,
            "due": st.lists(st.sampled_from([-9, -1, 0, 1]).map(after), max_size=6),
        }
    ),
    max_size=5,
)


def since(to: Address, due_at: datetime) -> datetime:
    return max(at for at in (due_at, to.open_until, to.paced_until) if at is not None)


def due_of(to: Address) -> list[Delivery]:
    rows = [row for row in Delivery.objects.filter(address=to) if since(to, row.due_at) <= NOON]
    return sorted(rows, key=lambda row: (row.due_at, row.pk))


def chosen(channel: FakeChannel) -> set[Delivery]:
    taken: set[Delivery] = set()
    for to in Address.objects.all():
        taken |= set(due_of(to)[: 1 if to.failures else channel.per_address])
    return taken


def longest_due() -> datetime | None:
    return min((since(to, row.due_at) for to in Address.objects.all() for row in due_of(to)), default=None)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(scene=ADDRESSES)
def test_a_claim_takes_what_the_obvious_look_finds(owner, scene: list[dict[str, Any]]):
    Delivery.objects.all().delete()
    Address.objects.all().delete()
    for fields in scene:
        due = fields.pop("due")
        to = address(owner, **fields)
        for due_at in due:
            delivery(to, due_at=due_at)
    assert is_any_due(now=NOON) == (longest_due() is not None)
    assert Delivery.objects.due_since(NOON) == longest_due()
    fake = FakeChannel()
    expected = chosen(fake)
    assert {one.outgoing.delivery for one in claim(fake)} == expected
