"""What an address missed: what died or was skipped, and what it never had a delivery of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from delivery.models import Delivery, Recovery
from delivery.outbox import recover
from notifications.models import Notification
from tests.delivery.factories.deliveries import address, delivery, notification

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(owner):
    return address(owner)


def recover_since(box, *, hours: float = 1) -> int:
    now = timezone.now() + timedelta(seconds=1)
    return recover.recover(box, since=now - timedelta(hours=hours), now=now)


@pytest.mark.parametrize(("state", "count"), [("dead", 1), ("skipped", 1), ("sent", 0), ("pending", 0), ("sending", 0)])
def test_what_ended_without_success_begins_again(box, state, count):
    made = delivery(box, state=state, tries=4, body=b"kept")
    assert recover_since(box) == count
    made.refresh_from_db()
    assert (made.state, bytes(made.body or b"")) == ("pending" if count else state, b"kept")
    assert made.tries == (0 if count else 4)


def test_what_it_never_had_is_opened(owner, box):
    missed = notification(owner)
    assert recover_since(box) == 1
    assert Delivery.objects.get().notification == missed


@pytest.mark.parametrize("other", [{"hold": "digest"}, {"is_read": True}, {"channel": "in_app"}])
def test_what_is_not_for_it_is_left_alone(owner, box, other):
    notification(owner, **other)
    assert recover_since(box) == 0


def test_what_is_older_is_left_alone(owner, box):
    notification(owner)
    made = delivery(box, state="dead")
    long_ago = timezone.now() - timedelta(hours=2)
    Notification.objects.update(created_at=long_ago)
    Delivery.objects.filter(pk=made.pk).update(created_at=long_ago)
    assert recover_since(box) == 0


def test_another_address_is_left_alone(owner, box):
    delivery(address(owner), state="dead")
    Notification.objects.all().update(is_read=True)
    assert recover_since(box) == 0


def test_it_goes_on_chunk_by_chunk(owner, box, monkeypatch):
    monkeypatch.setattr(recover, "CHUNK", 2)
    for _ in range(3):
        delivery(box, state="dead")
        notification(owner)
    now = timezone.now() + timedelta(seconds=1)
    counts = [recover.recover(box, since=now - timedelta(hours=1), now=now)]
    while Recovery.objects.exists():
        counts.append(recover.advance_each(now=now))
    assert sum(counts) == 6
    assert max(counts) <= 4
    assert Delivery.objects.filter(state="pending").count() == 6


def test_what_dies_again_on_the_way_is_not_brought_back_again(box, monkeypatch):
    monkeypatch.setattr(recover, "CHUNK", 1)
    for _ in range(2):
        delivery(box, state="dead")
    recover_since(box)
    Delivery.objects.update(state="dead")
    for _ in range(9):
        recover.advance_each(now=timezone.now())
    assert list(Delivery.objects.order_by("id").values_list("state", flat=True)) == ["dead", "pending"]
    assert not Recovery.objects.exists()
