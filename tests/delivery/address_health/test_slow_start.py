"""An address gets few attempts at once until it has answered; then more with each answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pytest
from django.utils import timezone

from delivery.address_health import slow_start
from delivery.channels import Outcome
from delivery.models import Delivery
from delivery.outbox.lease import Leased
from delivery.sender import drain
from tests.delivery.fakes.channel import FAILED, SENT, Parcel, address, delivery
from tests.delivery.manual_sender import claim

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch, parcel) -> None:
    monkeypatch.setattr(slow_start, "_limits", defaultdict(dict))
    parcel.first_at_once = 1


def answered(parcel: Parcel, claimed: Sequence[Leased], outcome: Outcome) -> None:
    for one in claimed:
        slow_start.record(parcel, one.outgoing.address.pk, succeeded=outcome == SENT)


def test_one_that_has_not_answered_yet_gets_few(owner, member, parcel):
    boxes = [address(owner), address(member)]
    for box in boxes * 5:
        delivery(box)
    assert sorted(one.outgoing.address.pk for one in claim(parcel)) == [box.pk for box in boxes]


def test_each_answer_makes_it_twice_as_wide_up_to_what_any_address_gets(owner, parcel):
    box = address(owner)
    delivery(box)
    claimed = claim(parcel)
    seen = []
    for _ in range(4):
        seen.append(slow_start.limit(parcel, box.pk))
        answered(parcel, claimed, SENT)
    assert seen == [1, 2, 4, 4]


def test_a_failure_makes_it_begin_again(owner, parcel):
    box = address(owner)
    delivery(box)
    claimed = claim(parcel)
    answered(parcel, claimed, SENT)
    answered(parcel, claimed, FAILED)
    assert slow_start.limit(parcel, box.pk) == 1


def test_what_is_known_is_bounded(owner, parcel, monkeypatch):
    monkeypatch.setattr(slow_start, "MOST_KNOWN", 3)
    for _ in range(5):
        delivery(address(owner))
    answered(parcel, claim(parcel), SENT)
    assert len(slow_start._limits[parcel.name]) == 2


def test_a_channel_that_says_nothing_of_it_begins_with_all(owner, parcel):
    parcel.first_at_once = 0
    for box in [address(owner)] * 5:
        delivery(box)
    assert len(claim(parcel)) == parcel.per_address


@pytest.mark.usefixtures("committed")
def test_a_drain_widens_whoever_answers(owner, parcel):
    box = address(owner)
    for _ in range(9):
        delivery(box, due_at=timezone.now())
    drain.drain()
    assert Delivery.objects.filter(state="sent").count() == 9
    assert slow_start.limit(parcel, box.pk) == parcel.per_address
