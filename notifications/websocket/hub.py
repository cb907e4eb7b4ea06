"""One hub per web process: one subscription on the layer, the local sockets by person, no query per message."""

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import Error

from events.db import clock
from events.dispatch import live_stream
from events.monitoring import families
from events.transport import credentials, outages
from notifications.inbox import frames, push
from notifications.inbox.frames import Frame
from notifications.models import Inbox
from notifications.websocket import authentication, snapshot
from notifications.websocket.authentication import Identity
from notifications.websocket.token_bucket import TokenBucket

QUEUE = 256
# Characters of the frames in one queue: a frame may carry a payload of 256 KB twice.
QUEUE_SIZE = 1024 * 1024
RETRY = 1.0
# Seconds between checks for what the bus lost. Two checks see it, so it is found after two to four seconds.
CHECK_INTERVAL = 2.0
# Seconds between looks at all sockets' sessions and keys: for what nobody told of.
RECHECK = 10.0
# Seconds for which a socket is told of news after it has asked, between two times at least, and without any at most.
WATCH, NEWS_INTERVAL, NEWS_AT_LEAST = 60.0, 2.0, 10.0
# So many threads ask the database for sockets: the pool keeps as many connections beside the requests'.
QUERIES_AT_ONCE = 4
# Greetings of a person over all their sockets, at once and then a second: each costs ten times another frame and more.
GREETINGS_AT_ONCE = 20.0
GREETINGS_A_SECOND = 1.0
GROUPS = (push.GROUP, credentials.GROUP)

Params = ParamSpec("Params")
Result = TypeVar("Result")


@dataclass(eq=False, slots=True)
class Socket:
    """Queue of one connection. Only touched from the hub's loop. `seq`: what the client has, None before its greeting.

    Bounded: a socket that is QUEUE frames, or QUEUE_SIZE of them, behind loses them all and is greeted anew instead.
    `lost` begins as true: the first greeting is no other. `resume_from`: the least that the client asked for meanwhile.
    """

    who: Identity
    resume_from: int | None = None
    seq: int | None = None
    waiting: deque[tuple[int, str]] = field(default_factory=deque)
    waiting_size: int = 0
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    lost: bool = True
    close_code: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    watches_until: float = 0.0
    has_news: bool = False
    session: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.session = authentication.digest(self.who.session_key) if self.who.session_key else None
        self.filled.set()

    def offer(self, seq: int, text: str) -> None:
        if len(self.waiting) >= QUEUE or (self.waiting and self.waiting_size + len(text) > QUEUE_SIZE):
            families.FRAMES_DROPPED.inc(len(self.waiting) + 1)
            self.mark_lost()
        elif not self.lost:
            self.waiting.append((seq, text))
            self.waiting_size += len(text)
            self.filled.set()

    def take(self) -> tuple[int, str]:
        """Take the oldest frame that waits."""
        seq, text = self.waiting.popleft()
        self.waiting_size -= len(text)
        return seq, text

    def mark_lost(self) -> None:
        """Drop the queue: the connection catches up from the database."""
        self.waiting.clear()
        self.waiting_size = 0
        self.lost = True
        self.filled.set()

    def resume(self, seq: int) -> None:
        """Have the client told again what came after `seq`. Several that wait are one: from the least of them."""
        self.resume_from = seq if self.resume_from is None else min(seq, self.resume_from)
        self.mark_lost()

    def catch_up(self) -> int | None:
        """Begin a greeting: from where it has to tell. What the hub offers from here on comes after it."""
        known = self.seq if self.resume_from is None else self.resume_from
        self.resume_from, self.lost = None, False
        return known

    def watch(self, *, now: float) -> None:
        self.watches_until = now + WATCH

    def offer_news(self) -> None:
        self.has_news = True
        self.filled.set()

    def take_news(self) -> bool:
        had, self.has_news = self.has_news, False
        return had

    def end(self, code: int) -> None:
        self.close_code = code
        self.ended.set()


