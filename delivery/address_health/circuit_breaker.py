"""Circuit breaker of an address. Pure: it changes the row's fields, no database.

Closed: all goes. After OPENS_AFTER failures in a row it opens: nothing is tried before `open_until`. Then it is half
open: an address that failed last has room for one attempt, the probe. That one's success closes it, its failure opens
it for longer.
"""

from datetime import datetime, timedelta

from delivery.models import Address

OPENS_AFTER = 5
SHORTEST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
# Only failures for so long, and so many of them: then it is switched off.
DISABLE_AFTER, DISABLE_EVIDENCE = timedelta(days=5), 10
WARN_AGAIN_AFTER = timedelta(days=1)
# A success is written down again after so long: a busy address would change with every batch.
RECORD_SUCCESS_AGAIN_AFTER = timedelta(minutes=1)

FAILING = "failing"
BREAKER_OPEN = "breaker_open"


def room(address: Address, *, per_address: int, in_flight: int, now: datetime) -> int:
    """Count the attempts that may begin there now, beside those in flight."""
    if is_open(address, now=now):
        return 0
    return max((1 if address.failures else per_address) - in_flight, 0)


def is_open(address: Address, *, now: datetime) -> bool:
    return address.open_until is not None and address.open_until > now


def is_worth_recording(address: Address, *, now: datetime) -> bool:
    last = address.last_success_at
    return address.failures > 0 or last is None or now - last >= RECORD_SUCCESS_AGAIN_AFTER


def record_success(address: Address, *, now: datetime) -> None:
    address.failures, address.failing_since, address.open_until = 0, None, None
    address.last_success_at = now


def record_failure(address: Address, *, now: datetime) -> None:
    """Count one more failure. An attempt that was in flight when it opened doesn't open it for longer."""
    address.failures += 1
    address.failing_since = address.failing_since or now
    if address.failures >= OPENS_AFTER and not is_open(address, now=now):
        pause = min(max((now - address.failing_since) / 2, SHORTEST_PAUSE), LONGEST_PAUSE)
        address.open_until = now + pause


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
