"""Receivers outside: webhooks and chats over HTTP, mails over SMTP. Each writes down what it took, and its answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes
from pathlib import Path
from typing import IO, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from tests.delivery.fakes.http_receiver import Receiver, Reply, Request, receiving
from tests.processes.environment import free_port

CHAT = "/hooks/chaoschaoschaoschaoschao"
# Name of an event of the harness, in whatever a service makes of its text.
NAME = re.compile(r"chaos\d+[a-z]\d+x", re.IGNORECASE)


@dataclass(frozen=True)
class Receipt:
    """Line of a ledger. `key`: `webhook-id` or Message-ID, for a chat the event's name. `taken`: answered with 2xx."""

    at: float
    kind: str
    target: str
    key: str
    digest: str
    taken: bool


class Ledger:
    """File of receipts, a line each; whatever dies, what was taken stands there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file: IO[str] = path.open("a")

    def write(self, kind: str, *, target: str, key: str, body: bytes, taken: bool) -> None:
        digest = hashlib.sha256(body).hexdigest()
        receipt = Receipt(time.time(), kind, target, key, digest, taken)
        with self._lock:
            self._file.write(json.dumps(asdict(receipt)) + "\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[Receipt]:
    return [Receipt(**json.loads(line)) for line in path.read_text().splitlines()]


@contextmanager
def http_sink(ledger: Ledger) -> Iterator[Receiver]:
    """Receiver for webhooks on any path, and for a chat on CHAT."""

    def note(request: Request) -> None:
        reply = receiver.by_path.get(request.path, receiver.reply)
        taken = reply.status < 300 and not reply.hang and not reply.close
        if request.path == CHAT:
            kind, key = "chat", _name(request.body)
        else:
            kind, key = "webhook", request.headers.get("webhook-id", "")
        ledger.write(kind, target=request.path, key=key, body=request.body, taken=taken)

    with receiving() as receiver:
        receiver.on_request = note
        yield receiver


def refuse(receiver: Receiver, reply: Reply, *, path: str | None = None) -> None:
    """Answer so from now on, on this path or on all but the chat's."""
    if path:
        receiver.by_path[path] = reply
    else:
        receiver.reply = reply


def _name(body: bytes) -> str:
    found = NAME.search(body.decode(errors="replace"))
    return found[0].lower() if found else ""


class MailSink:
    """SMTP server. `slow`: seconds between the final dot and the answer; `refusal`: of every recipient."""

    def __init__(self, ledger: Ledger) -> None:
        self.port = free_port()
        self.slow = 0.0
        self.refusal = ""
        self._ledger = ledger
        self._connections: set[Any] = set()

    def start(self) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10)
        self._controller.start()

    def stop(self) -> None:
        """Stop listening, and cut off who is connected."""
        for connection in list(self._connections):
            self._controller.loop.call_soon_threadsafe(connection.transport.abort)
        self._controller.stop()

    def cut_off(self) -> None:
        for connection in list(self._connections):
            self._controller.loop.call_soon_threadsafe(connection.transport.abort)

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Envelope) -> str:
        """Take it, then dawdle: a mail whose sender has left by now is delivered all the same."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message_id = str(message_from_bytes(content)["Message-ID"])
        for recipient in envelope.rcpt_tos:
            key = message_id.strip("<>").partition("@")[0]
            self._ledger.write("email", target=recipient, key=key, body=content, taken=True)
        await asyncio.sleep(self.slow)
        return "250 OK"


class _Connection(SMTP):
    """Known to its sink while it lasts."""

    def __init__(self, sink: MailSink) -> None:
        super().__init__(sink, enable_SMTPUTF8=True)
        self._sink = sink

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._sink._connections.add(self)

    def connection_lost(self, error: Any) -> None:
        super().connection_lost(error)
        self._sink._connections.discard(self)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Connection(self.handler)
