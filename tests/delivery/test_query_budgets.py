"""What is promised of the number of queries holds in each branch, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.address_health import circuit_breaker
from delivery.channels import Frozen, Outgoing
from delivery.models import Address, Delivery
from notifications.models import Summary
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.fakes.channel import FakeChannel
from tests.delivery.manual_sender import claim
from tests.notifications.factories.routing import prefer

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 12


class Unrenderable(FakeChannel):
    """Can't put summaries into words."""

    def freeze(self, outgoing: Outgoing) -> Frozen:
        if outgoing.summary is not None:
            raise ValueError("no")
        return super().freeze(outgoing)


_numbers = count()


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured.captured_queries)


def people(many: int) -> Iterator[User]:
    return (person(f"person {next(_numbers)}") for _ in range(many))


def plain(many: int) -> None:
    for user in people(many):
        to = address(user)
        for _ in range(3):
            delivery(to)


def breaker_open(many: int) -> None:
    for user in people(many):
        to = address(user, open_until=after(60), failures=circuit_breaker.OPENS_AFTER)
        for _ in range(3):
            delivery(to)


def rate_used_up(many: int) -> None:
    for user in people(many):
        delivery(address(user, rate_per_second=1, paced_until=after(9)))


def rated(many: int) -> None:
    for user in people(many):
        delivery(address(user, rate_per_second=2))


def failing(many: int) -> None:
    for user in people(many):
        delivery(address(user, failures=9, failing_since=after(-60), open_until=after(-1)), tries=2, body=b"as before")


def unwanted(many: int) -> None:
    for number, user in enumerate(people(many)):
        delivery(address(user, is_enabled=False))
        delivery(address(user, verified_at=None))
        to = address(user)
        delivery(to, of=notification(user, is_read=True))
        if number % 2:
            prefer(user, "job.completed", is_enabled=False)
            delivery(to)
        else:
            User.objects.filter(pk=user.pk).update(is_active=False)


def summaries(many: int) -> None:
    for user in people(many):
        summary = Summary.objects.create(user=user, kind="dnd", window="w", count=2)
        notification(user, summary=summary, hold="none")
        to = address(user)
        Delivery.objects.create(address=to, kind=to.kind, purpose="summary", summary=summary, due_at=NOON)


def everything(many: int) -> None:
    for scene in SCENES[:-1]:
        scene(many)


SCENES = [plain, breaker_open, rate_used_up, rated, failing, unwanted, summaries, everything]


@pytest.mark.parametrize("channel", [FakeChannel, Unrenderable])
@pytest.mark.parametrize("scene", SCENES)
def test_a_claim(fake, channel, scene):
    needed = []
    for many in (FEW, MANY):
        scene(many)
        needed.append(queries(lambda: claim(channel(), free=400, retries=400)))
        Address.objects.all().delete()
    assert needed[0] == needed[1] <= 21


def test_a_claim_without_anything_due(fake):
    assert queries(lambda: claim(fake)) == 1
