"""Rate limit of an address that has one: attempts come no faster, in bursts of one second's worth. Pure."""

from datetime import datetime, timedelta

from delivery.models import Address

BURST = timedelta(seconds=1)


def available(address: Address, *, now: datetime) -> int | None:
    """Count the attempts that may start now; None: as many as there is room for."""
    if not address.rate_per_second:
        return None
    return max(int((now - _used_up_to(address, now=now)) / _interval(address)), 0)


def consume(address: Address, count: int, *, now: datetime) -> None:
    if address.rate_per_second:
        address.paced_until = _used_up_to(address, now=now) + (count + 1) * _interval(address)


def _used_up_to(address: Address, *, now: datetime) -> datetime:
    return max(address.paced_until - _interval(address) if address.paced_until else now - BURST, now - BURST)


def _interval(address: Address) -> timedelta:
    return timedelta(seconds=1) / (address.rate_per_second or 1)
