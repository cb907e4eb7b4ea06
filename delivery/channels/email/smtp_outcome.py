"""Outcomes of attempts to send a mail, by the server's answer or the error in its place."""

import re
import smtplib
from dataclasses import dataclass

from django.core.mail.backends import console
from django.core.mail.backends.base import BaseEmailBackend

from delivery.channels import Outcome, blame
from delivery.channels.network.http_outcome import safe

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b", re.ASCII)
# The word, and not a host that is called so.
_RELAY = re.compile(r"(?<![\w.@-])relay(?:ing|ed)?(?![\w@-]|\.\w)", re.IGNORECASE)


@dataclass(slots=True)
class Progress:
    """Progress of an attempt. `step`: what the server has to answer next; at END the mail may have arrived.

    `refusal`: its answer by which it refused the recipient for good.
    """

    peer: str = ""
    step: str = "CONNECT"
    refusal: str = ""

    def connected(self, smtp: smtplib.SMTP) -> None:
        if smtp.sock is not None:
            host, port, *_more = smtp.sock.getpeername()
            self.peer = f"{host}:{port}"


def reason_of(backend: BaseEmailBackend) -> str:
    """Name where a mail went that went to no server; empty where the backend speaks for itself."""
    return "printed" if isinstance(backend, console.EmailBackend) else ""


def refused(step: str, code: int, text: bytes, progress: Progress) -> Outcome:
    """Judge an answer other than yes, by the command that it answers: MAIL, RCPT, DATA, or END for the final dot."""
    said = text.decode(errors="replace")
    enhanced = _ENHANCED.match(said)
    answer = f"{code} {enhanced[0] if enhanced else '-'}"
    verdict = blame.of_answer(f"smtp {step}", f"{answer} relay" if _RELAY.search(said) else answer)
    if step == "RCPT" and code >= 500:
        progress.refusal = answer
    subject = "recipient" if step == "RCPT" else "mail"
    return Outcome(
        "dead" if verdict.is_final else "retry",
        verdict.reason or f"{subject}_{'refused' if verdict.is_final else 'put_off'}",
        http_status=code,
        whose=verdict.whose,
        is_server=verdict.is_server,
        connected_to=progress.peer,
        excerpt=safe(f"{step}: {code} {said}"),
    )


def failed(error: Exception, progress: Progress) -> Outcome:
    """Judge a missing answer. A mail that may have arrived is sent again under its Message-ID, to be told apart."""
    # smtplib says of a server that took too long that it hung up.
    cause = error.__context__ if isinstance(error.__context__, TimeoutError) else error
    verdict = blame.of_error(f"smtp {progress.step}", cause)
    return Outcome(
        "retry",
        verdict.reason,
        http_status=getattr(error, "smtp_code", None),
        whose=verdict.whose,
        is_server=verdict.is_server,
        connected_to=progress.peer,
        excerpt=safe(f"{type(error).__name__}: {error}"),
    )
