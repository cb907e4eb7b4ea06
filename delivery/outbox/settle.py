"""Settling of attempts: in batches, fenced by the token, with everything that follows in one transaction.

Locks come in the house's order: inboxes, notifications, addresses, servers, deliveries, each by id.
"""

import random
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from delivery import channels
from delivery.address_health import circuit_breaker, health, servers
from delivery.address_health.health import Report
from delivery.channels import Outcome, Outgoing, blame, retry_schedule
from delivery.models import Address, Attempt, Delivery
from delivery.outbox.lease import Leased, count_end
from events.db.rows import update_rows
from events.monitoring import families
from events.monitoring.counting import Tally
from notifications.inbox import summaries
from notifications.models import Inbox, Notification

EXCERPT = 2000

State = Delivery.State
_rng = random.Random()


@dataclass(frozen=True, slots=True)
class Result:
    leased: Leased
    outcome: Outcome
    ms: int

    @property
    def delivery(self) -> Delivery:
        return self.leased.outgoing.delivery

    @property
    def is_failure(self) -> bool:
        """True if it says something bad about the address."""
        wrong = self.outcome.state in ("retry", "dead") or self.outcome.disables
        return wrong and self.outcome.whose.counts_on_address


@dataclass(frozen=True, slots=True)
class _NextState:
    state: str
    due_at: datetime
    tries: int
    reason: str

    @property
    def is_end(self) -> bool:
        return self.state != State.PENDING


def settle(results: Sequence[Result], *, now: datetime) -> int:
    """Write how attempts went; how many deliveries were still ours. The others' attempts read `superseded`, no more.

    Still ours is also what was rescued and that nobody has claimed since: known is better than made again. At most 17
    queries, and a few for each address whose owner is told.
    """
    if not results:
        return 0
    with transaction.atomic():
        _lock_inboxes(results, now=now)
        _lock_notifications(results)
        addresses = _lock_addresses(results, now=now)
        locked = servers.lock(_server_reports(results), now=now)
        held, forgotten = _lock_ours(results)
        # What a server failed that is open now goes back as if it had not been claimed, behind the others.
        returned = servers.record(_server_reports(held), servers=locked, now=now)
        too_long = _ours_for_too_long(held, now=now)
        nexts = {result.delivery.pk: _next(result, returned=returned, too_long=too_long, now=now) for result in held}
        _write_deliveries(nexts, now=now)
        _write_attempts(results, nexts=nexts, returned=returned, forgotten=forgotten)
        _record_first_success([result for result in held if result.outcome.state == "sent"], now=now)
        reports = [
            _report(result, nexts[result.delivery.pk])
            for result in held
            if result.delivery.address_id in addresses and result.leased.attempt_id not in returned
        ]
        health.record([report for report in reports if report], addresses=addresses, now=now)
        _tally_of(results, nexts=nexts, returned=returned, now=now).write()
    return len(held)


def _lock_inboxes(results: Sequence[Result], *, now: datetime) -> None:
    users = {result.delivery.address.user_id for result in results if _may_switch_off(result, now=now)}
    if users := users - {None}:
        list(Inbox.objects.select_for_update().filter(user_id__in_set=users).order_by("user_id").values_list("pk"))


def _may_switch_off(result: Result, *, now: datetime) -> bool:
    # One failure more than the row said when it was claimed may be the one.
    address = result.delivery.address
    since = address.failing_since
    return result.outcome.disables or (since is not None and now - since >= circuit_breaker.DISABLE_AFTER)


def _lock_notifications(results: Sequence[Result]) -> None:
    ids = {
        result.delivery.notification_id
        for result in results
        if result.delivery.notification_id is not None and result.outcome.state == "sent"
    }
    if ids:
        rows = Notification.objects.select_for_update(no_key=True).filter(pk__in_set=ids, is_delivered=False)
        list(rows.order_by("pk").values_list("pk"))


def _lock_addresses(results: Sequence[Result], *, now: datetime) -> dict[int, Address]:
    ids = {
        result.delivery.address_id
        for result in results
        if result.is_failure
        or (result.outcome.state == "sent" and circuit_breaker.is_worth_recording(result.delivery.address, now=now))
    }
    if not ids:
        return {}
    rows = Address.objects.select_for_update(no_key=True).filter(pk__in_set=ids).order_by("pk")
    return {row.pk: row for row in rows}


def _server_reports(results: Sequence[Result]) -> list[servers.Report]:
    return [
        servers.Report(result.leased.attempt_id, server, result.outcome)
        for result in results
        if (server := result.delivery.address.server) is not None
    ]


