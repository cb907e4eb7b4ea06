"""Circuit breaker of an address, and of a server of ours. Pure: it changes the row's fields, no database.

Closed: all goes. After some failures in a row it opens: nothing is tried before `open_until`. Then it is half open, and
lets one attempt through, the probe. That one's success closes it, its failure opens it for longer.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from delivery.models import Address, CircuitBreaker


class Rules(NamedTuple):
    """Rules of a kind of breaker: it opens after so many failures in a row, for half as long as it has been failing."""

    opens_after: int
    shortest: timedelta
    longest: timedelta


OPENS_AFTER = 5
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
OF_ADDRESS = Rules(OPENS_AFTER, SHORTEST_PAUSE, LONGEST_PAUSE)
# Only failures for so long, and so many of them: then it is switched off.
DISABLE_AFTER, DISABLE_EVIDENCE = timedelta(days=5), 10
WARN_AGAIN_AFTER = timedelta(days=1)
# A success is written down again after so long: a busy address would change with every batch.
RECORD_SUCCESS_AGAIN_AFTER = timedelta(minutes=1)

FAILING = "failing"


def room(address: Address, *, per_address: int, in_flight: int, now: datetime) -> int:
    """Count the attempts that may begin there now, beside those in flight."""
    if is_open(address, now=now):
        return 0
    return max((1 if address.failures else per_address) - in_flight, 0)


def is_open(breaker: CircuitBreaker, *, now: datetime) -> bool:
    return breaker.open_until is not None and breaker.open_until > now


def has_opened(breaker: CircuitBreaker, rules: Rules = OF_ADDRESS) -> bool:
    """Tell whether it is open, or half open: its next attempt is a probe."""
    return breaker.failures >= rules.opens_after


def is_worth_recording(breaker: CircuitBreaker, *, now: datetime) -> bool:
    last = breaker.last_success_at
    return breaker.failures > 0 or last is None or now - last >= RECORD_SUCCESS_AGAIN_AFTER


def record_success(breaker: CircuitBreaker, *, now: datetime) -> None:
    """Close it. What waited may be tried from now on: that it could be since its own time would make it look late."""
    if breaker.failures and breaker.open_until is not None:
        breaker.open_until = now
    breaker.failures, breaker.failing_since, breaker.last_success_at = 0, None, now


def record_failure(breaker: CircuitBreaker, rules: Rules = OF_ADDRESS, *, now: datetime) -> None:
    """Count one more failure. An attempt that was in flight when it opened doesn't open it for longer."""
    breaker.failures += 1
    breaker.failing_since = breaker.failing_since or now
    if has_opened(breaker, rules) and not is_open(breaker, now=now):
        breaker.open_until = now + min(max((now - breaker.failing_since) / 2, rules.shortest), rules.longest)


def has_failed_for_long(address: Address, *, now: datetime) -> bool:
    """Tell whether it is to be switched off: ten failures, no success, the first of them five days before the last."""
    since = address.failing_since
    return since is not None and address.failures >= DISABLE_EVIDENCE and now - since >= DISABLE_AFTER


def switch_off(address: Address, *, reason: str, now: datetime) -> None:
    address.is_enabled, address.disabled_at, address.disabled_reason = False, now, reason


def switch_on(address: Address) -> None:
    """Let it begin as if it had never failed."""
    address.is_enabled, address.disabled_at, address.disabled_reason = True, None, ""
    address.failures, address.failing_since, address.open_until, address.warned_at = 0, None, None, None


def should_warn(address: Address, *, now: datetime) -> bool:
    """Tell whether its owner is to hear of it: once a day at most, however often it fails."""
    return address.is_enabled and (address.warned_at is None or now - address.warned_at >= WARN_AGAIN_AFTER)
