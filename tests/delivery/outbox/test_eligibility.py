"""When its turn has come a delivery is sent only if somebody still wants it."""

from __future__ import annotations

import pytest

from delivery.models import Delivery
from notifications.models import Notification, Summary
from tests.delivery.factories.deliveries import NOON, address, delivery, notification
from tests.delivery.manual_sender import claim, deliver
from tests.notifications.factories.routing import change_type, store_preference

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(owner) -> Delivery:
    return delivery(address(owner))


def ended(made: Delivery) -> tuple[str, str]:
    made.refresh_from_db()
    return made.state, made.reason


def test_read_meanwhile(made, fake):
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("skipped", "read")
    assert fake.sent == []


def test_a_channel_for_machines_sends_what_was_read(made, fake):
    fake.skips_read = False
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("sent", "")


@pytest.mark.parametrize("choice", [{"is_enabled": False, "channels": ["fake"]}, {"channels": ["in_app"]}])
def test_switched_off_meanwhile(owner, made, fake, choice):
    store_preference(owner, "job.completed", **choice)
    deliver(fake)
    assert ended(made) == ("skipped", "switched_off")


@pytest.mark.parametrize("flag", ["is_locked", "is_critical"])
def test_what_is_locked_or_critical_goes_out_nevertheless(owner, made, fake, flag):
    change_type("job.completed", **{flag: True})
    store_preference(owner, "job.completed", channels=["in_app"])
    deliver(fake)
    assert ended(made) == ("sent", "")


def test_still_chosen(owner, made, fake):
    store_preference(owner, "job.completed", channels=["in_app", "fake"])
    deliver(fake)
    assert ended(made) == ("sent", "")


def test_an_inactive_person(owner, made, fake):
    owner.is_active = False
    owner.save()
    deliver(fake)
    assert ended(made) == ("skipped", "user_inactive")


def test_only_a_confirmation_goes_to_an_unverified_address(owner, fake):
    box = address(owner, verified_at=None)
    asked = Delivery.objects.create(address=box, kind="fake", purpose="confirmation", due_at=NOON)
    made = delivery(box)
    deliver(fake)
    assert ended(made) == ("skipped", "address_unverified")
    assert ended(asked) == ("sent", "")


@pytest.fixture
def summary(owner) -> Summary:
    return Summary.objects.create(user=owner, kind="dnd", window="w", count=2)


def give_back(summary: Summary) -> Delivery:
    for _ in range(2):
        notification(summary.user, summary=summary, hold="dnd")
    return Delivery.objects.create(
        address=address(summary.user), kind="fake", purpose="summary", summary=summary, due_at=NOON
    )


def test_a_summary_of_what_was_read_meanwhile(summary, fake):
    made = give_back(summary)
    Notification.objects.update(is_read=True)
    deliver(fake)
    assert ended(made) == ("skipped", "read")


def test_a_summary_tells_what_is_still_unread_and_delivers_it(summary, fake):
    give_back(summary)
    read = Notification.objects.earliest("id")
    Notification.objects.filter(pk=read.pk).update(is_read=True)
    [claimed] = claim(fake)
    assert [one.notification.is_read for one in claimed.outgoing.held] == [False]


def test_the_first_success_of_a_summary_delivers_what_it_gives_back(summary, fake):
    give_back(summary)
    deliver(fake)
    assert set(Notification.objects.values_list("is_delivered", "delivered_at")) == {(True, NOON)}
