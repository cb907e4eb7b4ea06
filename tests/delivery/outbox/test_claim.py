"""Who claims what: never twice, never more than there is room for, and each address in its turn."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections

from delivery.models import Address, Delivery
from delivery.outbox import claim as claims
from delivery.outbox.lease import LEASE
from notifications.models import UserNotificationSettings
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.fakes.channel import SENT
from tests.delivery.manual_sender import claim, settle
from tests.events.concurrency import at_once


def boxes(count: int) -> list[Address]:
    return [address(person(f"p{number}")) for number in range(count)]


@pytest.mark.django_db
def test_no_more_than_there_are_free_slots(owner, member, fake):
    for user in (owner, member):
        for _ in range(3):
            delivery(address(user))
    assert len(claim(fake, free=4)) == 4


@pytest.mark.django_db
def test_no_more_than_an_address_has_room_for(owner, fake):
    box = address(owner)
    for _ in range(fake.per_address + 3):
        delivery(box)
    first = claim(fake)
    assert len(first) == fake.per_address
    assert claim(fake) == []
    settle(first[:2], SENT)
    assert len(claim(fake)) == 2


@pytest.mark.django_db
def test_one_with_a_long_queue_keeps_no_other_waiting(fake):
    crowded, *others = boxes(4)
    for _ in range(20):
        delivery(crowded, due_at=after(-60))
    for box in others:
        delivery(box)
    claimed = Counter(one.outgoing.address.pk for one in claim(fake, free=4))
    assert claimed == {box.pk: 1 for box in (crowded, *others)}


@pytest.mark.django_db
def test_the_longest_due_of_an_address_goes_first(owner, fake):
    box = address(owner)
    late, early = delivery(box, due_at=after(-1)), delivery(box, due_at=after(-9))
    assert [one.outgoing.delivery for one in claim(fake, free=1)] == [early]
    assert [one.outgoing.delivery for one in claim(fake, free=1)] == [late]


@pytest.mark.django_db
def test_room_is_kept_for_first_attempts(fake):
    tried, fresh = boxes(2)
    for _ in range(3):
        delivery(tried, tries=1, due_at=after(-60))
    new = delivery(fresh)
    assert {one.outgoing.delivery.pk for one in claim(fake, free=4, retries=0)} == {new.pk}


@pytest.mark.django_db
def test_a_walk_goes_on_where_it_ended(fake, monkeypatch):
    monkeypatch.setattr(claims, "MOST_ADDRESSES", 2)
    for box in boxes(5):
        delivery(box)
    after_address, claimed = 0, 0
    for _ in range(4):
        made = claims.claim(fake, free=9, retries=9, after=after_address, now=NOON)
        after_address, claimed = made.after, claimed + len(made.deliveries)
    assert claimed == 5
    assert claims.claim(fake, free=9, retries=9, now=NOON).is_last


@pytest.mark.django_db
def test_each_turn_begins_with_the_addresses_that_waited(fake):
    for box in boxes(4):
        for _ in range(2):
            delivery(box)
    first = claims.claim(fake, free=2, retries=9, now=NOON)
    second = claims.claim(fake, free=2, retries=9, after=first.after, now=NOON)
    assert len({one.outgoing.address.pk for one in (*first.deliveries, *second.deliveries)}) == 4


@pytest.mark.usefixtures("committed")
def test_workers_that_claim_at_once_never_get_the_same_one(fake):
    for box in boxes(6):
        for _ in range(4):
            delivery(box)

    def work() -> list[int]:
        found: list[int] = []
        for _ in range(12):
            found += [one.outgoing.delivery.pk for one in claim(fake, free=3)]
        connections.close_all()
        return found

    claimed = [pk for found in at_once(*[work] * 3) for pk in found]
    assert len(claimed) == len(set(claimed)) == Delivery.objects.filter(state="sending").count()
    in_flight = Counter(Delivery.objects.filter(state="sending").values_list("address_id", flat=True))
    assert max(in_flight.values()) <= fake.per_address


def test_each_comes_with_the_zone_of_its_person(owner, member, fake):
    UserNotificationSettings.objects.create(user=owner, timezone="Asia/Tokyo")
    for user in (owner, member):
        delivery(address(user))
    assert [one.outgoing.zone.key for one in claim(fake)] == ["Asia/Tokyo", "UTC"]


@pytest.mark.django_db
def test_what_a_lost_worker_held_takes_nobody_s_room(owner, fake):
    box = address(owner)
    for _ in range(fake.per_address + 1):
        delivery(box)
    claim(fake)
    assert claim(fake, now=NOON + LEASE) == []
    assert len(claim(fake, now=NOON + LEASE + timedelta(seconds=1))) == 1
