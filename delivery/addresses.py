"""Addresses of a person: added, confirmed, tested, switched off and on. Each change holds the person's inbox lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from delivery import channels, reasons
from delivery.address_health import circuit_breaker, health, quota
from delivery.encryption import UnreadableSecretError, seal, unseal
from delivery.errors import AddressConflict, AddressRefused
from delivery.models import Address, Attempt, Delivery
from delivery.models.addresses import BY_OWNER, REPLACED
from delivery.outbox import outbox
from delivery.outbox.account_addresses import follow_accounts
from delivery.outbox.recover import recover as recover_missed
from delivery.sender import trial
from events import accounts
from events.accounts import User
from events.errors import shown
from notifications.inbox import marking

# In use, and in all: those that were switched off keep their history.
MAX_PER_PERSON = 20
MAX_EVER = 100
# Both secrets sign for so long after a rotation.
OVERLAP = timedelta(hours=24)
# What else an owner chooses, by kind.
OPTIONS = {"webhook": ("retry", "format")}

SWITCH = ("is_enabled", "disabled_at", "disabled_reason")
HEALTH = ("failures", "failing_since", "open_until", "warned_at")


@dataclass(frozen=True, slots=True)
class AddressWithSecret:
    """An address with what is shown this once: its secret, or nothing."""

    address: Address
    secret: str = ""


def of(user: User) -> list[Address]:
    """List the person's addresses, oldest first, without their account's former ones. One query; some more when the
    account's e-mail has changed since."""
    theirs = Address.objects.filter(user=user).exclude(disabled_reason=REPLACED)
    rows, email = list(theirs), accounts.email_of(user)
    is_there = {row.kind for row in rows if row.target == email}
    is_there -= {row.kind for row in rows if row.is_account and row.target != email}
    missing = [kind for kind in _kinds_of_accounts() if email and kind not in is_there]
    if not missing:
        return rows
    with transaction.atomic():
        marking.lock(user.pk)
        for kind in missing:
            follow_accounts(kind, [user.pk])
    return list(theirs.all())


def get(user_id: int, *, address_id: int) -> Address:
    """Return one address of this person. Raises Address.DoesNotExist, also for another person's."""
    return Address.objects.get(pk=address_id, user_id=user_id)


def create(
    user: User,
    *,
    kind: str,
    target: str,
    now: datetime,
    retry: str = "",
    format: str = "",  # noqa: A002
) -> AddressWithSecret:
    """Add an address, or switch one on again. Raises AddressRefused; then nothing is stored.

    The target is checked before the lock is taken: that may ask a resolver. One that has to be confirmed gets the link.
    """
    channel = channel_named(kind)
    chosen = checked_options(kind, retry=retry or None, format=format or None)
    checked = channel.check(target, user=user)
    with transaction.atomic():
        marking.lock(user.pk)
        if kind in _kinds_of_accounts():
            follow_accounts(kind, [user.pk])
        address = _existing(user, kind=kind, checked=checked)
        if address is not None and address.is_enabled:
            raise AddressConflict("you have this address already", code="already_there", field=channel.target_field)
        _check_room(user.pk, is_new=address is None)
        if address is None:
            address = Address(user=user, kind=kind, target=checked.target)
            address.secret = seal(checked.secret) if checked.secret else ""
            address.verified_at = now if checked.is_verified else None
        else:
            circuit_breaker.switch_on(address)
            if checked.shown_once:
                put_secret(address, checked.secret, now=now)
        for name, value in chosen.items():
            setattr(address, name, value)
        address.mailbox = "" if address.verified_at else checked.mailbox or checked.target
        address.save()
        outbox.wake_on_commit()
        if address.verified_at is None:
            _confirm(address, now=now)
    return AddressWithSecret(address, checked.shown_once)


def can_try(kind: str) -> bool:
    """Tell whether a target of this kind can be tested before it is added: a stranger's mailbox gets a link first."""
    return kind in channels.installed() and not channels.named(kind).uses_account_email


def try_out(user: User, *, kind: str, target: str, now: datetime, format: str = "") -> Attempt:  # noqa: A002
    """Send one test to a target that isn't stored, and wait for its outcome. Raises AddressRefused.

    It is signed with a secret of its own.
    """
    channel = channel_named(kind)
    if not can_try(kind):
        detail = _("This can't be tested before it is added; it gets a link first.")
        raise AddressRefused(detail, code="unconfirmed", field=channel.target_field)
    chosen = checked_options(kind, format=format or None)
    checked = channel.check(target, user=user)
    secret = seal(checked.secret) if checked.secret else ""
    return trial.attempt(
        Address(user=user, kind=kind, target=checked.target, secret=secret, **chosen), channel=channel, now=now
    )


def change(
    user_id: int,
    *,
    address_id: int,
    now: datetime,
    is_enabled: bool | None = None,
    retry: str | None = None,
    format: str | None = None,  # noqa: A002
) -> Address:
    """Change what is named (not None). Raises AddressRefused, or Address.DoesNotExist.

    One that is switched on begins as if it had never failed. One that is switched off keeps its history; what is
    pending there is skipped when it is claimed.
    """
    with transaction.atomic():
        marking.lock(user_id)
        address = get(user_id, address_id=address_id)
        changed = checked_options(address.kind, retry=retry, format=format)
        for name, value in changed.items():
            setattr(address, name, value)
        # Whoever sends counts failures in the same row, without this lock: only what changes is written.
        fields = {*changed, "updated_at"}
        if is_enabled and not address.is_enabled:
            _check_room(user_id, is_new=False)
            circuit_breaker.switch_on(address)
            fields |= {*SWITCH, *HEALTH}
        elif is_enabled is False and address.is_enabled:
            circuit_breaker.switch_off(address, reason=BY_OWNER, now=now)
            fields |= {*SWITCH}
        address.save(update_fields=fields)
        if "open_until" in fields:
            outbox.wake_on_commit()
    return address


