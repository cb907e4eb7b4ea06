"""SECRET_KEY is replaced: what the one before encrypted is encrypted anew, and nothing waits longer than it must."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from delivery import addresses, resealing
from delivery.encryption import seal, unseal
from delivery.models import Address, Delivery
from delivery.resealing import reseal_addresses
from tests.delivery.factories.deliveries import NOON, address, after, delivery

pytestmark = pytest.mark.django_db

OLD, NEW, LOST = ("a key that is long enough to be one, and random: " + name for name in ("old", "new", "lost"))


def sealed(text: str, settings, *, under: str = OLD) -> str:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = under, []
    made = seal(text)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    return made


def counts(now=NOON) -> tuple[int, int, int]:
    done = reseal_addresses(now=now)
    return done.resealed, done.current, len(done.unreadable)


def test_what_was_resealed_needs_the_old_key_no_longer(owner, member, settings, monkeypatch):
    monkeypatch.setattr(resealing, "BATCH", 2)
    secrets = [f"whsec_{number}" for number in range(5)]
    rows = [address(person, secret=sealed(one, settings)) for person in (member, owner) for one in secrets]
    assert counts() == (10, 0, 0)
    settings.SECRET_KEY_FALLBACKS = []
    assert [unseal(Address.objects.get(pk=row.pk).secret) for row in rows] == secrets * 2


def test_a_second_run_changes_nothing(owner, settings):
    row = address(owner, secret=sealed("whsec_1", settings))
    counts()
    once = Address.objects.get(pk=row.pk)
    assert counts() == (0, 1, 0)
    assert Address.objects.get(pk=row.pk).secret == once.secret


def test_a_former_secret_is_resealed_while_it_signs_and_goes_after(owner, settings):
    old = sealed("whsec_old", settings)
    row = address(owner, secret=seal("whsec_1"), previous_secret=old, previous_secret_until=after(60))
    assert counts() == (1, 0, 0)
    settings.SECRET_KEY_FALLBACKS = []
    row.refresh_from_db()
    assert unseal(row.previous_secret) == "whsec_old"
    assert counts(now=after(60)) == (1, 0, 0)
    row.refresh_from_db()
    assert (row.previous_secret, row.previous_secret_until) == ("", None)


def test_what_has_no_secret_is_left_alone(owner, settings):
    row = address(owner)
    assert counts() == (0, 0, 0)
    assert Address.objects.get(pk=row.pk).updated_at == row.updated_at


def test_what_no_key_opens_is_named_and_the_rest_done(owner, settings, capsys):
    lost = address(owner, secret=sealed("whsec_1", settings, under=LOST))
    address(owner, secret=sealed("whsec_2", settings))
    with pytest.raises(CommandError, match="SECRET_KEY_FALLBACKS"):
        call_command("reseal")
    said = capsys.readouterr().out
    assert f"Not readable: address {lost.pk}, fake, of {owner.get_username()}.\n" in said
    assert "1 resealed, 0 were already, 1 can't be read" in said
    assert Address.objects.get(pk=lost.pk).secret == lost.secret


def waiting(to: Address) -> Delivery:
    return delivery(to, due_at=after(900), reason="secret_unreadable")


def test_what_waited_for_the_key_is_due_at_once(owner, settings):
    made = waiting(address(owner, secret=sealed("whsec_1", settings)))
    still = waiting(address(owner, secret=sealed("whsec_2", settings, under=LOST)))
    counts()
    made.refresh_from_db()
    still.refresh_from_db()
    assert (made.due_at, made.reason, still.due_at) == (NOON, "", after(900))


def test_what_waited_is_due_as_soon_as_the_owner_rotates_the_secret(owner, settings):
    row = address(owner, kind="webhook", secret=sealed("whsec_1", settings, under=LOST))
    made = waiting(row)
    addresses.rotate_secret(owner.pk, address_id=row.pk, now=NOON)
    made.refresh_from_db()
    assert (made.due_at, made.reason) == (NOON, "")