def _lock_ours(results: Sequence[Result]) -> tuple[list[Result], set[int]]:
    """Results still ours, in id order; and deliveries whose bytes were forgotten, since they name somebody erased."""
    ids = [result.delivery.pk for result in results]
    rows = Delivery.objects.select_for_update(no_key=True).filter(
        pk__in_set=ids, state__in=(State.SENDING, State.PENDING)
    )
    columns = rows.order_by("pk").annotate(is_forgotten=Q(body=None)).values_list("pk", "claim_token", "is_forgotten")
    tokens: dict[int, uuid.UUID | None] = {}
    forgotten = set()
    for pk, token, is_forgotten in columns:
        tokens[pk] = token
        if is_forgotten:
            forgotten.add(pk)
    rescued = _unknown_and_last([pk for pk, token in tokens.items() if token is None])
    ours = [
        result
        for result in results
        if tokens.get(result.delivery.pk) == result.leased.token
        or (result.delivery.pk in rescued and rescued[result.delivery.pk] == result.leased.attempt_id)
    ]
    return sorted(ours, key=lambda result: result.delivery.pk), forgotten


def _unknown_and_last(pending: Sequence[int]) -> dict[int, int]:
    """Map pending deliveries to their last attempt, where what came of it is unknown. No query for none."""
    if not pending:
        return {}
    last = Attempt.objects.filter(delivery_id__in_set=pending).order_by("delivery_id", "-number")
    seen: dict[int, tuple[int, str]] = {}
    for delivery_id, attempt_id, outcome in last.values_list("delivery_id", "pk", "outcome"):
        seen.setdefault(delivery_id, (attempt_id, outcome))
    return {pk: attempt_id for pk, (attempt_id, outcome) in seen.items() if outcome == Attempt.Outcome.UNKNOWN}


def _ours_for_too_long(held: Sequence[Result], *, now: datetime) -> set[int]:
    """Pick what failed by our doing now and was first tried so long ago, since it was last asked for.

    What only waited has not failed for so long. No query where none is that old.
    """
    since = now - blame.OURS_ENDS_AFTER
    old = {
        result.delivery.pk
        for result in held
        if not result.outcome.whose.uses_try and (result.delivery.resent_at or result.delivery.created_at) <= since
    }
    if not old:
        return set()
    begun = Attempt.objects.filter(delivery_id__in_set=old, started_at__lte=since).order_by()
    begun = begun.filter(Q(delivery__resent_at=None) | Q(started_at__gte=F("delivery__resent_at")))
    return set(begun.values_list("delivery_id", flat=True))


def _next(result: Result, *, returned: Collection[int], too_long: Collection[int], now: datetime) -> _NextState:
    delivery, outcome = result.delivery, result.outcome
    if result.leased.attempt_id in returned:
        return _NextState(State.PENDING, now, delivery.tries, outcome.reason)
    if outcome.state in ("sent", "skipped", "dead") or outcome.disables:
        state = "dead" if outcome.disables and outcome.state != "sent" else outcome.state
        return _NextState(state, delivery.due_at, delivery.tries + outcome.whose.uses_try, outcome.reason)
    if delivery.pk in too_long:
        return _NextState(State.DEAD, delivery.due_at, delivery.tries, outcome.reason)
    if not outcome.whose.uses_try:
        number = result.leased.outgoing.number
        due = retry_schedule.after_our_failure(number=number, asked=outcome.retry_at, now=now, rng=_rng)
        return _NextState(State.PENDING, due, delivery.tries, outcome.reason)
    is_probe = result.is_failure and circuit_breaker.has_opened(delivery.address)
    if is_probe and delivery.purpose in Delivery.REPEATABLE:
        # A probe counts on the address; the next one is another's turn.
        return _NextState(State.PENDING, max(now, outcome.retry_at or now), delivery.tries, outcome.reason)
    tries = delivery.tries + 1
    delays = channels.named(delivery.kind).retry_delays(delivery.address)
    due_at = retry_schedule.next_at(delays, tries=tries, asked=outcome.retry_at, now=now, rng=_rng)
    if due_at is None:
        return _NextState(State.DEAD, delivery.due_at, tries, outcome.reason)
    return _NextState(State.PENDING, due_at, tries, outcome.reason)


def _report(result: Result, after: _NextState) -> Report | None:
    outcome, address_id = result.outcome, result.delivery.address_id
    if outcome.state == "sent":
        return Report(address_id, is_success=True)
    if not result.is_failure:
        return None
    disables = (outcome.reason or circuit_breaker.FAILING) if outcome.disables else ""
    return Report(address_id, is_success=False, reason=outcome.reason, disables=disables, is_last=after.state == "dead")


