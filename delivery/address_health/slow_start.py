"""How many attempts an address gets at once: few until it has answered here, then twice as many with each answer.

An address that hangs has then taken two attempts' worth of work from the others, not eight. It is this process's own
knowledge, and may be forgotten: then the address begins small again, and is wide after two answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from delivery.channels import Channel
from delivery.outbox.settle import Result

# Of so many addresses it is known; whoever answers then is learned anew.
MOST_KNOWN = 10_000

# Channel -> address -> its width, of all drains of this process.
_known: defaultdict[str, dict[int, int]] = defaultdict(dict)


def limit(channel: Channel, address_id: int) -> int:
    return _known[channel.name].get(address_id, channel.first_at_once or channel.per_address)


def note(channel: Channel, results: Iterable[Result]) -> None:
    """A success widens an address, a failure makes it begin again."""
    known = _known[channel.name]
    for result in results:
        address_id = result.delivery.address_id
        if result.is_failure:
            known.pop(address_id, None)
        elif result.outcome.state == "sent":
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[address_id] = min(2 * limit(channel, address_id), channel.per_address)
