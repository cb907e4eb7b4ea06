"""Attempts that an address gets at once: few until it has answered here, then twice as many with each answer.

An address that hangs has then taken two attempts' worth of work from the others, not eight. The knowledge is this
process's own and may be forgotten: then an address begins small again, and is wide after two answers.
"""

from __future__ import annotations

from collections import defaultdict

from delivery.channels import Channel

# Addresses that are known; whoever answers beyond that is learned anew.
MOST_KNOWN = 10_000

# Channel -> address -> its limit, of all drains of this process.
_limits: defaultdict[str, dict[int, int]] = defaultdict(dict)


def limit(channel: Channel, address_id: int) -> int:
    return _limits[channel.name].get(address_id, channel.first_at_once or channel.per_address)


def record(channel: Channel, address_id: int, *, succeeded: bool) -> None:
    """Widen an address by a success, let it begin again by a failure."""
    known = _limits[channel.name]
    if not succeeded:
        known.pop(address_id, None)
        return
    if len(known) >= MOST_KNOWN:
        known.clear()
    known[address_id] = min(2 * limit(channel, address_id), channel.per_address)
