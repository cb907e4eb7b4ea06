"""Which e-mail addresses are taken, and how one is confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from delivery import addresses, signed_links
from delivery.errors import AddressRefused
from delivery.models import Address
from tests.accounts.factory import new_person
from tests.delivery.factories.emails import EMAIL

PERSON = new_person("alice", pk=1, email="Alice@Example.com")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" jo@Example.ORG ", "jo@example.org"),
        ("Jo.Do+jobs@example.org", "Jo.Do+jobs@example.org"),
        ("jo@bücher.example", "jo@bücher.example"),
    ],
)
def test_an_address_is_taken_as_it_will_be_sent_to(given, stored):
    assert EMAIL.check(given, user=PERSON).target == stored


@pytest.mark.parametrize(
    "given",
    [
        "", "jo", "jo@", "@example.org", "jo@example", "jo@@example.org", "jo doe@example.org", "jo@exam ple.org",
        "a@example.org,b@example.org", "Jo <jo@example.org>", "jo@example.org\r\nBcc: x@example.org", "jo@[127.0.0.1]",
        'jo\x00@example.org', '"jo do"@example.org', '"a\x01b"@example.org', "jo@127.0.0.1", "x" * 250 + "@example.org",
        "jö@example.org", "jo@-example.org", "jo@example..org", "mailto:jo@example.org?cc=x@example.org",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(given):
    with pytest.raises(AddressRefused, match=r"must read as in name@example\.com") as refused:
        EMAIL.check(given, user=PERSON)
    assert (refused.value.code, refused.value.field) == ("invalid_email", "address")


@pytest.mark.parametrize(("given", "is_own"), [("alice@example.com", True), ("alice@example.org", False)])
def test_only_the_account_s_own_needs_no_confirmation(given, is_own):
    assert EMAIL.check(given, user=PERSON).is_verified is is_own


@pytest.fixture
def other(owner) -> Address:
    return Address.objects.create(user=owner, kind="email", target="other@example.org")


def path_to(address: Address, **ago: int) -> str:
    url = signed_links.confirmation_url(address, sent_at=timezone.now() - timedelta(**ago))
    return url.removeprefix("http://localhost:8000")


def test_looking_at_the_link_confirms_nothing(other):
    response = Client().get(path_to(other))
    other.refresh_from_db()
    assert (response.status_code, other.verified_at) == (200, None)
    assert "Confirm this address" in response.content.decode()


def test_the_button_confirms_without_signing_in(other):
    response = Client(enforce_csrf_checks=True).post(path_to(other))
    other.refresh_from_db()
    assert response.status_code == 200
    assert other.verified_at is not None
    assert Client().get(path_to(other)).status_code == 200


def test_a_link_is_too_late_after_three_days(other):
    response = Client().post(path_to(other, days=3, seconds=1))
    other.refresh_from_db()
    assert (response.status_code, other.verified_at) == (410, None)


@pytest.mark.parametrize(
    "change", [{"target": "third@example.org"}, {"is_enabled": False}], ids=["other target", "switched off"]
)
def test_a_link_is_for_the_address_as_it_was(other, change):
    path = path_to(other)
    Address.objects.filter(pk=other.pk).update(**change)
    assert Client().post(path).status_code == 410
    other.refresh_from_db()
    assert other.verified_at is None


def test_a_link_of_somebody_else_s_making_is_none(other):
    path = path_to(other)
    assert Client().post(path[:-3] + "AA/").status_code == 404
    assert Client().post(path.replace("/confirm/", "/unsubscribe/")).status_code == 404


def test_an_account_that_changed_hands_leaves_the_link_useless(other, member):
    path = path_to(other)
    Address.objects.filter(pk=other.pk).update(user=member)
    assert Client().post(path).status_code == 410


def test_adding_one_sends_it_a_link_and_nothing_else(owner):
    made = addresses.create(owner, kind="email", target="other@example.org", now=timezone.now()).address
    assert made.verified_at is None
    assert list(made.deliveries.values_list("purpose", flat=True)) == ["confirmation"]
