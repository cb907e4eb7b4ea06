"""Undo of a reading begins again with what was skipped because it was read, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from delivery.models import Delivery
from delivery.outbox.outbox import Opener
from notifications import channels as registry
from notifications.holds.undo import undo
from notifications.inbox import marking
from notifications.models import Notification, Summary
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.manual_sender import deliver

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registered(fake) -> Iterator[None]:
    registry.register(Opener(fake))
    yield
    registry.unregister(fake.name)


@pytest.fixture
def made(owner, fake) -> Delivery:
    return delivery(address(owner))


def read_and_undo(user, fake) -> None:
    """A drain comes between."""
    row = Notification.objects.latest("pk")
    batch = marking.read_from(user.pk, notification_id=row.pk, now=NOON).batch
    deliver(fake)
    assert batch is not None
    undo(user.pk, batch_id=batch, now=after(60))


def test_what_was_skipped_as_read_is_sent(owner, made, fake):
    read_and_undo(owner, fake)
    made.refresh_from_db()
    assert (made.state, made.reason, made.due_at) == ("pending", "", after(60))
    deliver(fake, now=after(60))
    assert len(fake.sent) == 1


def test_what_ended_for_another_reason_stays(owner, made, fake):
    Delivery.objects.update(state="skipped", reason="switched_off", settled_at=NOON)
    read_and_undo(owner, fake)
    assert Delivery.objects.get().reason == "switched_off"


def test_what_an_earlier_reading_skipped_stays(owner, made, fake):
    Delivery.objects.update(state="skipped", reason="read", settled_at=after(-1))
    read_and_undo(owner, fake)
    assert Delivery.objects.get().state == "skipped"


def test_a_summary_is_sent_again_as_well(owner, fake):
    summary = Summary.objects.create(user=owner, kind="dnd", window="w", count=1)
    notification(owner, summary=summary)
    made = Delivery.objects.create(address=address(owner), kind="fake", purpose="summary", summary=summary, due_at=NOON)
    read_and_undo(owner, fake)
    made.refresh_from_db()
    assert (made.state, made.due_at) == ("pending", after(60))
