"""Destinations: added, changed, tested and deleted by whoever manages them: owners of their project, and staff.

Each change holds the lock of the destination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery import addresses, channels
from delivery.address_health import circuit_breaker, quota
from delivery.addresses import channel_named, check_on, checked_options, holds_secret, put_secret
from delivery.encryption import UnreadableSecretError, seal, unseal
from delivery.errors import AddressConflict, AddressRefused, UnknownProject
from delivery.models import Address, Delivery, Destination
from delivery.models.addresses import BY_OWNER
from delivery.models.destinations import DestinationQuerySet
from delivery.outbox import outbox
from delivery.outbox.recover import recover as recover_missed
from events.accounts import User
from events.entities import Entity
from events.errors import shown
from events.models import EventType, Membership
from events.rules import patterns as rules
from notifications.presentation.naming import plain_name

PERMISSION = "carillon_delivery.change_destination"
PROJECT = "project"
# Of one project, or of the site. Whoever adds at the same moment as others may get one more.
MOST = 50
MAX_LABEL, MAX_PATTERNS, MAX_PATTERN, MAX_RATE = 100, 50, 200, 1000
# Addresses with one target that are compared.
MOST_COMPARED = 100
DELETED = "deleted"

_OWN = ("label", "patterns", "critical_only", "digest")
_OF_ADDRESS = ("rate_per_second", "retry", "format")


@dataclass(frozen=True, slots=True)
class DestinationWithSecret:
    """A destination with what is shown this once: its secret, or nothing."""

    destination: Destination
    secret: str = ""


def managed_by(user: User) -> DestinationQuerySet:
    """Query those that this person manages, with their addresses: one query, two for who isn't staff."""
    kept = Destination.objects.kept().select_related("address__server").order_by("pk")
    return kept if user.has_perm(PERMISSION) else kept.filter(project_id__in=projects_of(user))


def projects_of(user: User) -> list[int]:
    """List the projects that this person owns."""
    owned = Membership.objects.filter(user=user, entity_type=PROJECT, role=Membership.Role.OWNER)
    ids = owned.order_by("entity_id").values_list("entity_id", flat=True)
    return [number for number in ids if number is not None]


def is_manager(user: User) -> bool:
    return user.has_perm(PERMISSION) or bool(projects_of(user))


def get(user: User, *, destination_id: int) -> Destination:
    """Return one that this person manages. Raises Destination.DoesNotExist, also for another's."""
    return managed_by(user).get(pk=destination_id)


def kinds() -> list[str]:
    """List the channels on which a place can be shared: not those that write to a person."""
    return sorted(name for name in channels.installed() if addresses.can_try(name))


def create(
    user: User,
    *,
    kind: str,
    target: str,
    label: str,
    patterns: Sequence[str],
    now: datetime,
    project_id: int | None = None,
    critical_only: bool = False,
    rate_per_second: int | None = None,
    digest: str = Destination.Digest.AT_ONCE,
    retry: str = "",
    format: str = "",  # noqa: A002
) -> DestinationWithSecret:
    """Add one of a project, or of the site (None). Raises AddressRefused, and PermissionDenied; then nothing is stored.

    The target is checked by the rights of this person, once: it is never another one later.
    """
    _check_managed(user, project_id=project_id)
    channel = channel_named(kind)
    if kind not in kinds():
        raise AddressRefused(f"kind must be one of {', '.join(kinds())}", code="not_shareable", field="kind")
    options = checked_options(kind, retry=retry or None, format=format or None)
    own = _checked(
        label=label, patterns=patterns, critical_only=critical_only, rate_per_second=rate_per_second, digest=digest
    )
    checked = channel.check(target, user=user)
    theirs = Destination.objects.kept().filter(project_id=project_id)
    if any(row.project_id == project_id for row in _same_place(kind, checked.target, checked.secret)):
        raise AddressConflict("this is a destination there already", code="already_there", field=channel.target_field)
    if theirs.count() >= MOST:
        detail = f"{MOST} destinations are all that one project, or the site, can have; delete one first"
        raise AddressConflict(detail, code="too_many_destinations")
    rate = own.pop("rate_per_second")
    with transaction.atomic():
        secret = seal(checked.secret) if checked.secret else ""
        address = Address(kind=kind, target=checked.target, secret=secret, verified_at=now, rate_per_second=rate)
        for name, value in options.items():
            setattr(address, name, value)
        address.save()
        made = Destination.objects.create(address=address, project_id=project_id, created_by=user, **own)
    return DestinationWithSecret(made, checked.shown_once)


