"""Attempts on their way: which are done, and how many more may begin beside those of the whole process."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Collection

from delivery.channels import Channel
from delivery.outbox.lease import Leased
from delivery.outbox.settle import Result

# Whoever hasn't answered for so long only waits: that costs a connection, and keeps nobody else's slot.
HANGS_AFTER = 1.0

Sending = asyncio.Task[Result]

# Channel -> attempt -> when it began, of all drains of this process: an earlier one may still finish its own.
_begun: defaultdict[str, dict[Sending, float]] = defaultdict(dict)


def room(channel: Channel) -> int:
    """How many more may begin in this process."""
    begun = list(_begun[channel.name].values())
    late = time.monotonic() - HANGS_AFTER
    hanging = sum(at < late for at in begun)
    return channel.slots + min(hanging, channel.most_hanging) - len(begun)


class UnderWay:
    """Those of one lane. `retrying`: how many of them have failed before."""

    def __init__(self, channel: Channel) -> None:
        self._begun = _begun[channel.name]
        self._sending: dict[Sending, Leased] = {}
        self._finished: list[Sending] = []
        self._some_finished = asyncio.Event()
        self.retrying = 0

    def __len__(self) -> int:
        return len(self._sending)

    def begin(self, sending: Sending, claimed: Leased) -> None:
        self._sending[sending] = claimed
        self._begun[sending] = time.monotonic()
        self.retrying += claimed.outgoing.delivery.tries > 0
        sending.add_done_callback(self._note)

    def is_any_finished(self) -> bool:
        return bool(self._finished)

    def is_any_left(self) -> bool:
        return len(self._sending) > len(self._finished)

    async def wait(self, seconds: float) -> None:
        """Until one is finished, or so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._some_finished.wait()

    def collect(self) -> list[Result]:
        """What has finished; it is no longer under way."""
        finished, self._finished = self._finished, []
        self._some_finished.clear()
        results = [sending.result() for sending in finished]
        self._forget(finished)
        return results

    def cut_off(self) -> list[Leased]:
        """Those that haven't finished: cancelled, and no longer under way."""
        cut = [sending for sending in self._sending if not sending.done()]
        lost = [self._sending[sending] for sending in cut]
        for sending in cut:
            sending.remove_done_callback(self._note)
            sending.cancel()
        self._forget(cut)
        return lost

    def drop(self) -> None:
        """All of them, whatever came of them."""
        self.cut_off()
        self._forget(list(self._sending))

    def _note(self, sending: Sending) -> None:
        self._finished.append(sending)
        self._some_finished.set()

    def _forget(self, gone: Collection[Sending]) -> None:
        for sending in gone:
            claimed = self._sending.pop(sending)
            self.retrying -= claimed.outgoing.delivery.tries > 0
            del self._begun[sending]
