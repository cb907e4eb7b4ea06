"""Outcomes of attempts to send a mail, by the server's answer or the error in its place.

A refused recipient is final. What is wrong with the server, or with how we are set up, is our own failure: the mail
waits, and it doesn't count against whoever it is for.
"""

import smtplib
import ssl
from dataclasses import dataclass

from django.core.mail.backends import console
from django.core.mail.backends.base import BaseEmailBackend

from delivery.channels import Outcome
from delivery.channels.network.http_outcome import safe

# Authentication wanted, too weak or failed: whoever asks for that wants something of us, not of the recipient.
_WANTS_LOGIN = frozenset({530, 534, 535, 538})


@dataclass(slots=True)
class Progress:
    """Progress of an attempt. `is_underway`: the mail's bytes were on their way, so that it may have arrived."""

    peer: str = ""
    is_underway: bool = False

    def connected(self, smtp: smtplib.SMTP) -> None:
        if smtp.sock is not None:
            host, port, *_more = smtp.sock.getpeername()
            self.peer = f"{host}:{port}"


def reason_of(backend: BaseEmailBackend) -> str:
    """Name where a mail went that went to no server; empty where the backend speaks for itself."""
    return "printed" if isinstance(backend, console.EmailBackend) else ""


def refused(step: str, code: int, text: bytes, progress: Progress) -> Outcome:
    """Judge an answer other than yes, by the command (MAIL, RCPT, DATA) that it answers."""
    is_final = code >= 500
    if code == 421 or code in _WANTS_LOGIN or step == "MAIL":
        reason = "mail_login" if code in _WANTS_LOGIN else "sender_refused" if is_final else "mail_server_busy"
        state, is_ours = "retry", True
    else:
        state, is_ours = ("dead" if is_final else "retry"), False
        final, for_now = {"RCPT": ("recipient_refused", "recipient_put_off")}.get(
            step, ("mail_refused", "mail_put_off")
        )
        reason = final if is_final else for_now
    excerpt = safe(f"{step}: {code} {text.decode(errors='replace')}")
    return Outcome(state, reason, http_status=code, is_ours=is_ours, connected_to=progress.peer, excerpt=excerpt)


def failed(error: Exception, progress: Progress) -> Outcome:
    """Judge a missing answer. A mail underway is sent again under the same Message-ID, so that it can be told apart."""
    reason = "answer_lost" if progress.is_underway else _reason(error)
    return Outcome(
        "retry",
        reason,
        http_status=getattr(error, "smtp_code", None),
        is_ours=not progress.is_underway,
        connected_to=progress.peer,
        excerpt=safe(f"{type(error).__name__}: {error}"),
    )


def _reason(error: Exception) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():
            return "mail_login"
        case ssl.SSLError() | smtplib.SMTPNotSupportedError():
            return "mail_tls"
        case TimeoutError():
            return "mail_server_slow"
        case _:
            return "mail_server_unreachable"
