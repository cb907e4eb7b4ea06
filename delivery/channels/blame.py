"""Blame: whose failure it was that an attempt did not end well, by one table for all channels, and what it costs. Pure.

Theirs counts on the address and uses a try. Unknown (it may have arrived; or nobody can tell who failed) uses a try and
blames nobody. Ours (no resolver, no server, a relay that refuses this site) uses none, and ends after OURS_ENDS_AFTER.
"""

import errno
import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

OURS_ENDS_AFTER = timedelta(days=5)
# A server that refuses recipients of so many domains with one answer, and takes nobody's mail between, refuses us.
SAME_REFUSALS = 3


class Whose(StrEnum):
    THEIRS = "theirs"
    OURS = "ours"
    UNKNOWN = "unknown"

    @property
    def uses_try(self) -> bool:
        return self is not Whose.OURS

    @property
    def counts_on_address(self) -> bool:
        return self is Whose.THEIRS


class Verdict(NamedTuple):
    """Verdict on a failure. `reason` is empty where the step or the status says it.

    `is_final`: asking again would change nothing. `is_server`: no delivery gets further over this server of ours.
    """

    whose: Whose
    reason: str = ""
    is_final: bool = False
    is_server: bool = False


_THEIRS, _OURS, _UNKNOWN = Whose.THEIRS, Whose.OURS, Whose.UNKNOWN

# What begins with the pattern is judged so; the first one counts. It reads "channel step what". Steps of a mail are its
# commands, END from the final dot on; those over HTTP are CONNECT, and ANSWER once there is a connection. `what` is an
# error's class or errno, an HTTP status, or an SMTP code with its enhanced code (- for none) and what its text names.
TABLE: tuple[tuple[str, Verdict], ...] = (
    (r"\w+ \w+ UnreadableSecretError", Verdict(_OURS, "secret_unreadable")),
    (r"\w+ \w+ BlockedAddressError", Verdict(_THEIRS, "blocked_address")),
    (r"\w+ \w+ ResolverError", Verdict(_OURS, "our_dns")),
    # Mails: errors. Nothing but a lost answer to the final dot leaves open whether the mail arrived.
    (r"smtp END (OSError|-1)", Verdict(_UNKNOWN, "answer_lost")),
    (r"smtp \w+ SMTPAuthenticationError", Verdict(_OURS, "mail_login", is_server=True)),
    (r"smtp \w+ (SSLError|SMTPNotSupportedError)", Verdict(_OURS, "mail_tls", is_server=True)),
    (r"smtp (CONNECT|MAIL) TimeoutError", Verdict(_OURS, "mail_server_slow", is_server=True)),
    (r"smtp \w+ TimeoutError", Verdict(_OURS, "mail_server_slow")),
    (r"smtp (CONNECT|MAIL) OSError", Verdict(_OURS, "mail_server_unreachable", is_server=True)),
    (r"smtp \w+ OSError", Verdict(_OURS, "mail_server_unreachable")),
    # Mails: answers.
    (r"smtp \w+ 421", Verdict(_OURS, "mail_server_busy", is_server=True)),
    (r"smtp \w+ 53[0458]", Verdict(_OURS, "mail_login", is_server=True)),
    # One mail is too long: that says nothing about server or recipient.
    (r"smtp (MAIL 552|\w+ 5\d\d 5\.(2\.3|3\.4)\b)", Verdict(_UNKNOWN, "mail_refused", is_final=True)),
    (r"smtp MAIL 4", Verdict(_OURS, "mail_server_busy", is_server=True)),
    (r"smtp MAIL ", Verdict(_OURS, "sender_refused", is_server=True)),
    (r"smtp \w+ [45]\d\d (\S+ relay|\d\.7\.)", Verdict(_OURS, "mail_not_permitted")),
    (r"smtp \w+ [45]\d\d \d\.1\.[78]\b", Verdict(_OURS, "sender_refused")),
    (r"smtp \w+ [45]\d\d \d\.3\.", Verdict(_OURS, "mail_server_busy")),
    (r"smtp \w+ 5\d\d \d\.([12]\.|4\.[146]\b)", Verdict(_THEIRS, is_final=True)),
    (r"smtp \w+ 4\d\d \d\.[12]\.", Verdict(_THEIRS)),
    (r"smtp \w+ ([45]\d\d \d\.5\.[1-9]|50[0-4]|-1)", Verdict(_OURS, "mail_protocol")),
    (r"smtp \w+ [45]\d\d \d\.[46]\.", Verdict(_UNKNOWN)),
    (r"smtp RCPT 55[01236]", Verdict(_THEIRS, is_final=True)),
    (r"smtp RCPT 450", Verdict(_THEIRS)),
    (r"smtp (DATA|END) 552", Verdict(_UNKNOWN, is_final=True)),
    (r"smtp \w+ \d", Verdict(_UNKNOWN)),
    # Webhooks: the receiver is its owner's, from its name to the end of its answer.
    (r"webhook \w+ NameLookupError", Verdict(_THEIRS, "dns")),
    (r"webhook \w+ TimeoutError", Verdict(_THEIRS, "timeout")),
    (r"webhook \w+ (SSLCertVerificationError|ClientConnectorCertificateError)", Verdict(_THEIRS, "tls_certificate")),
    (r"webhook \w+ (SSLError|ClientSSLError)", Verdict(_THEIRS, "tls")),
    # Out of sockets, ports or memory, or without a network: nothing that the other side did.
    (
        r"\w+ \w+ (EMFILE|ENFILE|ENOBUFS|ENOMEM|EADDRNOTAVAIL|ENETDOWN|ENETUNREACH|EACCES)",
        Verdict(_OURS, "our_network"),
    ),
    (r"webhook \w+ EHOSTUNREACH", Verdict(_UNKNOWN, "connect")),
    (r"webhook \w+ ClientConnectorError", Verdict(_THEIRS, "connect")),
    (r"webhook \w+ (ClientOSError|ServerDisconnectedError|ClientPayloadError|OSError)", Verdict(_THEIRS, "closed")),
    (r"webhook \w+ ClientError", Verdict(_THEIRS, "not_http")),
    (r"webhook ANSWER 410", Verdict(_THEIRS, is_final=True)),
    (r"webhook ANSWER \d", Verdict(_THEIRS)),
    # Chats: the service is nobody's address. What is wrong with a URL it says by its status.
    (r"chat \w+ NameLookupError", Verdict(_OURS, "dns", is_server=True)),
    (r"chat \w+ SSLError", Verdict(_OURS, "tls", is_server=True)),
    (r"chat \w+ ValueError", Verdict(_THEIRS, "not_http")),
    (r"chat CONNECT (Timeout|TimeoutError)", Verdict(_OURS, "timeout", is_server=True)),
    (r"chat \w+ (Timeout|TimeoutError)", Verdict(_UNKNOWN, "timeout")),
    (r"chat CONNECT OSError", Verdict(_OURS, "connect", is_server=True)),
    (r"chat \w+ OSError", Verdict(_UNKNOWN, "closed")),
    (r"chat \w+ Exception", Verdict(_UNKNOWN, "not_http")),
    (r"chat ANSWER 429", Verdict(_OURS, "too_many_requests")),
    (r"chat ANSWER 503", Verdict(_OURS, "chat_failed")),
    (r"chat ANSWER (0|400|401|403|404|405|410|413)", Verdict(_THEIRS, "chat_refused", is_final=True)),
    (r"chat ANSWER (5|408|425)", Verdict(_UNKNOWN, "chat_failed")),
    (r"chat ANSWER \d", Verdict(_THEIRS, "chat_failed")),
)


