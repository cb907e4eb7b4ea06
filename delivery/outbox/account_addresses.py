"""E-mail addresses of accounts, in versions: a row is never pointed elsewhere, so history says where things went.

When the account has another e-mail address, its row is retired, a new one inherits its switches, and the sweep lets
what is unsent follow.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from delivery.address_health import circuit_breaker
from delivery.channels import Channel
from delivery.models import Address, Delivery
from delivery.models.addresses import BY_OWNER, REPLACED
from delivery.outbox import lease
from events import accounts
from events.accounts import User
from events.db.arrays import any_of
from events.monitoring.counting import Tally
from notifications.inbox import marking

# Deliveries that one sweep looks at, and that it lets follow at once.
LOOKED_AT = 1000
CHUNK = 500

# What a new version takes over from the one before.
_INHERITED = ("retry", "format", "rate_per_second")
_STATE = ("is_account", "verified_at", "is_enabled", "disabled_at", "disabled_reason")
_HEALTH = ("failures", "failing_since", "open_until", "warned_at")


def follow_accounts(kind: str, users: Collection[int]) -> None:
    """Give these people the address of their account, unless they have it; one of a former account is retired.

    An address that its person switched off stays off, and so does its successor. Two queries, at most seven where
    an account changed. Needs the inbox locks of these people.
    """
    outdated = Address.objects.filter(_is_outdated(), kind=kind, user_id__in_set=users)
    # In order, as whoever settles locks them.
    locked = outdated.select_related("user").select_for_update(of=("self",), no_key=True).order_by("pk")
    if former := list(locked):
        _replace(former, kind=kind)
    their = accounts.columns()
    person, email = f"u.{their['id']}", f"u.{their['email']}"
    is_theirs, params = any_of(person, users)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notification_channels (user_id, kind, target, is_account, verified_at) "
            f"SELECT {person}, %s, {email}, true, CURRENT_TIMESTAMP "
            f"FROM {their['table']} u WHERE {is_theirs} AND {email} <> '' "
            # Added by hand before: that one is enough.
            f"AND NOT EXISTS (SELECT 1 FROM notification_channels a WHERE a.user_id = {person} "
            f"AND a.kind = %s AND (a.is_account OR a.target = {email} AND a.disabled_reason <> %s)) "
            f"ORDER BY {person} ON CONFLICT DO NOTHING",
            [kind, *params, kind, REPLACED],
        )


def reaches(channel: Channel, rows: Sequence[Address], *, user: User) -> bool:
    """Tell whether a delivery would be opened to a person who has these addresses there; nothing is written."""
    email = accounts.email_of(user)
    if channel.uses_account_email and email:
        # As `follow_accounts` would leave them.
        former = [row for row in rows if row.is_account and row.target != email]
        known: dict[tuple[int | None, str], Address] = {
            (user.pk, row.target): row for row in sorted(rows, key=lambda row: (row.is_enabled, row.pk))
        }
        rows = [
            *(row for row in rows if row not in former),
            *filter(None, (_successor(row, known=known) for row in former)),
        ]
        if not any(row.is_account or (row.target == email and row.disabled_reason != REPLACED) for row in rows):
            return True
    usable = [row for row in rows if row.is_enabled and row.verified_at is not None]
    return any(not row.is_account or row.target == email for row in usable)


def move_unsent(*, after: int, now: datetime) -> int:
    """Let what waits for former addresses of accounts go to the present ones, whose bytes are made anew.

    A look at some of the pending deliveries, those behind the id `after`; returns the id to go on from. One query when
    nothing has to move. What was tried stays with its attempts, ended, and another delivery goes on in its place.
    """
    strays = Q(address__disabled_reason=REPLACED) | _is_outdated("address__")
    pending = Delivery.objects.filter(state=Delivery.State.PENDING, pk__gt=after).order_by("pk")
    looked_at = pending.annotate(is_stray=strays).values_list("pk", "kind", "address__user_id", "is_stray")
    page = list(looked_at[:LOOKED_AT])
    users: dict[str, set[int]] = {}
    for _pk, kind, user_id, is_stray in page:
        if is_stray:
            users.setdefault(kind, set()).add(user_id)
    for kind, theirs in users.items():
        _move(kind, theirs, now=now)
    return page[-1][0] if len(page) == LOOKED_AT else 0


def _is_outdated(to: str = "") -> Q:
    """Condition that an address, or the one that lies behind `to`, is of an account that has another one now."""
    email = f"{to}user__{accounts.email_field()}"
    is_present = Q(**{email: ""}) | Q(**{email: F(f"{to}target")})
    return Q(**{f"{to}is_account": True}) & ~is_present


def _replace(former: Sequence[Address], *, kind: str) -> None:
    emails = {accounts.email_of(row.person) for row in former}
    known = Address.objects.filter(user_id__in_set={row.user_id for row in former}, kind=kind, target__in_set=emails)
    by_place = {(row.user_id, row.target): row for row in known.order_by("is_enabled", "pk")}
    successors = [row for row in (_successor(row, known=by_place) for row in former) if row is not None]
    # Whoever has the mailbox now need not be this person: it is theirs again once it is confirmed.
    Address.objects.filter(pk__in_set={row.pk for row in former}).update(
        is_account=False,
        is_enabled=False,
        disabled_at=Now(),
        disabled_reason=REPLACED,
        verified_at=None,
        mailbox=F("target"),
        updated_at=Now(),
    )
    Address.objects.bulk_create([row for row in successors if row.pk is None])
    again = [row for row in successors if row.pk is not None]
    Address.objects.bulk_update(again, [*_STATE, *_HEALTH, *_INHERITED])


def _successor(former: Address, *, known: Mapping[tuple[int | None, str], Address]) -> Address | None:
    """Make the account's address of this moment; None: its person added that one by hand and confirmed it."""
    email = accounts.email_of(former.person)
    row = known.get((former.user_id, email)) or Address(user_id=former.user_id, kind=former.kind, target=email)
    if row.verified_at is not None and row.disabled_reason != REPLACED:
        return None
    if row.pk is None or row.disabled_reason == REPLACED:
        circuit_breaker.switch_on(row)
        for name in _INHERITED:
            setattr(row, name, getattr(former, name))
        # One that failed says nothing about the next.
        if not former.is_enabled and former.disabled_reason in ("", BY_OWNER):
            row.is_enabled, row.disabled_at, row.disabled_reason = False, former.disabled_at, former.disabled_reason
    row.is_account, row.verified_at = True, Now()
    return row


