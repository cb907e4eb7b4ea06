"""Leases on chosen deliveries: they are looked at again and frozen, and get token, lease and attempts."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from delivery.channels import Channel, Frozen, Outgoing, blame
from delivery.models import Address, Attempt, Delivery
from delivery.outbox import digest, eligibility, load
from events.db.rows import insert_rows, update_rows
from events.monitoring import families
from events.monitoring.counting import Tally
from events.transport import log_ids, outages

# A worker that lives says so this often; one that can't for so long may have lost what it holds.
BEAT = timedelta(seconds=5)
LEASE = 3 * BEAT

CANNOT_RENDER = "cannot_render"
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)

State = Delivery.State


@dataclass(slots=True)
class Leased:
    """Delivery that this process alone may try, for as long as its beats extend the lease."""

    outgoing: Outgoing
    attempt_id: int
    token: uuid.UUID


def take(
    channel: Channel, ids: Sequence[int], *, addresses: Mapping[int, Address], seen: load.Seen = None, now: datetime
) -> list[Leased]:
    """Lease those of the ids that are pending and still wanted, in id order; the others end here, or wait. What a
    destination gathers goes with the first of it.

    Needs a transaction, and their addresses locked in it. `seen`: what the host said before.
    """
    if not ids:
        return []
    rows = list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk__in_set=ids, state=State.PENDING)
        .select_related("notification", "summary")
        .order_by("pk")
    )
    for row in rows:
        row.address = addresses[row.address_id]
    rows = sorted([*rows, *digest.also_due(rows, now=now)], key=lambda row: row.pk)
    loaded = load.outgoing(rows, now=now, seen=seen)
    wanted: list[Outgoing] = []
    unwanted: dict[int, str] = {}
    for one in loaded:
        if reason := eligibility.skip_reason(one, skips_read=channel.skips_read):
            unwanted[one.delivery.pk] = reason
        else:
            wanted.append(one)
    tally = Tally()
    waiting = {pk: reason for pk, reason in unwanted.items() if reason in eligibility.WAITS}
    refused = {pk: reason for pk, reason in unwanted.items() if pk not in waiting}
    end(refused, state=State.SKIPPED, tally=tally, now=now)
    _put_off({pk: (reason, now + eligibility.WAITS[reason]) for pk, reason in waiting.items()})
    wanted, carried = digest.gather(wanted)
    numbers = _earlier_attempts(wanted)
    fresh = _freeze(channel, wanted, tally=tally, now=now)
    wanted = [one for one in wanted if one.delivery.body is not None]
    ended, counts = digest.frozen(wanted, carried)
    end(ended, state=State.SKIPPED, tally=tally, now=now)
    update_rows("deliveries", columns={"id": "bigint", "count": "integer"}, rows=counts)
    token = uuid.uuid4()
    _write_claims(wanted, fresh=fresh, token=token, lease_until=now + LEASE)
    for one in wanted:
        one.number = numbers.get(one.delivery.pk, 0) + 1
    attempts = _write_attempts(wanted, now=now)
    tally.write()
    return [Leased(one, attempts[one.delivery.pk], token) for one in wanted]


def extend(held: Sequence[Leased], *, now: datetime) -> int:
    """Let the leases of these run anew, where they are still held; how many. What others work on just now waits."""
    with transaction.atomic():
        ids = still_held(held, skip_locked=True)
        return Delivery.objects.filter(pk__in_set=ids).update(lease_until=now + LEASE)


def still_held(claimed: Sequence[Leased], *, skip_locked: bool = False) -> list[int]:
    """Lock those that nobody has taken over; their ids."""
    tokens = {one.outgoing.delivery.pk: one.token for one in claimed}
    rows = Delivery.objects.select_for_update(no_key=True, skip_locked=skip_locked)
    rows = rows.filter(pk__in_set=tokens, state=State.SENDING).order_by("pk")
    return [pk for pk, token in rows.values_list("pk", "claim_token") if token == tokens[pk]]


def end(reasons: Mapping[int, str], *, state: str, tally: Tally, now: datetime, fault: str = "") -> None:
    """End deliveries whose rows are locked, each for its reason; one query. `fault`: whose it is that they died."""
    rows = [(pk, state, reason, now, None, None) for pk, reason in reasons.items()]
    columns = {"id": "bigint", "state": "text", "reason": "text", "settled_at": "timestamptz"}
    columns |= {"claim_token": "uuid", "lease_until": "timestamptz"}
    ended = update_rows("deliveries", columns=columns, rows=rows, returning=("kind", "reason"))
    for kind, reason in ended:
        count_end(tally, kind, state=state, reason=reason, fault=fault)


def count_end(tally: Tally, kind: str, *, state: str, reason: str, fault: str = "") -> None:
    """Count for `/metrics` that a delivery over this channel ended."""
    tally.add(families.DELIVERIES, kind, state, fault)
    if state == State.SKIPPED:
        tally.add(families.SKIPPED, kind, reason)


def _put_off(waits: Mapping[int, tuple[str, datetime]]) -> None:
    rows = [(pk, reason, due_at) for pk, (reason, due_at) in waits.items()]
    update_rows("deliveries", columns={"id": "bigint", "reason": "text", "due_at": "timestamptz"}, rows=rows)


def _earlier_attempts(wanted: Sequence[Outgoing]) -> dict[int, int]:
    """Map each delivery to how many attempts it has had. No query for those that were never claimed."""
    again = [one.delivery.pk for one in wanted if one.delivery.body is not None]
    if not again:
        return {}
    made = Attempt.objects.filter(delivery_id__in_set=again).order_by()
    return dict(made.values_list("delivery_id").annotate(Count("id")))


def _freeze(channel: Channel, wanted: Sequence[Outgoing], *, tally: Tally, now: datetime) -> dict[int, Frozen]:
    """Give those that have none the bytes of all their attempts. One that can't be rendered waits, as long as a
    failure of ours may last: a file that is missing during a roll comes, and a mistake is mended."""
    fresh: dict[int, Frozen] = {}
    later: dict[int, tuple[str, datetime]] = {}
    broken: dict[int, str] = {}
    for one in wanted:
        delivery = one.delivery
        if delivery.body is not None:
            continue
        try:
            frozen = channel.freeze(one)
        except Exception as error:  # noqa: BLE001  whatever a template raises stops its own delivery only
            error.add_note(f"on delivery {delivery.pk}")
            with log_ids.working_on(delivery=delivery.pk):
                outages.note(__name__, "a delivery could not be rendered", error)
            age = now - (delivery.resent_at or delivery.created_at)
            if age >= blame.OURS_ENDS_AFTER:
                broken[delivery.pk] = CANNOT_RENDER
            else:
                later[delivery.pk] = CANNOT_RENDER, now + min(max(age, SHORTEST_PAUSE), LONGEST_PAUSE)
            continue
        delivery.body, delivery.content_type = frozen.body, frozen.content_type
        fresh[delivery.pk] = frozen
    end(broken, state=State.DEAD, tally=tally, now=now, fault=blame.Whose.OURS)
    _put_off(later)
    return fresh


def _write_claims(
    wanted: Sequence[Outgoing], *, fresh: dict[int, Frozen], token: uuid.UUID, lease_until: datetime
) -> None:
    """Write each row once: every version of it has an entry in every index."""
    claim = {"state": State.SENDING, "claim_token": token, "lease_until": lease_until, "reason": ""}
    rows = [(pk, frozen.body, frozen.content_type, *claim.values()) for pk, frozen in fresh.items()]
    columns = {"id": "bigint", "body": "bytea", "content_type": "text"}
    columns |= {"state": "text", "claim_token": "uuid", "lease_until": "timestamptz", "reason": "text"}
    update_rows("deliveries", columns=columns, rows=rows)
    if again := [one.delivery.pk for one in wanted if one.delivery.pk not in fresh]:
        Delivery.objects.filter(pk__in_set=again).update(**claim)
    for one in wanted:
        one.delivery.state, one.delivery.claim_token, one.delivery.reason = State.SENDING, token, ""


def _write_attempts(wanted: Sequence[Outgoing], *, now: datetime) -> dict[int, int]:
    begun = insert_rows(
        Attempt._meta.db_table,
        columns={"delivery_id": "bigint", "number": "integer", "started_at": "timestamptz"},
        rows=[(one.delivery.pk, one.number, now) for one in wanted],
        returning=("delivery_id", "id"),
    )
    return dict(begun)