def _write_deliveries(nexts: dict[int, _NextState], *, now: datetime) -> None:
    rows = [
        (pk, one.state, one.due_at, one.tries, one.reason, now if one.is_end else None, None, None)
        for pk, one in nexts.items()
    ]
    columns = {
        "id": "bigint",
        "state": "text",
        "due_at": "timestamptz",
        "tries": "integer",
        "reason": "text",
        "settled_at": "timestamptz",
        "claim_token": "uuid",
        "lease_until": "timestamptz",
    }
    update_rows("deliveries", columns=columns, rows=rows)


def _write_attempts(
    results: Sequence[Result],
    *,
    nexts: dict[int, _NextState],
    returned: Collection[int],
    forgotten: Collection[int],
) -> None:
    """Write what came of each, and delete those that are as good as not made. An answer may repeat what was sent: of
    what is forgotten it isn't kept."""
    if returned:
        Attempt.objects.filter(pk__in_set=returned).delete()
    rows = []
    for result in results:
        if result.leased.attempt_id in returned:
            continue
        outcome, after = result.outcome, nexts.get(result.delivery.pk)
        next_at = None if after is None or after.is_end else after.due_at
        excerpt = "" if result.delivery.pk in forgotten else outcome.excerpt
        texts = [_storable(text) for text in (outcome.reason, outcome.connected_to, excerpt)]
        rows.append((result.leased.attempt_id, _shown(after), result.ms, outcome.http_status, *texts, next_at))
    columns = {
        "id": "bigint",
        "outcome": "text",
        "ms": "integer",
        "http_status": "integer",
        "reason": "text",
        "connected_to": "text",
        "excerpt": "text",
        "next_at": "timestamptz",
    }
    # What is written already stays, should this be tried again after a commit whose answer was lost.
    is_open = "delivery_attempts.outcome IN ('started', 'unknown')"
    update_rows("delivery_attempts", columns=columns, rows=rows, where=(is_open, []))


def _shown(after: _NextState | None) -> str:
    if after is None:
        return Attempt.Outcome.SUPERSEDED.value
    return Attempt.Outcome.RETRY.value if after.state == State.PENDING else after.state


def _storable(text: str) -> str:
    """Cut foreign text, and spell it as the database takes it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:EXCERPT]


def _record_first_success(sent: Sequence[Result], *, now: datetime) -> None:
    """Mark notifications as delivered at the first success, of a summary all that it gives back on that channel."""
    ids = {result.delivery.notification_id for result in sent if result.delivery.notification_id is not None}
    if ids:
        rows = Notification.objects.filter(pk__in_set=ids, is_delivered=False)
        rows.update(is_delivered=True, delivered_at=now)
    sent_summaries: dict[str, set[int]] = {}
    for result in sent:
        if result.delivery.summary_id is not None:
            sent_summaries.setdefault(result.delivery.kind, set()).add(result.delivery.summary_id)
    for kind, summary_ids in sent_summaries.items():
        held = Notification.objects.filter(summary_id__in_set=summary_ids, channel=kind, is_delivered=False)
        held.update(is_delivered=True, delivered_at=now)
    if sent_summaries:
        summaries.record_sent(set().union(*sent_summaries.values()), now=now)


def _tally_of(
    results: Sequence[Result], *, nexts: Mapping[int, _NextState], returned: Collection[int], now: datetime
) -> Tally:
    """Count for `/metrics` how attempts went, and what ended with them."""
    tally, seconds_of = Tally(), defaultdict[str, list[float]](list)
    for result in results:
        if result.leased.attempt_id in returned:
            continue
        kind, after = result.delivery.kind, nexts.get(result.delivery.pk)
        fault = "" if result.outcome.state in (State.SENT, State.SKIPPED) else result.outcome.whose
        tally.add(families.ATTEMPTS, kind, _shown(after), fault)
        if result.leased.outgoing.number > 1:
            tally.add(families.RETRIES, kind)
        if after is not None and after.is_end:
            count_end(tally, kind, state=after.state, reason=after.reason, fault=fault)
            taken = _seconds_to_sent(result.leased.outgoing, now=now) if after.state == State.SENT else None
            if taken is not None:
                seconds_of[kind].append(taken)
    for kind, seconds in seconds_of.items():
        tally.observe(families.SENT_SECONDS, kind, seconds=seconds)
    return tally


def _seconds_to_sent(outgoing: Outgoing, *, now: datetime) -> float | None:
    """Seconds from an event's publishing to its sending, without what it was held for; None: that says nothing."""
    event, delivery, to = outgoing.event, outgoing.delivery, outgoing.destination
    if event is None or delivery.resent_at is not None or (to is not None and to.gathers(event)):
        return None
    routed = outgoing.notification.created_at if outgoing.notification else delivery.created_at
    return ((routed - event.created_at) + (now - delivery.created_at)).total_seconds()
