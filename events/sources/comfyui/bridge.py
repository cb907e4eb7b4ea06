"""The ComfyUI bridge: publishes what becomes of the prompts of a ComfyUI server, whoever submitted them.

Frames about execution come only for what was submitted through the bridge; for everything else the server says that
its queue changed, and the bridge looks at the queue and the history. Both ways end in the same rows: nothing is told
twice, whatever is cut or restarted.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from typing import Any

import aiohttp
from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from events.conf import conf
from events.sources.comfyui import protocol, store
from events.sources.comfyui.client import ComfyuiError, Server
from events.sources.comfyui.protocol import Outcome, Prompt, Queued
from events.sources.jobs import lifecycle
from events.sources.jobs.reporter import PROGRESS_SECONDS
from events.transport import outages

logger = logging.getLogger(__name__)

BEAT_SECONDS = 60.0
TICK_SECONDS = 0.25
COMPARE_SECONDS = 30.0
PAUSE_SECONDS = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Bridge:
    """Follows one server until cancelled."""

    def __init__(self, server: Server, *, grace: float | None = None) -> None:
        """`grace`: for how many seconds a server may be away before what ran there has failed."""
        self.server = server
        self.grace = float(conf.COMFYUI_GRACE_SECONDS) if grace is None else grace
        self.prompts: dict[str, Prompt] = {}
        self.connection = 0
        self.away_since: float | None = time.monotonic()
        self.comparison_wanted = asyncio.Event()
        self._is_loaded = False
        self._latest: set[str] | None = None

    async def run(self) -> None:
        """Follow the server, whatever it or the database does."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stay_connected())
            group.create_task(self._keep_comparing())
            group.create_task(self._keep_ticking())

    async def _stay_connected(self) -> None:
        tries = 0
        while True:
            try:
                async with self.server.socket() as frames:
                    self._on_connected()
                    async for frame in frames:
                        tries = 0
                        await self._on_frame(frame)
                logger.warning("%s closed the connection.", self.server.url)
            except (ComfyuiError, aiohttp.ClientError, OSError) as error:
                outages.note(__name__, f"{self.server.url} can't be reached, trying on", error, in_a_line=True)
            self.away_since = time.monotonic() if self.away_since is None else self.away_since
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10))))
            tries += 1

    def _on_connected(self) -> None:
        logger.info("Connected to %s.", self.server.url)
        self.connection += 1
        self.away_since = None
        self._is_loaded = False
        self.comparison_wanted.set()

    async def _on_frame(self, frame: dict[str, Any]) -> None:
        frame_type, data = frame.get("type"), frame.get("data")
        if not isinstance(frame_type, str) or not isinstance(data, dict):
            return
        prompt = self._prompt_of(data)
        if frame_type == "status" or prompt is None:
            # Of a prompt that isn't known yet, the queue says whose it is.
            self.comparison_wanted.set()
            return
        match frame_type:
            case "execution_error":
                await self._end(prompt, protocol.failed(data))
            case "execution_interrupted":
                await self._end(prompt, protocol.interrupted(data))
            case "execution_success":
                await self._end(prompt, await self._success(prompt))
            case "executing" if data.get("node") is None:
                # How older servers say that it is over; the history says how.
                self.comparison_wanted.set()
            case "execution_start" | "execution_cached" | "executing" | "progress" | "progress_state" | "executed":
                await self._start(prompt)
                if protocol.advance(prompt, frame_type, data):
                    prompt.waiting = protocol.progress(prompt)

    def _prompt_of(self, data: dict[str, Any]) -> Prompt | None:
        """Progress of older servers names no prompt: it is that of the one that runs."""
        prompt_id = data.get("prompt_id")
        if isinstance(prompt_id, str):
            return self.prompts.get(prompt_id)
        runs = [prompt for prompt in self.prompts.values() if prompt.is_started]
        return runs[0] if len(runs) == 1 else None

    async def _success(self, prompt: Prompt) -> Outcome:
        """The history has the outputs of cached nodes too, once it has the prompt."""
        try:
            entry = await self.server.finished(prompt.prompt_id)
        except ComfyuiError as error:
            logger.info("Outputs of %s as its frames told them: %s", prompt.prompt_id, error)
            entry = None
        return protocol.outcome(entry) if entry else Outcome("completed", {"outputs": prompt.files})

    async def _keep_comparing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(COMPARE_SECONDS):
                    await self.comparison_wanted.wait()
            except TimeoutError:
                if self.away_since is not None:
                    continue
            # A queue that changes a hundred times a second is looked at a few times.
            await asyncio.sleep(PAUSE_SECONDS)
            self.comparison_wanted.clear()
            try:
                await self.compare()
            except (ComfyuiError, DatabaseError, InterfaceError) as error:
                outages.note(__name__, f"The queue of {self.server.url} could not be compared", error, in_a_line=True)
                await asyncio.sleep(random.uniform(0, FIRST_PAUSE * 2))
                if self.away_since is None:
                    self.comparison_wanted.set()

    async def compare(self) -> None:
        """Compare what is known with the server's queue and history. In this order: a prompt that ends in between is
        in the history when it isn't in the queue any more."""
        connection = self.connection
        running, pending = await self.server.queue()
        latest = await self.server.latest()
        runs = [queued for item in running if (queued := protocol.queued(item))]
        listed = {queued.prompt_id: queued for queued in runs}
        listed |= {queued.prompt_id: queued for item in pending if (queued := protocol.queued(item))}
        unknown = [queued for queued in listed.values() if queued.prompt_id not in self.prompts]
        newest = max((at for at in map(protocol.began_at, latest.values()) if at is not None), default=0)
        seen_until = await _db(store.seen_until)(self.server.url, newest=newest)
        await self._follow([*unknown, *self._missed(latest, listed, seen_until=seen_until)])
        for prompt_id in listed.keys() & self.prompts.keys():
            prompt = self.prompts[prompt_id]
            prompt.listed_in, prompt.missing_since, prompt.nodes = connection, None, listed[prompt_id].nodes
        for queued in runs:
            if queued.prompt_id in self.prompts:
                await self._start(self.prompts[queued.prompt_id])
        for prompt in [prompt for key, prompt in self.prompts.items() if key not in listed]:
            await self._settle(prompt, latest.get(prompt.prompt_id), connection=connection)
        # Only now: what a bridge that is killed meanwhile has not told, the next one tells.
        if newest > seen_until:
            await _db(store.remember)(self.server.url, newest=newest)

    def _missed(self, latest: dict[str, Any], listed: dict[str, Queued], *, seen_until: int) -> list[Queued]:
        """Prompts that began and ended between two looks. Of what was there before the first look ever, none."""
        before, self._latest = self._latest, set(latest)
        queued = []
        for key, entry in latest.items():
            at = protocol.began_at(entry)
            is_new = at > seen_until if at is not None else before is not None and key not in before
            if is_new and key not in self.prompts and key not in listed:
                queued.append(protocol.queued(entry.get("prompt")) or Queued(key, 0, {}))
        return queued

    async def _follow(self, queued: list[Queued]) -> None:
        """Take up what is under way, also what an earlier run of the bridge had begun to follow."""
        if queued or not self._is_loaded:
            for prompt in await _db(store.under_way)(queued, url=self.server.url):
                self.prompts.setdefault(prompt.prompt_id, prompt)
            self._is_loaded = True

    async def _settle(self, prompt: Prompt, entry: Any, *, connection: int) -> None:
        """End a prompt that isn't in the queue: as the history says, or as gone."""
        if not isinstance(entry, dict):
            entry = await self.server.finished(prompt.prompt_id)
        if entry is not None:
            await self._end(prompt, protocol.outcome(entry))
        elif prompt.missing_since is None:
            # Seen missing twice, so that a restart whose cut is not heard of yet isn't taken for somebody's decision.
            prompt.missing_since = time.monotonic()
            self.comparison_wanted.set()
        elif not prompt.is_started and prompt.listed_in == connection == self.connection and self.away_since is None:
            await self._end(prompt, Outcome("cancelled", {"message": "Taken out of the queue"}))

    async def _keep_ticking(self) -> None:
        beat_at = time.monotonic() + BEAT_SECONDS
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            try:
                await self._follow([])
                await self._publish_progress(now)
                await self._fail_lost(now)
                if now >= beat_at:
                    beat_at = now + BEAT_SECONDS
                    await self._beat()
            except (DatabaseError, InterfaceError) as error:
                outages.note(__name__, f"Prompts of {self.server.url} could not be written down", error, in_a_line=True)

    async def _beat(self) -> None:
        await _db(lifecycle.heartbeat)([prompt.pk for prompt in self.prompts.values()], lease=store.LEASE)
        if self.away_since is None:
            listed = [prompt.pk for prompt in self.prompts.values() if prompt.listed_in == self.connection]
            await _db(lifecycle.extend_wait)(listed)

    async def _publish_progress(self, now: float) -> None:
        for prompt in list(self.prompts.values()):
            if prompt.waiting is not None and now - prompt.published_at >= PROGRESS_SECONDS:
                payload, prompt.waiting, prompt.published_at = prompt.waiting, None, now
                await _db(lifecycle.progress)(prompt.pk, payload)

    async def _fail_lost(self, now: float) -> None:
        for prompt in list(self.prompts.values()):
            away = prompt.is_started and self.away_since is not None and now - self.away_since >= self.grace
            gone = prompt.missing_since is not None and now - prompt.missing_since >= self.grace
            if away or gone:
                error = "The ComfyUI server went away" if away else "The ComfyUI server knows the prompt no more"
                await self._end(prompt, Outcome("failed", {"error": error, "error_type": "Lost"}))

    async def _start(self, prompt: Prompt) -> None:
        if not prompt.is_started:
            prompt.is_started = await self._write(store.begin, prompt.pk)

    async def _end(self, prompt: Prompt, outcome: Outcome) -> None:
        if outcome.traceback:
            logger.error("Prompt %s failed:\n%s", prompt.prompt_id, outcome.traceback)
        last, prompt.waiting = prompt.waiting, None
        if await self._write(store.end, prompt.prompt_id, outcome, last):
            self.prompts.pop(prompt.prompt_id, None)

    async def _write(self, what: Callable[..., object], *arguments: Any) -> bool:
        """False where the database is away: the prompt is still followed, and a later look tells it."""
        try:
            await _db(what)(*arguments)
        except (DatabaseError, InterfaceError) as error:
            outages.note(__name__, f"A prompt of {self.server.url} is not written down yet", error, in_a_line=True)
            self.comparison_wanted.set()
            return False
        return True


def _db(what: Callable[..., Any]) -> Callable[..., Any]:
    made: Callable[..., Any] = database_sync_to_async(what)
    return made