def change(user: User, *, destination_id: int, now: datetime, **changes: Any) -> Destination:
    """Change what is named: label, patterns, critical_only, digest, rate_per_second, retry, format, is_enabled. Raises
    AddressRefused, or Destination.DoesNotExist.

    One that is resumed begins as if it had never failed.
    """
    with transaction.atomic():
        row = _locked(user, destination_id=destination_id)
        options = {name: changes[name] for name in ("retry", "format") if name in changes}
        checked = _checked(**{name: changes[name] for name in (*_OWN, "rate_per_second") if name in changes})
        checked |= checked_options(row.address.kind, **options)
        for name, value in checked.items():
            setattr(row if name in _OWN else row.address, name, value)
        row.save(update_fields=[name for name in checked if name in _OWN])
        # Whoever sends counts failures in the same row, without this lock: only what changes is written.
        fields = {*(name for name in checked if name in _OF_ADDRESS), "updated_at"}
        is_enabled = changes.get("is_enabled")
        if is_enabled and not row.address.is_enabled:
            circuit_breaker.switch_on(row.address)
            fields |= {*addresses.SWITCH, *addresses.HEALTH}
            outbox.wake_on_commit()
        elif is_enabled is False and row.address.is_enabled:
            circuit_breaker.switch_off(row.address, reason=BY_OWNER, now=now)
            fields |= {*addresses.SWITCH}
        row.address.save(update_fields=fields)
    return row


def delete(user: User, *, destination_id: int, now: datetime) -> None:
    """Delete one; what waits there is skipped when it is claimed. Raises Destination.DoesNotExist."""
    with transaction.atomic():
        row = _locked(user, destination_id=destination_id)
        row.deleted_at = now
        row.save(update_fields=["deleted_at"])
        circuit_breaker.switch_off(row.address, reason=DELETED, now=now)
        row.address.save(update_fields=[*addresses.SWITCH, "updated_at"])


def send_test(user: User, *, destination_id: int, now: datetime) -> Delivery:
    """Open a test delivery, which goes like any other. Raises AddressRefused, or Destination.DoesNotExist."""
    with transaction.atomic():
        row = _locked(user, destination_id=destination_id)
        check_on(row.address)
        quota.check(row.address, purpose=Delivery.Purpose.TEST, now=now)
        return outbox.enqueue(row.address, purpose=Delivery.Purpose.TEST, now=now)


def recover(user: User, *, destination_id: int, since: datetime, now: datetime) -> int:
    """Send there what it missed since then; how many to begin with. Raises as `send_test`."""
    with transaction.atomic():
        row = _locked(user, destination_id=destination_id)
        check_on(row.address)
        return recover_missed(row.address, since=since, now=now)


def rotate_secret(user: User, *, destination_id: int, now: datetime) -> DestinationWithSecret:
    """Make a new secret; the old one signs too for a day. Raises as `send_test`."""
    with transaction.atomic():
        row = _locked(user, destination_id=destination_id)
        secret = channel_named(row.address.kind).new_secret()
        if not secret or not row.address.secret:
            raise AddressConflict("nothing to this destination is signed, so it has no secret", code="no_secret")
        put_secret(row.address, secret, now=now)
        row.address.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
    return DestinationWithSecret(row, secret)


def whose(row: Destination) -> str:
    """Name what it belongs to."""
    return _("the site") if row.project_id is None else plain_name(Entity(PROJECT, row.project_id))


def overlap_of(address: Address, *, user: User) -> str:
    """Say which destinations bring the same place each event already, of the site and the person's projects; or
    nothing."""
    projects = Membership.objects.filter(user=user, entity_type=PROJECT).values_list("entity_id", flat=True)
    there = _same_place(address.kind, address.target, _secret(address))
    seen = [row for row in there if row.project_id is None or row.project_id in set(projects)]
    named = ", ".join(_("{label} of {whose}").format(label=row.label, whose=whose(row)) for row in seen)
    return _("{destination} already sends there, whoever is notified.").format(destination=named) if named else ""


