"""A person's addresses: made, confirmed, tested, switched off and on, their secrets changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery import addresses
from delivery.channels import Checked
from delivery.encryption import unseal
from delivery.errors import AddressRefused
from delivery.models import Address, Delivery
from delivery.models.addresses import BY_OWNER
from events.accounts import User
from tests.delivery.factories.deliveries import NOON, address, after
from tests.delivery.fakes.channel import FakeChannel, installed

pytestmark = pytest.mark.django_db

enable, disable = (partial(addresses.change, is_enabled=is_enabled) for is_enabled in (True, False))

URL = "https://93.184.215.14/hook"


def refused(act: Callable[..., Any], *arguments: Any, **more: Any) -> str:
    with pytest.raises(AddressRefused) as found:
        act(*arguments, **({"now": NOON} | more))
    return found.value.code


def webhook(user: User, **more: Any) -> addresses.AddressWithSecret:
    given: dict[str, Any] = {"kind": "webhook", "target": URL, "now": NOON, **more}
    return addresses.create(user, **given)


def mail(user: User, target: str = "team@example.com") -> Address:
    return addresses.create(user, kind="email", target=target, now=NOON).address


def confirmations(row: Address) -> int:
    return Delivery.objects.filter(address=row, purpose="confirmation").count()


def test_a_webhook_s_secret_is_shown_once_and_kept_sealed(owner):
    made = webhook(owner)
    row = Address.objects.get(pk=made.address.pk)
    assert made.secret.startswith("whsec_")
    assert row.secret not in ("", made.secret)
    assert unseal(row.secret) == made.secret


def test_the_account_s_mail_becomes_an_address_when_somebody_looks(owner):
    [row] = addresses.of(owner)
    assert (row.kind, row.target, row.is_account, row.verified_at is not None) == ("email", owner.email, True, True)


def test_looking_again_costs_one_query(owner):
    addresses.of(owner)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        addresses.of(owner)
    assert len(asked) == 1


def test_the_account_s_address_follows_the_account(owner):
    addresses.of(owner)
    owner.email = "moved@example.com"
    owner.save()
    assert [row.target for row in addresses.of(owner)] == ["moved@example.com"]


def test_whoever_has_no_mail_has_no_address(owner):
    owner.email = ""
    owner.save()
    assert addresses.of(owner) == []


def test_the_account_s_own_mail_is_there_already(owner):
    assert refused(addresses.create, owner, kind="email", target=owner.email.upper()) == "already_there"


def test_another_mail_waits_for_its_confirmation(owner):
    row = mail(owner)
    assert (row.verified_at, confirmations(row)) == (None, 1)


def test_following_the_link_confirms(owner):
    row = addresses.verify(owner.pk, address_id=mail(owner).pk, now=after(9))
    assert row.verified_at == after(9)


def test_confirming_twice_keeps_the_first_time(owner):
    row = mail(owner)
    for seconds in (1, 2):
        addresses.verify(owner.pk, address_id=row.pk, now=after(seconds))
    row.refresh_from_db()
    assert row.verified_at == after(1)


def test_a_confirmation_can_be_asked_for_again_after_a_while(owner):
    row, now = mail(owner), timezone.now()
    assert refused(addresses.ask_to_confirm, owner.pk, address_id=row.pk, now=now) == "too_soon"
    addresses.ask_to_confirm(owner.pk, address_id=row.pk, now=now + timedelta(minutes=2))
    assert confirmations(row) == 2


def test_a_confirmed_address_gets_no_link(owner, fake):
    row = address(owner)
    addresses.ask_to_confirm(owner.pk, address_id=row.pk, now=NOON)
    assert confirmations(row) == 0


def test_the_same_address_twice_is_refused(owner):
    webhook(owner)
    assert refused(webhook, owner) == "already_there"


def test_two_people_may_have_the_same_address(owner, member):
    assert webhook(owner).address.pk != webhook(member).address.pk


def test_adding_one_that_was_switched_off_switches_it_on(owner):
    first = webhook(owner)
    Address.objects.update(is_enabled=False, disabled_reason="gone", failures=9, failing_since=NOON, open_until=NOON)
    again = webhook(owner)
    row = Address.objects.get()
    assert (row.pk, row.is_enabled, row.disabled_reason) == (first.address.pk, True, "")
    assert (row.failures, row.failing_since, row.open_until) == (0, None, None)
    assert unseal(row.secret) == again.secret != first.secret


def test_a_masked_target_is_told_apart_by_what_it_hides(owner):
    class Masking(FakeChannel):
        def check(self, target: str, *, user: User) -> Checked:
            return Checked("chat://••••", secret=target)

    with installed(Masking("masked")):
        for target in ("chat://one", "chat://two"):
            addresses.create(owner, kind="masked", target=target, now=NOON)
        assert refused(addresses.create, owner, kind="masked", target="chat://two") == "already_there"


def test_one_person_has_so_many_in_use(owner, fake):
    for _number in range(addresses.MAX_PER_PERSON):
        last = address(owner)
    assert refused(addresses.create, owner, kind="fake", target="one more") == "too_many_addresses"
    disable(owner.pk, address_id=last.pk, now=NOON)
    addresses.create(owner, kind="fake", target="one more", now=NOON)
    assert refused(enable, owner.pk, address_id=last.pk) == "too_many_addresses"


def test_and_so_many_in_all(owner, fake, monkeypatch):
    monkeypatch.setattr(addresses, "MAX_EVER", 2)
    for _number in range(2):
        address(owner, is_enabled=False)
    assert refused(addresses.create, owner, kind="fake", target="one more") == "too_many_addresses"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"kind": "fax"}, "unknown_kind"),
        ({"kind": "in_app"}, "unknown_kind"),
        ({"retry": "never"}, "unknown_option"),
        ({"format": "xml"}, "unknown_option"),
        ({"kind": "email", "target": "a@example.com", "format": "standard"}, "not_for_this_kind"),
        ({"target": "http://127.0.0.1/"}, "blocked_address"),
    ],
)
def test_what_can_t_be_is_refused_and_nothing_is_stored(owner, given, code):
    assert refused(webhook, owner, **given) == code
    assert not Address.objects.filter(is_account=False).exists()


def test_rotating_keeps_the_old_secret_for_a_day(owner):
    first = webhook(owner)
    second = addresses.rotate_secret(owner.pk, address_id=first.address.pk, now=NOON)
    row = Address.objects.get()
    assert (unseal(row.secret), unseal(row.previous_secret)) == (second.secret, first.secret)
    assert row.previous_secret_until == NOON + timedelta(hours=24)


def test_what_isn_t_signed_has_no_secret_to_rotate(owner):
    row = mail(owner)
    assert refused(addresses.rotate_secret, owner.pk, address_id=row.pk) == "no_secret"


def test_switching_off_keeps_the_address_and_says_who_it_was(owner, fake):
    row = disable(owner.pk, address_id=address(owner).pk, now=NOON)
    assert (row.is_enabled, row.disabled_at, row.disabled_reason) == (False, NOON, BY_OWNER)


def test_switching_off_twice_keeps_the_first_reason(owner, fake):
    row = address(owner, is_enabled=False, disabled_reason="gone", disabled_at=NOON)
    assert disable(owner.pk, address_id=row.pk, now=after(5)).disabled_reason == "gone"


def test_a_test_goes_out_like_any_delivery(owner, fake):
    made = addresses.send_test(owner.pk, address_id=address(owner).pk, now=NOON)
    assert (made.purpose, made.state, made.due_at) == ("test", "pending", NOON)


def test_tests_need_a_pause(owner, fake):
    row, now = address(owner), timezone.now()
    addresses.send_test(owner.pk, address_id=row.pk, now=now)
    assert refused(addresses.send_test, owner.pk, address_id=row.pk, now=now) == "too_soon"


@pytest.mark.parametrize(
    ("standing", "code"), [({"is_enabled": False}, "switched_off"), ({"verified_at": None}, "unconfirmed")]
)
def test_a_test_needs_an_address_in_use(owner, fake, standing, code):
    assert refused(addresses.send_test, owner.pk, address_id=address(owner, **standing).pk) == code


@pytest.mark.parametrize(
    "act",
    [
        addresses.verify,
        disable,
        enable,
        addresses.send_test,
        addresses.ask_to_confirm,
        addresses.rotate_secret,
    ],
)
def test_another_person_s_address_isn_t_there(owner, outsider, fake, act):
    with pytest.raises(Address.DoesNotExist):
        act(outsider.pk, address_id=address(owner).pk, now=NOON)


@pytest.mark.service
@pytest.mark.parametrize("act", [addresses.verify, disable, addresses.send_test])
def test_whoever_changes_an_address_holds_the_inbox_first(owner, fake, act):
    row = address(owner)
    with CaptureQueriesContext(connection) as asked:
        act(owner.pk, address_id=row.pk, now=NOON)
    locks = [query["sql"] for query in asked if "FOR UPDATE" in query["sql"] or query["sql"].startswith("UPDATE")]
    assert '"inboxes"' in locks[0]
