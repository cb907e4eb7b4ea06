"""Sending what is due: every channel side by side in one event loop, hundreds of attempts at once.

The loop's thread touches no database; one other thread does, with a connection of its own. Slots that become free are
filled again while others hang, so a receiver that doesn't answer costs the others nothing.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TypeVar

from django.db import DatabaseError, connection, connections

from delivery import channels
from delivery.address_health import slow_start
from delivery.channels import Channel, Outcome, Session
from delivery.outbox import claim, outbox, rescue, settle
from delivery.outbox.claim import Batch
from delivery.outbox.lease import Leased
from delivery.outbox.settle import INTERNAL_ERROR, Result
from delivery.sender import in_flight, worker_lock
from delivery.sender.in_flight import UnderWay
from events.db import clock
from events.transport import hints

logger = logging.getLogger(__name__)

# Seconds after which a drain claims no more and another goes on; what it began it finishes.
TURN = 10.0
# Of a channel's slots so much may be used by deliveries that have failed before.
RETRY_SHARE = 0.75
# How often a drain looks whether it was asked, or is to stop; and whether an address has room again.
LOOK = 0.05
LOOK_AGAIN = 0.5
# Of outcomes that come one by one it writes down those of so many seconds together.
GATHER = 0.005
# After being told to stop: what is still on its way then is cut off, and made again.
FINISH = 12.0
# A channel's own deadline should end an attempt; this does if it doesn't.
DEADLINE_GRACE = 1.0
# The database may be away for so long while outcomes wait to be written.
PATIENCE = 15.0

T = TypeVar("T")

_aside = threading.Lock()


def drain(*, turn: float = TURN) -> None:
    """Send until nothing is due, or the turn is over: then another is asked for. At once if one runs already."""
    while not worker_lock.is_stopping() and worker_lock.acquire():
        if _Drain(turn=turn).run():
            return


def drain_aside() -> None:
    """The same in a thread of its own, for whoever can't wait. One at a time; at once if any runs in this worker."""
    if not _aside.acquire(blocking=False):
        return
    threading.Thread(target=_drain_and_let_go, name="carillon-drain-aside", daemon=True).start()


def _drain_and_let_go() -> None:
    try:
        drain()
    except Exception:
        logger.exception("a drain beside the sweeper failed")
    finally:
        _aside.release()


class _Drain:
    """From one look to the last outcome written."""

    def __init__(self, *, turn: float) -> None:
        self._until = time.monotonic() + turn
        self._database = ThreadPoolExecutor(1, thread_name_prefix="carillon-drain")
        self._stop_at: float | None = None
        self._is_claiming = True
        self._lanes = [_Lane(channels.named(name), self) for name in list(channels.installed())]
        self._busy = set(self._lanes)

    def run(self) -> bool:
        """False if somebody asked after the last look."""
        try:
            asyncio.run(self._send())
            return not self._is_claiming or all(lane.asked == worker_lock.requests() for lane in self._lanes)
        finally:
            self._end_claiming()
            self._database.submit(connections.close_all)
            self._database.shutdown()

    @property
    def may_claim(self) -> bool:
        return self._is_claiming

    @property
    def is_cut_off(self) -> bool:
        return self._stop_at is not None and time.monotonic() > self._stop_at + FINISH

    async def in_database(self, job: Callable[[], T]) -> T:
        """In the one thread that talks to it. A failed job may have broken the connection: the next gets a new one."""

        def run() -> T:
            try:
                return job()
            except DatabaseError:
                connection.close()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._database, run)

    async def is_asked_again(self, idle: _Lane) -> bool:
        """For a lane with nothing to do: True if it should look again, False when all lanes are done."""
        self._busy.discard(idle)
        while self._busy and self._is_claiming:
            if worker_lock.requests() != idle.asked:
                self._busy.add(idle)
                return True
            await asyncio.sleep(LOOK)
        return False

    def leave(self, lane: _Lane) -> None:
        self._busy.discard(lane)

    async def _send(self) -> None:
        watch = asyncio.create_task(self._watch())
        ended = await asyncio.gather(*(lane.run() for lane in self._lanes), return_exceptions=True)
        watch.cancel()
        if failed := [error for error in ended if isinstance(error, Exception)]:
            raise ExceptionGroup("channels could not drain", failed)

    async def _watch(self) -> None:
        while True:
            if worker_lock.is_stopping() and self._stop_at is None:
                self._stop_at = time.monotonic()
                self._end_claiming()
            if self._is_claiming and time.monotonic() > self._until:
                self._end_claiming()
                hints.send(outbox.TASK)
            await asyncio.sleep(LOOK)

    def _end_claiming(self) -> None:
        """From here on another drain of this worker may claim."""
        if self._is_claiming:
            self._is_claiming = False
            worker_lock.release()