def verify(user_id: int, *, address_id: int, now: datetime) -> Address:
    with transaction.atomic():
        marking.lock(user_id)
        address = get(user_id, address_id=address_id)
        if address.verified_at is None:
            address.verified_at = now
            address.save(update_fields=["verified_at", "updated_at"])
    return address


def ask_to_confirm(user_id: int, *, address_id: int, now: datetime) -> Address:
    """Send the confirmation once more; nothing is sent to one that is confirmed. Raises AddressRefused."""
    with transaction.atomic():
        marking.lock(user_id)
        address = get(user_id, address_id=address_id)
        check_on(address)
        if address.verified_at is None:
            _confirm(address, now=now)
    return address


def send_test(user_id: int, *, address_id: int, now: datetime) -> Delivery:
    """Open a test delivery, which goes like any other. Raises AddressRefused."""
    with transaction.atomic():
        marking.lock(user_id)
        address = _in_use(user_id, address_id=address_id)
        quota.check(address, purpose=Delivery.Purpose.TEST, now=now)
        return outbox.enqueue(address, purpose=Delivery.Purpose.TEST, now=now)


def recover(user_id: int, *, address_id: int, since: datetime, now: datetime) -> int:
    """Send there what it missed since then; how many to begin with. Raises AddressRefused."""
    with transaction.atomic():
        marking.lock(user_id)
        return recover_missed(_in_use(user_id, address_id=address_id), since=since, now=now)


def rotate_secret(user_id: int, *, address_id: int, now: datetime) -> AddressWithSecret:
    """Make a new secret; the old one signs too for OVERLAP, one from before no longer. Raises AddressRefused."""
    with transaction.atomic():
        marking.lock(user_id)
        address = get(user_id, address_id=address_id)
        secret = channel_named(address.kind).new_secret()
        if not secret or not address.secret:
            raise AddressConflict("nothing to this address is signed, so it has no secret", code="no_secret")
        put_secret(address, secret, now=now)
        address.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
        health.bring_forward([address.pk], now=now, reason=reasons.UNREADABLE)
        outbox.wake_on_commit()
    return AddressWithSecret(address, secret)


def _kinds_of_accounts() -> list[str]:
    return [name for name in channels.installed() if channels.named(name).uses_account_email]


def channel_named(kind: str) -> channels.Channel:
    """Return the channel. Raises AddressRefused for one that isn't installed."""
    if kind not in channels.installed():
        known = ", ".join(sorted(channels.installed()))
        raise AddressRefused(f"kind is {shown(kind)}; accepted are {known}", code="unknown_kind", field="kind")
    return channels.named(kind)


def checked_options(kind: str, **options: str | None) -> dict[str, str]:
    """Keep the options that are given. AddressRefused for what this kind doesn't have."""
    named = {name: value for name, value in options.items() if value is not None}
    accepted = {"retry": Address.Retry.values, "format": Address.Format.values}
    for name, value in named.items():
        if name not in OPTIONS.get(kind, ()):
            raise AddressRefused(f"{name} is not for {kind}; leave it out", code="not_for_this_kind", field=name)
        if value not in accepted[name]:
            known = ", ".join(accepted[name])
            raise AddressRefused(f"{name} is {shown(value)}; accepted are {known}", code="unknown_option", field=name)
    return named


def _existing(user: User, *, kind: str, checked: channels.Checked) -> Address | None:
    """Find the person's address that leads to the same place; where the target is masked, its secret is the place."""
    # The account's e-mail is kept as the account spells it.
    is_same = Q(target=checked.target) | Q(is_account=True, target__iexact=checked.target)
    same = Address.objects.filter(is_same, user=user, kind=kind).order_by("-is_enabled", "-id")
    is_place = bool(checked.secret) and not checked.shown_once
    return next((row for row in same if not is_place or holds_secret(row, checked.secret)), None)


def holds_secret(address: Address, secret: str) -> bool:
    try:
        return unseal(address.secret) == secret
    except UnreadableSecretError:
        return False


def _check_room(user_id: int, *, is_new: bool) -> None:
    theirs = list(Address.objects.filter(user_id=user_id).values_list("is_enabled", flat=True))
    if sum(theirs) >= MAX_PER_PERSON:
        detail = f"{MAX_PER_PERSON} addresses are in use, which is all one person can have; pause one first"
        raise AddressConflict(detail, code="too_many_addresses")
    if is_new and len(theirs) >= MAX_EVER:
        detail = f"{MAX_EVER} addresses are kept, which is all one person can have; resume an old one"
        raise AddressConflict(detail, code="too_many_addresses")


def _in_use(user_id: int, *, address_id: int) -> Address:
    """Return an address that can be sent to. Needs the lock."""
    address = get(user_id, address_id=address_id)
    check_on(address)
    if address.verified_at is None:
        raise AddressConflict("this address isn't confirmed yet: follow the link sent there", code="unconfirmed")
    return address


def check_on(address: Address) -> None:
    if not address.is_enabled:
        raise AddressConflict("this address is paused; resume it first", code="switched_off")


def _confirm(address: Address, *, now: datetime) -> None:
    quota.check(address, purpose=Delivery.Purpose.CONFIRMATION, now=now)
    outbox.enqueue(address, purpose=Delivery.Purpose.CONFIRMATION, now=now)


def put_secret(address: Address, secret: str, *, now: datetime) -> None:
    """Sign with this from now on, and for OVERLAP with the one before too."""
    address.previous_secret, address.previous_secret_until = address.secret, now + OVERLAP
    address.secret = seal(secret)
