"""Daphne that leaves politely: on SIGTERM it finishes what is in flight and tells its sockets to come back."""

import asyncio
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor as installed_reactor

from config.server import watchdog
from config.server.flow_control import Backpressure, Halt, Socket
from config.server.http_limits.budgets import Limits
from config.server.http_limits.channel import limit
from delivery.monitoring.health import draining
from notifications.inbox import frames

logger = logging.getLogger("carillon.server")

# Its types promise less than Daphne's reactor does.
reactor: Any = installed_reactor

HTTP_TIMEOUT = 60
DRAIN_SECONDS = 15.0
EXIT_SECONDS = 18.0
# A connection that was made just before the end still has its request on the way.
LINGER_SECONDS = 1.0
FAREWELL_SECONDS = 1.0
SLOW_READER_SECONDS = 10.0


class DrainingServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Daphne's server, with limits, an orderly end, and sockets whose `send` waits for a slow reader."""

    def __init__(self, application: Any, *, host: str, port: int, ready: Callable[[], None] | None = None) -> None:
        super().__init__(
            application=application,
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=False,
            http_timeout=HTTP_TIMEOUT,
            server_name="",
        )
        self.exit_code = 0
        self.connections: dict[Any, dict[str, Any]] = {}
        self._ready = ready
        self._ports: list[Any] = []
        self._backpressure: dict[WebSocketProtocol, Backpressure] = {}
        self._deadline = 0.0
        self._draining = False

    def run(self) -> None:
        """Serves until drained; main thread only. `exit_code` then says how it went."""
        draining.clear()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        watchdog.watch()
        super().run()

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        self.ws_factory.protocol = Socket
        limit(self.http_factory, Limits())
        self._ports.append(port)
        if self._ready:
            self._ready()

    def listen_error(self, failure: Any) -> None:
        logger.critical("Can't listen: %s", failure.getErrorMessage())
        self.exit_code = 1
        self.stop()

    def fail(self, reason: str) -> None:
        """Any thread: wind down and exit non-zero, because a part this process can't do without is gone."""
        logger.critical("%s; stopping", reason)
        self.exit_code = 1
        reactor.callFromThread(self.begin_drain)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._draining and number == signal.SIGINT:
            reactor.callFromThread(self.stop)
        else:
            reactor.callFromThread(self.begin_drain)

    def begin_drain(self) -> None:
        """Reactor thread: no new connections, sockets sent away, then the end of what is in flight or the deadline."""
        if self._draining:
            return
        self._draining = True
        draining.set()
        self._deadline = time.monotonic() + DRAIN_SECONDS
        _exit_anyway(after=EXIT_SECONDS, code=lambda: self.exit_code)
        for port in self._ports:
            # Whom the kernel has greeted already is let in: closing the port would cut them.
            port.doRead()
            port.stopListening()
        sockets = [protocol for protocol in self.connections if _is_open_socket(protocol)]
        for index, protocol in enumerate(sockets):
            reactor.callLater(FAREWELL_SECONDS * index / len(sockets), self._send_away, protocol)
        reactor.callLater(LINGER_SECONDS, self._stop_when_idle)

    def _send_away(self, protocol: WebSocketProtocol) -> None:
        if _is_open_socket(protocol):
            _close(protocol, frames.GOING_AWAY)

    def _stop_when_idle(self) -> None:
        busy = self._unfinished()
        if busy and time.monotonic() < self._deadline:
            reactor.callLater(0.05, self._stop_when_idle)
            return
        if busy:
            logger.warning("%d connections were still busy after %.0f s and are cut", busy, DRAIN_SECONDS)
        self.stop()

    def _unfinished(self) -> int:
        """Requests being received or answered, sockets not closed yet, and answers not handed to the network yet."""
        applications = sum("disconnected" not in details or _runs(details) for details in self.connections.values())
        return applications + len(reactor.getWriters())

    def kill_all_applications(self) -> Any:
        # Daphne's own trips over a request whose body has not arrived yet: it has no application.
        self.connections = {protocol: details for protocol, details in self.connections.items() if _runs(details)}
        return super().kill_all_applications()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Daphne's, and then the wait for a client that doesn't read."""
        if self._draining and message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
            if protocol.channel is not None:
                protocol.channel.persistent = False
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.accept":
            self._apply_backpressure(protocol)
            if self._draining:
                self._send_away(protocol)
        elif message["type"] == "websocket.send":
            await self._wait_for_reader(protocol)
        elif message["type"] == "http.response.body" and (channel := getattr(protocol, "channel", None)):
            await channel.wait_for_reader(seconds=SLOW_READER_SECONDS)

    def _apply_backpressure(self, protocol: WebSocketProtocol) -> None:
        if protocol.transport is not None and protocol.state == protocol.STATE_OPEN:
            # The HTTP channel that the socket grew out of is still registered there.
            protocol.transport.unregisterProducer()
            self._backpressure[protocol] = backpressure = Backpressure(protocol)
            protocol.transport.registerProducer(backpressure, True)
            protocol.go_on(Halt.HANDSHAKE)

    async def _wait_for_reader(self, protocol: WebSocketProtocol) -> None:
        backpressure = self._backpressure.get(protocol)
        if backpressure is None or backpressure.writable.is_set():
            return
        try:
            await asyncio.wait_for(backpressure.writable.wait(), SLOW_READER_SECONDS)
        except TimeoutError:
            logger.info("Dropped a socket whose client read nothing for %.0f s", SLOW_READER_SECONDS)
            _close(protocol, frames.TOO_SLOW)

    def protocol_disconnected(self, protocol: Any) -> None:
        self._backpressure.pop(protocol, None)
        if protocol in self.connections:
            super().protocol_disconnected(protocol)


def _is_open_socket(protocol: Any) -> bool:
    return isinstance(protocol, WebSocketProtocol) and protocol.state == protocol.STATE_OPEN


def _runs(details: dict[str, Any]) -> bool:
    instance = details.get("application_instance")
    return instance is not None and not instance.done()


def _close(protocol: WebSocketProtocol, code: int) -> None:
    # Daphne drops the reason of a close, so the frame says it.
    protocol.serverSend(json.dumps(frames.CLOSE_REASONS[code]))
    protocol.serverClose(code=code)


def _exit_anyway(*, after: float, code: Callable[[], int]) -> None:
    """A view that never ends holds its thread, and Python waits for threads: leave without it.

    One that keeps the interpreter's lock holds up this timer too: that is for the watchdog.
    """

    def leave() -> None:
        logger.warning("Not everything ended within %.0f s; leaving it", after)
        logging.shutdown()
        os._exit(code())

    timer = threading.Timer(after, leave)
    timer.daemon = True
    timer.start()
