"""Drain of what is due: every channel side by side in one event loop, hundreds of attempts at once.

The loop's thread touches no database; another does, and one more for the beats of what takes long. Slots that become
free are filled again while others hang, so a receiver that doesn't answer costs the others nothing.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, AsyncExitStack, suppress

from django.db import Error

from delivery import channels
from delivery.channels import Channel, Outcome, Outgoing, Session, Whose
from delivery.outbox import claim, outbox, rescue, settle
from delivery.outbox.claim import Batch
from delivery.outbox.lease import Leased
from delivery.outbox.settle import Result
from delivery.sender import in_flight, worker_lock
from delivery.sender.database_thread import DatabaseThread
from delivery.sender.heartbeat import BEAT, Heartbeat
from delivery.sender.in_flight import InFlight
from events.db import clock
from events.db.errors import Fault, fault
from events.transport import hints, log_ids, outages, tracing

# Seconds after which a drain claims no more and another goes on; what it began it finishes. While something takes long
# it goes on itself: each such drain keeps a process of the worker's pool.
CLAIM_FOR = 10.0
# Share of a channel's slots that deliveries which have failed before may use.
RETRY_SHARE = 0.75
# Seconds between two looks whether a drain was asked for or has to stop, and whether an address has room again.
POLL, CLAIM_AGAIN = 0.05, 0.5
# Outcomes that come one by one within so many seconds are written together.
GATHER = 0.005
# Seconds after being told to stop when what is still in flight is cancelled, and made again.
FINISH_WITHIN = 12.0
# A channel's own deadline, which may be minutes, should end an attempt; this does if it doesn't.
DEADLINE_GRACE = 1.0
# Seconds that a drain waits for a database that doesn't answer, unless it has or will have outcomes to write.
DATABASE_PATIENCE = 15.0


def drain(*, seconds: float = CLAIM_FOR) -> None:
    """Send until nothing is due, or the time is over: then another is asked for. Return at once if one runs already."""
    while not worker_lock.is_stopping() and worker_lock.acquire():
        if _Drain(seconds=seconds).run():
            return


def drain_in_thread() -> None:
    threading.Thread(target=_drain_and_log, name="carillon-drain-aside", daemon=True).start()


def _drain_and_log() -> None:
    try:
        drain()
    except Exception as error:  # noqa: BLE001  in a thread nobody else would hear of it
        outages.note(__name__, "a drain beside the sweeper failed", error)


async def outcome_of(outgoing: Outgoing, *, session: Session, channel: Channel, seconds: float) -> Outcome:
    """Make one attempt within so many seconds, whatever the channel does."""
    try:
        async with asyncio.timeout(seconds):
            return await session.send(outgoing)
    except TimeoutError:
        return Outcome("retry", "timeout", whose=Whose.UNKNOWN)
    except Exception as error:  # noqa: BLE001  a channel's own mistake ends its attempt only
        error.add_note(f"on delivery {outgoing.delivery.pk}")
        outages.note(__name__, f"channel {channel.name} failed", error)
        return Outcome("retry", "internal_error", whose=Whose.UNKNOWN, excerpt=repr(error))


def _span(outgoing: Outgoing, *, channel: Channel) -> tracing.Span:
    """Begin the span of an attempt, which what goes out names."""
    facts = {"carillon.channel": channel.name, "carillon.delivery.id": outgoing.delivery.pk}
    span = tracing.start("carillon.send", outgoing.event, facts | {"carillon.attempt": outgoing.number})
    outgoing.trace = span.context
    return span


def _named(outgoing: Outgoing) -> AbstractContextManager[None]:
    """Name the delivery and its event in what is logged of an attempt."""
    events = None if outgoing.event is None else [outgoing.event.pk]
    return log_ids.working_on(events=events, delivery=outgoing.delivery.pk)


class _Drain:
    """Loops of all channels, from the first claim to the last outcome written."""

    def __init__(self, *, seconds: float) -> None:
        self._until = time.monotonic() + seconds
        self.database = DatabaseThread("drain")
        self.heartbeat = Heartbeat(lambda: [one for loop in self._loops for one in loop.held])
        self._stop_at: float | None = None
        self._loops = [_ChannelLoop(channels.named(name), self) for name in list(channels.installed())]
        self._busy = set(self._loops)
        self.may_claim = True

    def run(self) -> bool:
        """Send; False if a drain was asked for after the last claim."""
        try:
            asyncio.run(self._send())
            return not self.may_claim or all(loop.requests == worker_lock.requests() for loop in self._loops)
        finally:
            self._end_claiming()
            self.heartbeat.close()
            self.database.close()

    @property
    def is_out_of_time(self) -> bool:
        return self._stop_at is not None and time.monotonic() > self._stop_at + FINISH_WITHIN

    async def is_asked_again(self, idle: _ChannelLoop) -> bool:
        """Wait with a loop that has nothing to do: True if it should claim again, False when all are done."""
        self._busy.discard(idle)
        while self._busy and self.may_claim:
            if worker_lock.requests() != idle.requests:
                self._busy.add(idle)
                return True
            await asyncio.sleep(POLL)
        return False

    def leave(self, loop: _ChannelLoop) -> None:
        self._busy.discard(loop)

    async def _send(self) -> None:
        beside = [asyncio.create_task(self._watch()), asyncio.create_task(self.heartbeat.run())]
        ended = await asyncio.gather(*(loop.run() for loop in self._loops), return_exceptions=True)
        for task in beside:
            task.cancel()
        if failed := [error for error in ended if isinstance(error, Exception)]:
            raise ExceptionGroup("channels could not drain", failed)

    async def _watch(self) -> None:
        while True:
            if worker_lock.is_stopping() and self._stop_at is None:
                self._stop_at = time.monotonic()
                self._end_claiming()
            if self.may_claim and time.monotonic() > self._until and not self.heartbeat.is_needed:
                self._end_claiming()
                hints.send(outbox.TASK)
            await asyncio.sleep(POLL)

    def _end_claiming(self) -> None:
        """Let another drain of this worker claim from here on."""
        if self.may_claim:
            self.may_claim = False
            worker_lock.release()


class _ChannelLoop:
    """One channel in one drain. `requests`: of the worker's lock, when it claimed last."""

    def __init__(self, channel: Channel, drain: _Drain) -> None:
        self._channel, self._drain = channel, drain
        self._in_flight = InFlight(channel)
        self._after = 0
        self._results: list[Result] = []
        self._begin_until = 0.0
        self._failing_since: float | None = None
        self.requests = 0

    @property
    def held(self) -> list[Leased]:
        """Attempts that began a while ago, and those whose outcome isn't written yet."""
        return [*self._in_flight.lasting(), *(result.leased for result in list(self._results))]

    async def run(self) -> None:
        """Run until nothing is due and nothing in flight, here and in the other loops."""
        try:
            async with AsyncExitStack() as stack:
                await self._run(stack)
        finally:
            self._in_flight.clear()
            in_flight.keep(self._channel, self, 0)
            self._drain.leave(self)

    async def _run(self, stack: AsyncExitStack) -> None:
        session: Session | None = None
        while True:
            self.requests = worker_lock.requests()
            batch = await self._next_batch()
            if batch.deliveries:
                if session is None:
                    session = await stack.enter_async_context(self._channel.session())
                await self._begin(batch.deliveries, session)
            if self._in_flight or self._results or not batch.is_last:
                self._results += await self._wait(is_last=batch.is_last)
            elif not await self._drain.is_asked_again(self):
                return

    async def _next_batch(self) -> Batch:
        """Write the results, which empties them, and claim all there is room for, unless the last beat is long ago.

        Claiming half of it, so that the database works on one half while the other is sent, is slower: the two threads
        share one interpreter.
        """
        may_claim = self._drain.may_claim and not self._drain.heartbeat.is_stale
        free = in_flight.free_slots(self._channel) if may_claim else 0
        if not self._results and free <= 0:
            return Batch(is_last=True)
        try:
            # Both in one go: between two the loop would begin attempts while the database idles.
            batch = await self._drain.database.run(lambda: self._settle_and_claim(free=free))
        except Error as error:
            self._bear(error)
            return Batch(is_last=True)
        self._failing_since = None
        in_flight.keep(self._channel, self, 0)
        return batch

    def _settle_and_claim(self, *, free: int) -> Batch:
        if self._results:
            settle.settle(self._results, now=clock.now())
            self._results.clear()
        if free <= 0:
            return Batch(is_last=True)
        # A claim is a beat: of one that took longer the next may come too late.
        self._begin_until = time.monotonic() + BEAT
        retries = int(self._channel.slots * RETRY_SHARE) - self._in_flight.retrying
        batch = claim.claim(self._channel, free=free, retries=retries, after=self._after, now=clock.now())
        self._after = batch.after
        return batch

    def _bear(self, error: Error) -> None:
        """Let outcomes, and attempts that will have some, wait for a database in trouble for as long as it takes: each
        has a slot, so there are no more than these.

        Whatever else refuses them is borne for a while, and so is a database without which there is nothing to do.
        """
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            outages.note(__name__, f"{self._channel.name} deliveries wait for the database", error, in_a_line=True)
        in_flight.keep(self._channel, self, len(self._results))
        is_worth_it = bool(self._results or self._in_flight) and not self._drain.is_out_of_time
        if (
            not (is_worth_it and fault(error) is Fault.NOBODY)
            and time.monotonic() - self._failing_since > DATABASE_PATIENCE
        ):
            raise error

    async def _begin(self, deliveries: Sequence[Leased], session: Session) -> None:
        if time.monotonic() > self._begin_until or worker_lock.is_stopping():
            # Otherwise their leases run out, and these deliveries read as interrupted.
            with suppress(Error):
                await self._drain.database.run(lambda: rescue.release(deliveries))
            return
        for one in deliveries:
            one.outgoing.begins_until = self._begin_until + BEAT
            self._in_flight.add(asyncio.create_task(self._attempt(session, one)), one)

    async def _attempt(self, session: Session, delivery: Leased) -> Result:
        started = time.monotonic()
        seconds = self._channel.deadline + DEADLINE_GRACE
        span = _span(delivery.outgoing, channel=self._channel)
        with _named(delivery.outgoing):
            outcome = await outcome_of(delivery.outgoing, session=session, channel=self._channel, seconds=seconds)
        ended = {"carillon.outcome": outcome.state, "http.response.status_code": outcome.http_status}
        span.end(ended, error="" if outcome.state == "sent" else outcome.reason)
        return Result(delivery, outcome, round((time.monotonic() - started) * 1000))

    async def _wait(self, *, is_last: bool) -> list[Result]:
        """Wait until an attempt has finished, or there may be something new to claim; the results.

        Return at once if one has: the database then writes it while the loop begins what was claimed.
        """
        if not self._in_flight:
            await asyncio.sleep(POLL if is_last else 0)
            return []
        until = time.monotonic() + CLAIM_AGAIN
        while not self._in_flight.is_any_finished() and self._in_flight:
            await self._in_flight.wait(POLL)
            if self._in_flight.is_any_finished() and self._in_flight.is_any_unfinished():
                await asyncio.sleep(GATHER)
            if self._drain.is_out_of_time:
                await self._cancel()
            if self._drain.may_claim and (worker_lock.requests() != self.requests or time.monotonic() > until):
                break
        return self._in_flight.collect()

    async def _cancel(self) -> None:
        lost = self._in_flight.cancel()
        await self._drain.database.run(lambda: rescue.give_up(lost, now=clock.now()))
