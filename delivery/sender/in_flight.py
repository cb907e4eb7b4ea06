"""Attempts in flight: which have finished, and how many more may begin beside those of the whole process."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Collection

from delivery.channels import Channel
from delivery.outbox.lease import Leased
from delivery.outbox.settle import Result

# Seconds after which an attempt without an answer only waits: that costs a connection, and keeps nobody else's slot.
HANGS_AFTER = 1.0

Attempt = asyncio.Task[Result]

# Channel -> attempt -> when it began, of all drains of this process: an earlier one may still finish its own.
_started: defaultdict[str, dict[Attempt, float]] = defaultdict(dict)
# Channel -> who keeps how many outcomes that the database doesn't take at present.
_kept: defaultdict[str, dict[object, int]] = defaultdict(dict)


def keep(channel: Channel, keeper: object, number: int) -> None:
    """Count these outcomes of the keeper as attempts that go on, instead of those it has kept before."""
    if number:
        _kept[channel.name][keeper] = number
    else:
        _kept[channel.name].pop(keeper, None)


def free_slots(channel: Channel) -> int:
    """Count the attempts of a channel that may begin now in this process."""
    started = list(_started[channel.name].values())
    late = time.monotonic() - HANGS_AFTER
    hanging = sum(at < late for at in started)
    return channel.slots + min(hanging, channel.most_hanging) - len(started) - sum(_kept[channel.name].values())


class InFlight:
    """Attempts of one channel in one drain. `retrying`: how many of them have failed before."""

    def __init__(self, channel: Channel) -> None:
        self._started = _started[channel.name]
        self._deliveries: dict[Attempt, Leased] = {}
        self._finished: list[Attempt] = []
        self._some_finished = asyncio.Event()
        self.retrying = 0

    def __len__(self) -> int:
        return len(self._deliveries)

    def add(self, attempt: Attempt, delivery: Leased) -> None:
        self._deliveries[attempt] = delivery
        self._started[attempt] = time.monotonic()
        self.retrying += delivery.outgoing.delivery.tries > 0
        attempt.add_done_callback(self._record_finished)

    def is_any_finished(self) -> bool:
        return bool(self._finished)

    def is_any_unfinished(self) -> bool:
        return len(self._deliveries) > len(self._finished)

    def lasting(self) -> list[Leased]:
        """List what began a while ago: what ends at once needs no beat, which is a write."""
        late = time.monotonic() - HANGS_AFTER
        return [delivery for attempt, delivery in self._deliveries.items() if self._started[attempt] < late]

    async def wait(self, seconds: float) -> None:
        """Wait until an attempt has finished, for so long at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._some_finished.wait()

    def collect(self) -> list[Result]:
        finished, self._finished = self._finished, []
        self._some_finished.clear()
        results = [attempt.result() for attempt in finished]
        self._forget(finished)
        return results

    def cancel(self) -> list[Leased]:
        unfinished = [attempt for attempt in self._deliveries if not attempt.done()]
        lost = [self._deliveries[attempt] for attempt in unfinished]
        for attempt in unfinished:
            attempt.remove_done_callback(self._record_finished)
            attempt.cancel()
        self._forget(unfinished)
        return lost

    def clear(self) -> None:
        """Cancel and take out all attempts, whatever came of them."""
        self.cancel()
        self._forget(list(self._deliveries))

    def _record_finished(self, attempt: Attempt) -> None:
        self._finished.append(attempt)
        self._some_finished.set()

    def _forget(self, attempts: Collection[Attempt]) -> None:
        for attempt in attempts:
            delivery = self._deliveries.pop(attempt)
            self.retrying -= delivery.outgoing.delivery.tries > 0
            del self._started[attempt]