class _Greetings:
    """Greetings of a person over all their sockets: one is read at a time, and not too many."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.allowance = TokenBucket(rate=GREETINGS_A_SECOND, burst=GREETINGS_AT_ONCE, now=time.monotonic())


class Hub:
    """Distribution of frames to this process's sockets; lives on the web server's loop."""

    def __init__(self) -> None:
        self.sockets: dict[int, set[Socket]] = defaultdict(set)
        # A cancelled call leaves its thread busy: a semaphore would count it as free.
        self.threads = ThreadPoolExecutor(QUERIES_AT_ONCE, thread_name_prefix="carillon-sockets")
        self._greetings: dict[int, _Greetings] = defaultdict(_Greetings)
        self._told: asyncio.Queue[list[int]] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = asyncio.Event()

    async def add(self, socket: Socket) -> None:
        """Register a socket: from here on it misses nothing. Read the snapshot after it."""
        self.sockets[socket.who.user_id].add(socket)
        if not self._tasks:
            parts = (self._listen, self._find_lost, self._recheck_told, self._recheck_all, self._tell_watchers)
            self._tasks = [asyncio.create_task(part()) for part in parts]
        # A layer that is down keeps nobody from their inbox: they catch up when it is back.
        try:
            await asyncio.wait_for(self._ready.wait(), RETRY)
        except TimeoutError as error:
            what = "the hub has no channel layer yet; sockets catch up when it has"
            outages.note(__name__, what, error, in_a_line=True)

    def remove(self, socket: Socket) -> None:
        people = self.sockets.get(socket.who.user_id, set())
        people.discard(socket)
        if not people:
            self.sockets.pop(socket.who.user_id, None)

    async def query(self, function: Callable[Params, Result], *args: Params.args, **more: Params.kwargs) -> Result:
        """Call it on one of the threads that ask the database for sockets, in the order of asking."""
        call = database_sync_to_async(function, thread_sensitive=False, executor=self.threads)
        result: Result = await call(*args, **more)
        return result

    async def greeting(self, socket: Socket) -> list[Frame]:
        """Read what a socket's client is to be told, in its person's turn. A storm of one person's waits for itself."""
        greetings = self._greetings[socket.who.user_id]
        async with greetings.turn:
            while wait := greetings.allowance.take(now=time.monotonic()):
                await asyncio.sleep(wait)
            seq = socket.catch_up()
            greeting = await self.query(lambda: snapshot.since(socket.who.user_id, seq=seq, now=clock.estimate()))
        if seq is not None:
            families.SOCKETS_RESUMED.labels("yes" if greeting[0]["recovered"] else "no").inc()
        return greeting

    def count(self) -> int:
        return sum(len(sockets) for sockets in list(self.sockets.values()))

    async def _listen(self) -> None:
        channels = get_channel_layer()
        while True:
            channel = ""
            try:
                channel = await channels.new_channel("hub.")
                for group in GROUPS:
                    await channels.group_add(group, channel)
                self._ready.set()
                while True:
                    self._dispatch(await channels.receive(channel))
            except Exception as error:  # noqa: BLE001  each layer raises its own kinds; the hub must outlive them all
                outages.note(__name__, "the hub lost the channel layer and tries again", error, in_a_line=True)
                await _leave(channels, channel)
                await asyncio.sleep(RETRY)

    async def _find_lost(self) -> None:
        """Find whom the bus failed: frames dropped while it was away, or never sent by a worker that was killed.

        One query for all. Who knows less than the check before this one has missed something, unless it still waits
        here; what committed since may just be on its way.
        """
        before: dict[int, int] = {}
        while True:
            await asyncio.sleep(CHECK_INTERVAL)
            if not self.sockets:
                continue
            try:
                seqs = await self.query(_seqs, list(self.sockets))
            except Error as error:
                outages.note(__name__, "the hub could not check for lost frames", error, in_a_line=True)
                continue
            for user_id in seqs.keys() & before.keys():
                for socket in self.sockets.get(user_id, ()):
                    if not socket.waiting and socket.seq is not None and socket.seq < before[user_id]:
                        socket.mark_lost()
            before = seqs

    async def _recheck_told(self) -> None:
        while True:
            users = await self._told.get()
            await self._recheck([socket for user in users for socket in self.sockets.get(user, ())])

    async def _recheck_all(self) -> None:
        while True:
            await asyncio.sleep(RECHECK)
            await self._recheck([socket for sockets in self.sockets.values() for socket in sockets])
            now = time.monotonic()
            for user_id, greetings in list(self._greetings.items()):
                if user_id not in self.sockets and greetings.allowance.is_full(now=now):
                    del self._greetings[user_id]

    async def _tell_watchers(self) -> None:
        """Tell who watches that the log has moved, or that a while has passed. One query, and none if nobody does."""
        head, told_at = 0, 0.0
        while True:
            await asyncio.sleep(NEWS_INTERVAL)
            now = time.monotonic()
            watching = [each for sockets in self.sockets.values() for each in sockets if each.watches_until > now]
            if not watching:
                continue
            with contextlib.suppress(Error):
                before, head = head, await self.query(live_stream.log_head)
                if head != before or now - told_at >= NEWS_AT_LEAST:
                    told_at = now
                    for socket in watching:
                        socket.offer_news()

    async def _recheck(self, sockets: Iterable[Socket]) -> None:
        """End those whose session or key no longer holds, by what the database says; nobody's while it is away."""
        identities = {socket.who for socket in sockets}
        if not identities:
            return
        try:
            lapsed = await self.query(lambda: authentication.lapsed(identities, now=clock.estimate()))
        except Exception as error:  # noqa: BLE001  each session engine raises its own kinds; the look must outlive them
            outages.note(__name__, "the hub could not look at the sessions of its sockets", error, in_a_line=True)
            return
        for socket in sockets:
            if socket.who in lapsed:
                socket.end(frames.UNAUTHENTICATED)

    def _dispatch(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "hub.frames":
            self._deliver(json.loads(message["body"]))
        elif kind == "hub.end_session":
            self._end_session(message["session"])
        elif kind == credentials.CHANGED:
            credentials.forget()
            self._told.put_nowait(message["users"])

    def _deliver(self, body: dict[str, Any]) -> None:
        ages = _ages(body["shared"])
        for user_id, personal, key in body["frames"]:
            sockets = self.sockets.get(user_id)
            if not sockets:
                continue
            if (age := ages.get(str(key))) is not None:
                families.FRAME_SECONDS.observe(age)
            frame = personal if key is None else frames.notification(**body["shared"][str(key)], **personal)
            text = json.dumps(frame)
            for socket in sockets:
                socket.offer(frame["seq"], text)

    def _end_session(self, session: str) -> None:
        for sockets in list(self.sockets.values()):
            for socket in sockets:
                if socket.session == session:
                    socket.end(frames.UNAUTHENTICATED)


async def _leave(channels: Any, channel: str) -> None:
    """Leave a channel that nobody reads any more, or it would go on collecting the group's messages."""
    try:
        for group in GROUPS:
            await channels.group_discard(group, channel)
    except Exception as error:  # noqa: BLE001  as in listening
        outages.note(__name__, "the hub could not leave its old channel", error, in_a_line=True)


def _ages(shared: dict[str, Frame]) -> dict[str, float]:
    """Seconds since each of these events was published. No query: nothing, before the clock was first asked."""
    with contextlib.suppress(LookupError):
        now = clock.known()
        return {key: (now - datetime.fromisoformat(one["timestamp"])).total_seconds() for key, one in shared.items()}
    return {}


def _seqs(users: list[int]) -> dict[int, int]:
    return dict(Inbox.objects.filter(user_id__in_set=users).values_list("user_id", "seq"))


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


def open_sockets() -> int:
    """Count the sockets of this process, from any thread."""
    return sum(hub.count() for hub in list(_hubs.values()))
