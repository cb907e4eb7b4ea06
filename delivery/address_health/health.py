"""Health of addresses, by the attempts that went there, and who has to hear of it."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from delivery.address_health import alerts, circuit_breaker
from delivery.models import Address, Delivery
from events.db.rows import update_rows


class Report(NamedTuple):
    """Report of one attempt. `disables`: the reason if the address is gone; `is_last`: the delivery is dead."""

    address_id: int
    is_success: bool
    reason: str = ""
    disables: str = ""
    is_last: bool = False


def record(reports: Iterable[Report], *, addresses: dict[int, Address], now: datetime) -> None:
    """Count the reports on the rows, which are locked.

    An owner hears once a day of an address that dies, at once of one that is switched off: gone, or failing for long.
    """
    changed: dict[int, Address] = {}
    due_alerts: list[tuple[Address, str, str]] = []
    for report in reports:
        address = changed[report.address_id] = addresses[report.address_id]
        if report.is_success:
            circuit_breaker.record_success(address, now=now)
            continue
        circuit_breaker.record_failure(address, now=now)
        reason = report.disables or (
            circuit_breaker.FAILING if circuit_breaker.has_failed_for_long(address, now=now) else ""
        )
        if reason and address.is_enabled:
            circuit_breaker.switch_off(address, reason=reason, now=now)
            due_alerts.append((address, alerts.DISABLED, reason))
        elif report.is_last and circuit_breaker.should_warn(address, now=now):
            address.warned_at = now
            due_alerts.append((address, alerts.FAILING, report.reason))
    _write(changed.values())
    for address, event_type, reason in due_alerts:
        alerts.tell_owner(address, event_type, reason=reason)


def bring_forward(ids: Collection[int], *, now: datetime, reason: str) -> None:
    """Make due what waited at these addresses because of this; each gets it as far as it has room."""
    if ids:
        waiting = Delivery.objects.filter(
            address_id__in_set=ids, state=Delivery.State.PENDING, due_at__gt=now, reason=reason
        )
        waiting.update(due_at=now, reason="")


def _write(changed: Collection[Address]) -> None:
    columns = {
        "id": "bigint",
        "failures": "integer",
        "failing_since": "timestamptz",
        "last_success_at": "timestamptz",
        "open_until": "timestamptz",
        "warned_at": "timestamptz",
        "is_enabled": "boolean",
        "disabled_at": "timestamptz",
        "disabled_reason": "text",
    }
    rows = [tuple(getattr(row, column) for column in columns) for row in changed]
    update_rows("notification_channels", columns=columns, rows=rows)
