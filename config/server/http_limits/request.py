"""A request whose body is refused before it is taken, and which knows how much of one the process still holds."""

import json
from dataclasses import dataclass
from typing import Any

from daphne.http_protocol import WebRequest
from twisted.web import http

from config.client_network import network
from config.server import proxy
from config.server.flow_control import Halt, Socket
from config.server.http_limits.budgets import SMALL_BODY
from events.rest.parsers import MAX_BODY


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    detail: str

    def answer(self, *, is_api: bool) -> bytes:
        """The whole answer, in the shape of the API's errors for its paths, else as text."""
        body = json.dumps({"code": self.code, "detail": self.detail}) if is_api else f"{self.detail}\n"
        retry = "Retry-After: 1\r\n" if self.status == 503 else ""
        return (
            f"HTTP/1.1 {self.status} {http.RESPONSES[self.status].decode()}\r\n"
            f"Content-Type: {'application/json' if is_api else 'text/plain'}\r\n"
            f"Content-Length: {len(body)}\r\n{retry}Connection: close\r\n\r\n{body}"
        ).encode()


TOO_LARGE = Refusal(413, "too_large", f"The body is larger than {MAX_BODY} bytes; send it in parts.")
TOO_SLOW = Refusal(408, "too_slow", "The request took too long to arrive.")
PADDED = Refusal(
    413, "too_large", "The body comes in chunks of a few bytes, or with long extensions; send larger chunks."
)
BUSY = Refusal(503, "busy", "Too many large requests are in progress; try again.")


class Request(WebRequest):  # type: ignore[misc]  # Daphne has no types
    """Daphne's, which takes a body of any size, and its application all of it before its turn."""

    def __init__(self, channel: Any, queued: int = 0) -> None:
        # Twisted would parse the form while everybody waits, and nobody here reads what comes of it.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self._limits, self._budget = channel.limits, channel.limits.bodies
        self._client: str | None = None
        self._size = self._held = self.on_the_wire = 0
        self._has_application = False

    def gotLength(self, length: int | None) -> None:
        """Refuse by the length that the headers tell, before a byte of the body is taken."""
        told = self.requestHeaders.getRawHeaders(b"X-Forwarded-For", [])
        # Behind a proxy the answer, too, is that client's to read.
        self._client = self.channel.client = network(proxy.client_address(self.client.host, told))
        # A WebSocket's handshake has no body, and Daphne would take one for frames.
        most = 0 if self._is_handshake() else MAX_BODY
        expected = 1 if length is None else length
        if expected > most:
            self.channel.refuse(TOO_LARGE)
        elif not self._budget.has_room(self._client, max(0, expected - SMALL_BODY)):
            self.channel.refuse(BUSY)
        else:
            super().gotLength(length)

    @property
    def is_padded(self) -> bool:
        """More than an eighth of what came was no content: chunks are on the average smaller than 48 bytes."""
        return self.on_the_wire > SMALL_BODY + self._size * 9 // 8

    def handleContentChunk(self, data: bytes) -> None:
        """Take what came of the body, or refuse by what it has come to."""
        if self.channel.is_refused:
            return
        self._size += len(data)
        more = max(0, self._size - SMALL_BODY) - self._held
        if self._size > MAX_BODY:
            self.channel.refuse(TOO_LARGE)
        elif not self._budget.has_room(self._client, more):
            self.channel.refuse(BUSY)
        else:
            self._held += more
            self._budget.use(self._client, more)
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Daphne's: start the application, or turn the connection into a WebSocket."""
        # It would be taken for a prefix of the path, and a byte beyond ASCII in it for a reason to fail.
        self.requestHeaders.removeHeader(b"Daphne-Root-Path")
        channel, transport = self.channel, self.channel.transport
        done = super().process()
        application = self.server.connections.get(self, {}).get("application_instance")
        if application is not None:
            # It may wait for its turn with all of the body, also when its client is gone.
            self._has_application = True
            application.add_done_callback(self._end)
            return done
        self.give_back_body()
        protocol = getattr(transport, "protocol", None)
        if isinstance(protocol, Socket):
            protocol.on_lost = channel.leave()
            # It is no connection any more, and each holds the other.
            channel.requests.clear()
            # Until its handshake is answered nobody would bound what it sends.
            if protocol.state == protocol.STATE_CONNECTING:
                protocol.halt(Halt.HANDSHAKE)
        return done

    def _end(self, application: Any) -> None:
        self.give_back_body()
        # Of an answer that was cut off the headers tell how much there was of it.
        [told] = self.responseHeaders.getRawHeaders(b"Content-Length", [b"0"])[:1]
        self._limits.done_with(self._size + max(self.sentLength, int(told) if told.isdigit() else 0))

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        if not self._has_application:
            self.give_back_body()

    def give_back_body(self) -> None:
        """The process is done with the body."""
        self._budget.give_back(self._client, self._held)
        self._held = 0
        if self.content is not None:
            self.content.close()

    def _is_handshake(self) -> bool:
        [upgrade] = self.requestHeaders.getRawHeaders(b"Upgrade", [b""])[:1]
        return bool(upgrade.lower() == b"websocket")
