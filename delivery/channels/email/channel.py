"""E-mail: one mail for each notification or summary, over a few connections to one mail server that are kept."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy

from delivery import channels
from delivery.channels import Checked, Frozen, Outcome, Outgoing
from delivery.channels.email import message
from delivery.channels.email.smtp_connection import Envelope, SmtpConnection
from delivery.errors import AddressRefused
from delivery.models import Address

# RFC 5321, section 4.5.3.1.
MAX_ADDRESS = 254
# Few mail servers like many connections from one place.
MOST_CONNECTIONS = 4


class Email(channels.Channel):
    name = "email"
    label = gettext_lazy("E-mail")
    target_field = "address"
    # More than there are lines: what waits for a connection is sent the moment it is free.
    slots = 32
    per_address = 2
    deadline = 30.0
    uses_account_email = True

    def check(self, target: str, *, user: User) -> Checked:
        """The address with its domain in lower case. Only the account's own needs no confirmation."""
        local, at, domain = target.strip().rpartition("@")
        address = f"{local}{at}{domain.lower()}"
        if not _is_address(address):
            raise AddressRefused(
                f"{target[:100]!r} is no e-mail address that can be sent to; it must read as in name@example.com",
                code="invalid_email",
                field=self.target_field,
            )
        mailbox = f"{local.partition('+')[0]}@{domain}".lower()
        return Checked(target=address, is_verified=address.lower() == user.email.lower(), mailbox=mailbox)

    def freeze(self, outgoing: Outgoing) -> Frozen:
        return message.frozen(outgoing)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        session = Session(deadline=self.deadline)
        try:
            yield session
        finally:
            await session.close()

    def retry_delays(self, address: Address) -> Sequence[float]:
        """A server that puts off new senders (greylisting) means minutes."""
        return (*settings.WEBHOOK_RETRY_DELAYS, 300.0, 1800.0, 7200.0)


class Session:
    """Few connections to the mail server, one as long as mails come one by one; each takes its mails in turn."""

    def __init__(self, *, deadline: float, most_connections: int = MOST_CONNECTIONS) -> None:
        self._connections: list[SmtpConnection] = []
        self._deadline, self._most = deadline, most_connections

    async def send(self, outgoing: Outgoing) -> Outcome:
        recipient, body = _recipient(outgoing.address.target), outgoing.delivery.body
        if not recipient or body is None:
            # Written by another program: nothing that was checked here gets this far.
            return Outcome("dead", "invalid_email")
        envelope = Envelope(parseaddr(settings.DEFAULT_FROM_EMAIL)[1], recipient, bytes(body))
        return await self._connection().send(envelope, deadline=self._deadline)

    def _connection(self) -> SmtpConnection:
        self._connections = [connection for connection in self._connections if not connection.is_aborted]
        freest = min(self._connections, key=lambda connection: connection.waiting, default=None)
        if freest is None or (freest.waiting and len(self._connections) < self._most):
            freest = SmtpConnection()
            self._connections.append(freest)
        return freest

    async def close(self) -> None:
        for connection in self._connections:
            await connection.close()


@functools.lru_cache(maxsize=4096)
def _recipient(target: str) -> str:
    """Return the envelope's spelling; empty for what is no address. Kept: it costs as much as sending."""
    return str(sanitize_address(target, "utf-8")) if _is_address(target) else ""


def _is_address(text: str) -> bool:
    """Tell whether it can be sent to. Quoted names can hide anything, hosts by number name any machine: neither is."""
    if len(text) > MAX_ADDRESS or not text.isprintable() or any(sign in text for sign in '"[]'):
        return False
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


channels.register(Email())