def overlap_at(row: Destination) -> str:
    """Say how many people have the same place as an address of their own, in use; or nothing."""
    theirs = Address.objects.filter(user__isnull=False, is_enabled=True, kind=row.address.kind)
    same = _leading_to(theirs, target=row.address.target, secret=_place_secret(row.address.kind, _secret(row.address)))
    people = len({address.user_id for address in same})
    text = ngettext(
        "{n} person has this address as a channel of their own, and may hear there twice.",
        "{n} people have this address as a channel of their own, and may hear there twice.",
        people,
    )
    return text.format(n=people) if people else ""


def _check_managed(user: User, *, project_id: int | None) -> None:
    if user.has_perm(PERMISSION):
        return
    if project_id is None:
        raise PermissionDenied(f"A destination of the site needs the permission {PERMISSION}.")
    if project_id not in projects_of(user):
        raise UnknownProject(f"you own no project {project_id}", code="unknown_project", field="project_id")


def _locked(user: User, *, destination_id: int) -> Destination:
    managed = managed_by(user).select_for_update(of=("self",), no_key=True)
    return managed.get(pk=destination_id)


def _checked(**chosen: Any) -> dict[str, Any]:
    """Return these as they are stored. Raises AddressRefused."""
    if "label" in chosen:
        chosen["label"] = label = str(chosen["label"]).strip()
        if not 0 < len(label) <= MAX_LABEL:
            detail = f"a label must have 1 to {MAX_LABEL} characters; it has {len(label)}"
            raise AddressRefused(detail, code="invalid_label", field="label")
    if "patterns" in chosen:
        chosen["patterns"] = _checked_patterns(chosen["patterns"])
    rate = chosen.get("rate_per_second")
    if rate is not None and not 0 < rate <= MAX_RATE:
        detail = f"a rate must be 1 to {MAX_RATE} deliveries a second, or none; it is {shown(rate)}"
        raise AddressRefused(detail, code="invalid_rate", field="rate_per_second")
    if chosen.get("digest", Destination.Digest.AT_ONCE) not in Destination.Digest.values:
        detail = f"digest must be one of {', '.join(Destination.Digest.values)}; it is {shown(chosen['digest'])}"
        raise AddressRefused(detail, code="unknown_option", field="digest")
    return chosen


def _checked_patterns(asked: Sequence[str]) -> list[str]:
    """Return each once, in order. One that covers no event type would never send anything."""
    wanted = list(dict.fromkeys(pattern.strip() for pattern in asked))
    if not 0 < len(wanted) <= MAX_PATTERNS or any(len(pattern) > MAX_PATTERN for pattern in wanted):
        detail = f"patterns must be 1 to {MAX_PATTERNS} of at most {MAX_PATTERN} characters each, as in job.* or *"
        raise AddressRefused(detail, code="invalid_patterns", field="patterns")
    names = list(EventType.objects.values_list("name", flat=True))
    for pattern in wanted:
        if not any(rules.matches(name, [pattern]) for name in names):
            detail = f"each pattern must cover an event type, as job.* does; none is covered by {shown(pattern)}"
            raise AddressRefused(detail, code="pattern_covers_nothing", field="patterns")
    return wanted


def _same_place(kind: str, target: str, secret: str) -> list[Destination]:
    """List the destinations in use that lead there."""
    shared = Address.objects.filter(kind=kind, destination__deleted_at=None, is_enabled=True, user=None)
    rows = _leading_to(shared.select_related("destination"), target=target, secret=_place_secret(kind, secret))
    return [row.destination for row in rows]


def _leading_to(rows: QuerySet[Address], *, target: str, secret: str) -> list[Address]:
    same = rows.filter(target=target).order_by("pk")[:MOST_COMPARED]
    return [row for row in same if not secret or holds_secret(row, secret)]


def _place_secret(kind: str, secret: str) -> str:
    """Return the secret where it is the place itself, the target being masked; empty where it signs."""
    return "" if channels.named(kind).new_secret() else secret


def _secret(address: Address) -> str:
    try:
        return unseal(address.secret) if address.secret else ""
    except UnreadableSecretError:
        return ""
