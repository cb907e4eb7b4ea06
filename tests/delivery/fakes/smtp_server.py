"""A real SMTP server on loopback: it keeps what it takes, and can refuse, put off, drop and dawdle."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

OK = "250 OK"


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipient: str
    body: bytes

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.body, policy=policy.default)

    def part(self, kind: str) -> str:
        """The alternative `plain` or `html`."""
        found = self.message.get_body(preferencelist=(kind,))
        assert isinstance(found, EmailMessage)
        return str(found.get_content())


class Server:
    """Settings and findings of a mail server that listens on `host` and `port`."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self._connections: set[_Connection] = set()
        self.reset()

    def reset(self) -> None:
        """Make it as new for the next test; open connections are dropped."""
        self.received: list[Received] = []
        self.connections = self.left = 0
        # Answers in place of 250: by recipient, and by command ("MAIL", "RCPT", "DATA").
        self.refused: dict[str, str] = {}
        self.answers: dict[str, str] = {}
        # How many messages it takes before it hangs up instead of answering; seconds before each answer to DATA.
        self.lost_answers = 0
        self.delay = 0.0
        # Commands that it answers by hanging up, and commands or recipients' domains that wait for `released`.
        self.hangs_up_at: set[str] = set()
        self.hanging: set[str] = set()
        self.released = threading.Event()
        self.offers_8bit = True

    @property
    def port(self) -> int:
        return self._controller.port

    @property
    def recipients(self) -> list[str]:
        return [one.recipient for one in self.received]

    def hang_up(self) -> None:
        """Close all connections, as servers do with those that idle."""

        def close() -> None:
            for connection in list(self._connections):
                connection.transport.close()

        self._controller.loop.call_soon_threadsafe(close)

    @contextmanager
    def running(self, *, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[Server]:
        """`tls`: from the first byte on, as on port 465."""
        self._controller = _Controller(self, tls=tls, **options)
        self._controller.start()
        self.connections = 0
        try:
            yield self
        finally:
            self.hang_up()
            self._controller.stop()

    async def handle_EHLO(
        self, _server: SMTP, session: Any, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [one for one in responses if self.offers_8bit or "8BITMIME" not in one]

    async def _wait(self, *names: str) -> None:
        while self.hanging.intersection(names) and not self.released.is_set():
            await asyncio.sleep(0.01)

    async def handle_MAIL(self, _server: SMTP, _session: Any, envelope: Envelope, sender: str, options: Any) -> str:
        await self._wait("MAIL")
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return OK

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        await self._wait("RCPT", address.rpartition("@")[2])
        if refused := self.refused.get(address) or self.answers.get("RCPT"):
            return refused
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_QUIT(self, _server: SMTP, _session: Any, _envelope: Envelope) -> str:
        self.left += 1
        await self._wait("QUIT")
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:
        await asyncio.sleep(self.delay)
        await self._wait("END")
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        self.received += [Received(envelope.mail_from or "", one, envelope.content) for one in envelope.rcpt_tos]
        if self.lost_answers:
            self.lost_answers -= 1
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return OK


class _Connection(SMTP):
    """Knows the server it belongs to."""

    transport: Any

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server

    async def smtp_DATA(self, arg: str) -> None:
        if "DATA" in self._server.hangs_up_at:
            self.transport.abort()
        await self._server._wait("DATA")
        await super().smtp_DATA(arg)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._server.connections += 1
        self._server._connections.add(self)

    def connection_lost(self, error: Any) -> None:
        super().connection_lost(error)
        self._server._connections.discard(self)


class _Controller(Controller):
    def __init__(self, server: Server, *, tls: ssl.SSLContext | None, **options: Any) -> None:
        super().__init__(server, hostname=server.host, port=0, ready_timeout=10, ssl_context=tls)
        self._server, self._options = server, options

    def factory(self) -> SMTP:
        return _Connection(self._server, **self._options)

    def _trigger_server(self) -> None:
        """Port 0: whatever was free."""
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        if self.ssl_context:
            # It looks whether it is there as a client, which a server's context can't be.
            self.ssl_context = ssl.create_default_context()
            self.ssl_context.check_hostname, self.ssl_context.verify_mode = False, ssl.CERT_NONE
        super()._trigger_server()  # type: ignore[no-untyped-call]


def accepting(user: str, password: str) -> dict[str, Any]:
    """Options of a server that wants to know who comes."""

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (user.encode(), password.encode()), handled=False)

    return {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