def _move(kind: str, users: Collection[int], *, now: datetime) -> None:
    with transaction.atomic():
        marking.lock_all(users)
        follow_accounts(kind, users)
        former = Address.objects.filter(user_id__in_set=users, kind=kind, disabled_reason=REPLACED)
        present = Address.objects.filter(
            user_id__in_set=users, kind=kind, target=F(f"user__{accounts.email_field()}"), is_enabled=True
        )
        usable = dict(present.exclude(verified_at=None).values_list("user_id", "pk"))
        unsent = Delivery.objects.filter(address__in=former, state=Delivery.State.PENDING).select_related("address")
        rows = list(unsent.select_for_update(of=("self",)).order_by("pk")[:CHUNK])
        following = [
            Delivery(
                purpose=row.purpose,
                notification_id=row.notification_id,
                summary_id=row.summary_id,
                address_id=usable[row.address.user_id],
                kind=kind,
                due_at=now,
            )
            for row in rows
            if row.address.user_id in usable and row.purpose in Delivery.REPEATABLE
        ]
        # What goes there already isn't sent twice.
        Delivery.objects.bulk_create(following, ignore_conflicts=True)
        tally = Tally()
        lease.end({row.pk: REPLACED for row in rows}, state=Delivery.State.SKIPPED, tally=tally, now=now)
        tally.write()
