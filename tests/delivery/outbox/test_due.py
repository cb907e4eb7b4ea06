"""What a claim takes, and what is said to be due, are what the obvious look through all rows finds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.models import Address, Delivery, Server
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
            "server": st.sampled_from(["", "down", "waits for a probe", "fine"]),
            "due": st.lists(st.sampled_from([-9, -1, 0, 1]).map(after), max_size=6),
        }
    ),
    max_size=5,
)


SERVERS = {"down": (after(1), 3), "waits for a probe": (after(-1), 3), "fine": (after(-60), 2)}


class OverServers(FakeChannel):
    """Targets end with the name of their server."""

    def server_of(self, address: Address) -> str:
        return address.target.partition("@")[2]


def since(to: Address, due_at: datetime) -> datetime:
    at_server = to.server.open_until if to.server else None
    return max(at for at in (due_at, to.open_until, to.paced_until, at_server) if at is not None)


def due_of(to: Address) -> list[Delivery]:
    rows = [row for row in Delivery.objects.filter(address=to) if since(to, row.due_at) <= NOON]
    return sorted(rows, key=lambda row: (row.due_at, row.pk))


def chosen(channel: FakeChannel) -> set[Delivery]:
    taken: set[Delivery] = set()
    probes: list[Delivery] = []
    for to in Address.objects.all():
        mine = due_of(to)[: 1 if to.failures else channel.per_address]
        if to.server and to.server.name == "waits for a probe":
            probes += mine[:1]
        else:
            taken |= set(mine)
    return taken | set(sorted(probes, key=lambda row: (row.due_at, row.pk))[:1])


def longest_due() -> datetime | None:
    return min((since(to, row.due_at) for to in Address.objects.all() for row in due_of(to)), default=None)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(scene=ADDRESSES)
def test_a_claim_takes_what_the_obvious_look_finds(owner, scene: list[dict[str, Any]]):
    Delivery.objects.all().delete()
    Address.objects.all().delete()
    Server.objects.all().delete()
    made = {name: Server.objects.create(name=name, open_until=at, failures=n) for name, (at, n) in SERVERS.items()}
    for number, fields in enumerate(scene):
        due, name = fields.pop("due"), fields.pop("server")
        to = address(owner, target=f"{number}@{name}", server=made.get(name), **fields)
        for due_at in due:
            delivery(to, due_at=due_at)
    assert is_any_due(now=NOON) == (longest_due() is not None)
    assert Delivery.objects.due_since(NOON) == longest_due()
    fake = OverServers()
    expected = chosen(fake)
    assert {one.outgoing.delivery for one in claim(fake)} == expected
