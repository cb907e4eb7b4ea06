"""Connection to the mail server, kept from mail to mail, and how long each step of a mail may take."""

import asyncio
import contextlib
import io
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from email import message_from_bytes
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from queue import SimpleQueue
from typing import TypeVar

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from delivery.channels import Outcome
from delivery.channels.email import smtp_outcome
from delivery.conf import conf

T = TypeVar("T")

# Seconds for the server's answer to each step; BODY is what it takes to send that. RFC 5321, section 4.5.3.2, wants as
# many minutes after MAIL, RCPT, DATA, body and final dot: whoever gives up sooner sends mails twice.
TIME_LIMITS = {"CONNECT": 60, "MAIL": 300, "RCPT": 300, "DATA": 120, "BODY": 180, "END": 600, "RSET": 10, "QUIT": 2}


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str
    recipient: str
    body: bytes


class SmtpConnection:
    """Connection of Django's own mail backend, whatever that is; of SMTP it stays open. Close it when done.

    `is_aborted`: its mail ran out of time, so it can't be used any more.
    """

    def __init__(self) -> None:
        self._backend = _backend()
        self.is_aborted = False
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # No end of the process waits for it, whatever a server lets it wait for.
        threading.Thread(target=self._work, name="mail", daemon=True).start()

    async def send(self, envelope: Envelope, progress: smtp_outcome.Progress, *, deadline: float) -> Outcome:
        """Send within `deadline` seconds; raise nothing of the server's."""
        try:
            return await asyncio.wait_for(self._do(lambda: self._send(envelope, progress)), deadline)
        except TimeoutError as error:
            self._abort()
            return smtp_outcome.failed(error, progress)
        except BaseException:
            self._abort()
            raise

    async def close(self) -> None:
        await self._do(self._disconnect)
        self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            job()

    def _do(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Do a job in the connection's own thread."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(job())
            except Exception as error:  # noqa: BLE001  it is raised where the future is waited for
                future.set_exception(error)

        self._jobs.put(run)
        return asyncio.wrap_future(future)

    def _send(self, envelope: Envelope, progress: smtp_outcome.Progress) -> Outcome:
        backend = self._backend
        try:
            if not isinstance(backend, EmailBackend):
                # Nobody knows how far it gets before it fails.
                progress.step = "END"
                backend.send_messages([_Frozen(envelope)])
                return Outcome("sent", smtp_outcome.reason_of(backend))
            return self._over_smtp(backend, envelope, progress)
        except (OSError, smtplib.SMTPException) as error:
            self._disconnect()
            return smtp_outcome.failed(error, progress)

    def _over_smtp(self, backend: EmailBackend, envelope: Envelope, progress: smtp_outcome.Progress) -> Outcome:
        if backend.connection is not None and not _is_open(backend.connection):
            self._disconnect()
        backend.open()
        smtp = backend.connection
        if self.is_aborted or smtp is None:
            raise smtplib.SMTPServerDisconnected("out of time before the connection was there")
        progress.connected(smtp)
        return send_over(smtp, envelope, progress)

    def _disconnect(self) -> None:
        if smtp := getattr(self._backend, "connection", None):
            _allow(smtp, "QUIT")
        try:
            self._backend.close()
        except (OSError, smtplib.SMTPException):
            # What can't take leave is gone already; Django keeps the rest of it otherwise.
            self._backend = _backend()

    def _abort(self) -> None:
        """Wake the thread from whatever it waits for; a connection that comes later isn't used."""
        self.is_aborted = True
        self._jobs.put(None)
        smtp = getattr(self._backend, "connection", None) or getattr(self._backend, "_partial_connection", None)
        if smtp is not None and smtp.sock is not None:
            with contextlib.suppress(OSError):
                smtp.sock.shutdown(socket.SHUT_RDWR)


def _backend() -> BaseEmailBackend:
    backend: BaseEmailBackend = get_connection()
    if isinstance(backend, EmailBackend):
        backend.timeout = _limit("CONNECT")
    return backend


def _limit(step: str) -> float:
    return TIME_LIMITS[step] * float(conf.EMAIL_TIME_SCALE)


def _allow(smtp: smtplib.SMTP, step: str) -> None:
    """Let the server take as long as this step may."""
    if smtp.sock is not None:
        smtp.sock.settimeout(_limit(step))


def send_over(smtp: smtplib.SMTP, envelope: Envelope, progress: smtp_outcome.Progress) -> Outcome:
    """Send one mail over an open connection, which is good for the next one whatever the answer was."""
    smtp.ehlo_or_helo_if_needed()
    takes_8bit = smtp.has_extn("8bitmime")
    body = envelope.body if takes_8bit else _seven_bit(envelope.body)
    options = [f"size={len(body)}"] if smtp.has_extn("size") else []
    if takes_8bit:
        options.append("body=8bitmime")
    steps: tuple[tuple[str, Callable[[], tuple[int, bytes]]], ...] = (
        ("MAIL", lambda: smtp.mail(envelope.sender, options)),
        ("RCPT", lambda: smtp.rcpt(envelope.recipient)),
        ("DATA", lambda: _begin_data(smtp)),
        ("END", lambda: _send_data(smtp, body, progress)),
    )
    for step, take in steps:
        progress.step = step
        _allow(smtp, step)
        code, text = take()
        if not 200 <= code < 300:
            _reset(smtp)
            return smtp_outcome.refused(step, code, text, progress)
    return Outcome("sent", http_status=code, connected_to=progress.peer)


def _begin_data(smtp: smtplib.SMTP) -> tuple[int, bytes]:
    code, text = smtp.docmd("DATA")
    return (250, text) if code == 354 else (code, text)


def _send_data(smtp: smtplib.SMTP, body: bytes, progress: smtp_outcome.Progress) -> tuple[int, bytes]:
    """Send the body. Unless all of it went out, its final dot with it, the server can't have taken the mail."""
    ended = body if body.endswith(b"\r\n") else body + b"\r\n"
    _allow(smtp, "BODY")
    try:
        smtp.send(re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n")
    except OSError:
        progress.step = "DATA"
        raise
    _allow(smtp, "END")
    return smtp.getreply()


def _seven_bit(body: bytes) -> bytes:
    """Encode what isn't ASCII, for a server that takes nothing else; the same bytes each time."""
    if body.isascii():
        return body
    written = io.BytesIO()
    policy = compat32.clone(cte_type="7bit")
    BytesGenerator(written, mangle_from_=False, maxheaderlen=998, policy=policy).flatten(
        message_from_bytes(body), linesep="\r\n"
    )
    return written.getvalue()


def _reset(smtp: smtplib.SMTP) -> None:
    _allow(smtp, "RSET")
    try:
        smtp.rset()
    except (OSError, smtplib.SMTPException):
        # The next mail finds out and connects anew.
        smtp.close()


def _is_open(smtp: smtplib.SMTP) -> bool:
    """Tell whether the server still listens: many hang up on who idles or has sent much, most with a last word.

    On an open connection there is nothing to read: asking costs no time.
    """
    if smtp.sock is None:
        return False
    timeout = smtp.sock.gettimeout()
    try:
        smtp.sock.settimeout(0)
        smtp.sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    finally:
        smtp.sock.settimeout(timeout)
    return False


class _Frozen(EmailMessage):
    """Bytes that are sent as they are, to whatever backend is set."""

    def __init__(self, envelope: Envelope) -> None:
        self._parsed = message_from_bytes(envelope.body, _class=_AsItIs)
        self._parsed.raw = envelope.body
        super().__init__(
            subject=str(self._parsed["Subject"]), body="", from_email=envelope.sender, to=[envelope.recipient]
        )

    def message(self) -> Message:  # type: ignore[override]
        return self._parsed


class _AsItIs(Message):
    raw = b""

    def as_bytes(self, unixfrom: bool = False, policy: object = None, linesep: str = "\n") -> bytes:
        return self.raw if linesep == "\r\n" else self.raw.replace(b"\r\n", linesep.encode())