class _Lane:
    """One channel in one drain."""

    def __init__(self, channel: Channel, drain: _Drain) -> None:
        self._channel, self._drain = channel, drain
        self._under_way = UnderWay(channel)
        self._after = 0
        self._failing_since: float | None = None
        # How often somebody had asked when it looked last.
        self.asked = 0

    async def run(self) -> None:
        """Until nothing is due and nothing in flight, here and in the other lanes."""
        try:
            async with AsyncExitStack() as stack:
                await self._run(stack)
        finally:
            self._under_way.drop()
            self._drain.leave(self)

    async def _run(self, stack: AsyncExitStack) -> None:
        done: list[Result] = []
        session: Session | None = None
        while True:
            self.asked = worker_lock.requests()
            batch = await self._turn(done)
            if batch.deliveries:
                if session is None:
                    session = await stack.enter_async_context(self._channel.session())
                await self._begin(batch.deliveries, session)
            if self._under_way or done or not batch.is_last:
                done += await self._wait(is_last=batch.is_last)
            elif not await self._drain.is_asked_again(self):
                return

    async def _turn(self, done: list[Result]) -> Batch:
        """Write down what is done, which empties it, and claim all there is room for: claiming half of it, so that
        the database works on one half while the other is sent, is slower, for the two threads share one interpreter."""
        free = in_flight.room(self._channel) if self._drain.may_claim else 0
        if not done and free <= 0:
            return Batch(is_last=True)
        try:
            # Both in one go: between two the loop would begin attempts while the database idles.
            batch = await self._drain.in_database(lambda: self._settle_and_claim(done, free=free))
        except DatabaseError as error:
            self._bear(error)
            return Batch(is_last=True)
        self._failing_since = None
        return batch

    def _settle_and_claim(self, done: list[Result], *, free: int) -> Batch:
        if done:
            settle.settle(done, now=clock.now())
            done.clear()
        if free <= 0:
            return Batch(is_last=True)
        retries = int(self._channel.slots * RETRY_SHARE) - self._under_way.retrying
        batch = claim.claim(self._channel, free=free, retries=retries, after=self._after, now=clock.now())
        self._after = batch.after
        return batch

    def _bear(self, error: DatabaseError) -> None:
        """Outcomes wait for the database a while; the leases say for how long that makes sense."""
        self._failing_since = self._failing_since or time.monotonic()
        logger.warning("%s deliveries wait for the database: %s", self._channel.name, error)
        if time.monotonic() - self._failing_since > PATIENCE:
            raise error

    async def _begin(self, claimed: Sequence[Leased], session: Session) -> None:
        in_time = [one for one in claimed if time.monotonic() <= one.start_by and not worker_lock.is_stopping()]
        if len(in_time) < len(claimed):
            started = {one.attempt_id for one in in_time}
            late = [one for one in claimed if one.attempt_id not in started]
            await self._drain.in_database(lambda: rescue.release(late, now=clock.now()))
        for one in in_time:
            self._under_way.begin(asyncio.create_task(self._attempt(session, one)), one)

    async def _attempt(self, session: Session, claimed: Leased) -> Result:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._channel.deadline + DEADLINE_GRACE):
                outcome = await session.send(claimed.outgoing)
        except TimeoutError:
            outcome = Outcome("retry", "timeout")
        except Exception as error:
            logger.exception("channel %s failed on delivery %s", self._channel.name, claimed.outgoing.delivery.pk)
            outcome = Outcome("retry", INTERNAL_ERROR, excerpt=repr(error))
        return Result(claimed, outcome, round((time.monotonic() - started) * 1000))

    async def _wait(self, *, is_last: bool) -> list[Result]:
        """Until something is done, or there may be something new to claim. At once if something is: the database
        then writes it down while the loop begins what was claimed."""
        if not self._under_way:
            await asyncio.sleep(LOOK if is_last else 0)
            return []
        until = time.monotonic() + LOOK_AGAIN
        while not self._under_way.is_any_finished() and self._under_way:
            await self._under_way.wait(LOOK)
            if self._under_way.is_any_finished() and self._under_way.is_any_left():
                await asyncio.sleep(GATHER)
            if self._drain.is_cut_off:
                await self._cut_off()
            if self._drain.may_claim and (worker_lock.requests() != self.asked or time.monotonic() > until):
                break
        return self._collect()

    def _collect(self) -> list[Result]:
        results = self._under_way.collect()
        slow_start.note(self._channel, results)
        return results

    async def _cut_off(self) -> None:
        lost = self._under_way.cut_off()
        await self._drain.in_database(lambda: rescue.give_up(lost, now=clock.now()))
