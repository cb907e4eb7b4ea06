"""Deliveries are opened in the transaction that made their rows: one for each address that may be used."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.models import Address, Delivery
from delivery.outbox.outbox import Opener
from notifications.channels import Opened
from notifications.models import Notification
from tests.conftest import person
from tests.delivery.factories.deliveries import address, notification
from tests.delivery.fakes.channel import FAKE, FAKE_MAIL

pytestmark = pytest.mark.django_db


def opened(*rows: Notification) -> list[Opened]:
    return [Opened(row.pk, row.event_id, row.user_id, row.channel) for row in rows]


def open_all(*rows: Notification) -> list[Delivery]:
    Opener(FAKE).open(opened(*rows))
    return list(Delivery.objects.order_by("id"))


def test_each_enabled_verified_address_gets_one(owner):
    first, second = address(owner), address(owner)
    row = notification(owner)
    assert [(one.address_id, one.notification_id, one.state) for one in open_all(row)] == [
        (first.pk, row.pk, "pending"),
        (second.pk, row.pk, "pending"),
    ]


@pytest.mark.parametrize("unusable", [{"is_enabled": False}, {"verified_at": None}, {"kind": "fax"}])
def test_an_address_that_may_not_be_used_gets_none(owner, unusable):
    address(owner, **unusable)
    assert open_all(notification(owner)) == []


def test_another_person_s_address_gets_none(owner, member):
    address(member)
    assert open_all(notification(owner)) == []


def test_opening_twice_opens_once(owner):
    address(owner)
    row = notification(owner)
    assert len(open_all(row)) == len(open_all(row)) == 1


def test_a_new_delivery_is_due_at_once(owner):
    address(owner)
    [made] = open_all(notification(owner))
    assert abs((timezone.now() - made.due_at).total_seconds()) < 5


def test_the_number_of_queries_does_not_depend_on_the_people(owner):
    def queries(count: int) -> int:
        people = [person(f"p{count}-{number}") for number in range(count)]
        rows = opened(*[notification(one, channel="fake_mail") for one in people])
        with CaptureQueriesContext(
            connection,
        ) as captured:
            Opener(FAKE_MAIL).open(rows)
        return len(captured)

    assert queries(1) == queries(20) == 3


def test_the_account_s_e_mail_becomes_an_address_on_first_use(owner):
    Opener(FAKE_MAIL).open(opened(notification(owner, channel="fake_mail")))
    made = Address.objects.get()
    assert (made.target, made.is_account, made.is_enabled) == ("owner@example.com", True, True)
    assert made.verified_at is not None
    assert Delivery.objects.get().address == made


def test_an_account_without_e_mail_gets_no_address(owner):
    owner.email = ""
    owner.save()
    Opener(FAKE_MAIL).open(opened(notification(owner, channel="fake_mail")))
    assert not Address.objects.exists()
    assert not Delivery.objects.exists()


def test_it_follows_the_account(owner):
    Opener(FAKE_MAIL).open(opened(notification(owner, channel="fake_mail")))
    owner.email = "new@example.com"
    owner.save()
    Opener(FAKE_MAIL).open(opened(notification(owner, channel="fake_mail", name="job.failed")))
    assert Delivery.objects.latest("pk").address.target == "new@example.com"


def test_one_that_was_switched_off_stays_off(owner):
    address(owner, kind="fake_mail", is_account=True, target=owner.email, is_enabled=False)
    Opener(FAKE_MAIL).open(opened(notification(owner, channel="fake_mail")))
    assert not Address.objects.filter(is_enabled=True).exists()
    assert not Delivery.objects.exists()


class TestTheAccountsAddress:
    """It follows the account, and never speaks for an address that the account doesn't have any more."""

    def reached(self, person, email: str) -> list[str]:
        person.email = email
        person.save()
        row = notification(person, channel=FAKE_MAIL.name)
        Opener(FAKE_MAIL).open(opened(row))
        return [one.address.target for one in Delivery.objects.filter(notification=row).order_by("id")]

    def test_nothing_goes_to_an_account_that_has_none_any_more(self, owner):
        assert self.reached(owner, "old@example.com") == ["old@example.com"]
        before = Delivery.objects.count()
        self.reached(owner, "")
        assert Delivery.objects.count() == before

    def test_one_that_was_added_by_hand_before_gets_one_mail(self, owner):
        self.reached(owner, "old@example.com")
        address(owner, kind=FAKE_MAIL.name, target="new@example.com")
        assert self.reached(owner, "new@example.com") == ["new@example.com"]