class RefusalRun:
    """Run of recipients whom a server refused with the same `answer`, and took no mail between."""

    def __init__(self) -> None:
        self.answer, self._domains = "", set[str]()

    def add(self, answer: str, *, domain: str) -> None:
        if answer != self.answer:
            self.answer, self._domains = answer, set()
        if not self.is_ours:
            self._domains.add(domain)

    def end(self) -> None:
        self.answer, self._domains = "", set()

    @property
    def is_ours(self) -> bool:
        return len(self._domains) >= SAME_REFUSALS


_PATTERNS = tuple((re.compile(pattern), verdict) for pattern, verdict in TABLE)


def of_answer(where: str, answer: str) -> Verdict:
    """Judge an answer to a step: `where` is "smtp RCPT", `answer` "550 5.1.1"."""
    return _first([f"{where} {answer}"])


def of_error(where: str, error: BaseException) -> Verdict:
    """Judge an error in place of an answer. One that the table doesn't know is raised again."""
    names = [errno.errorcode.get(getattr(error, "errno", None) or 0, "")]
    names += [one.__name__ for one in type(error).__mro__]
    try:
        return _first([f"{where} {name}" for name in names])
    except LookupError:
        raise error from None


def _first(keys: Sequence[str]) -> Verdict:
    for pattern, verdict in _PATTERNS:
        if any(pattern.match(key) for key in keys):
            return verdict
    raise LookupError(f"no row of the table is about {keys[0]!r}")
