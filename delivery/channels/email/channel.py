"""E-mail: one mail for each notification or summary, over a few connections to one mail server that are kept."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy

from delivery import channels
from delivery.channels import Checked, Frozen, Outcome, Outgoing, Whose, retry_schedule, turns
from delivery.channels.blame import RefusalRun
from delivery.channels.email import message
from delivery.channels.email.smtp_connection import Envelope, SmtpConnection
from delivery.channels.email.smtp_outcome import Progress
from delivery.channels.turns import Queue, Turns
from delivery.conf import conf
from delivery.errors import AddressRefused
from delivery.models import Address
from events import accounts
from events.accounts import User
from events.errors import shown

# RFC 5321, section 4.5.3.1.
MAX_ADDRESS = 254
# Seconds for a mail once its turn has come; and for what is said to others before a refused recipient counts as theirs.
LONGEST_TURN, DECIDED_WITHIN = 900.0, 1.0


def new_turns(*, at_once: int = 4) -> Turns:
    """Few mail servers like many connections from one place, and few domains many mails at once."""
    return Turns(at_once=at_once, in_all=10, of_group=2)


class Email(channels.Channel):
    name = "email"
    label = gettext_lazy("E-mail")
    target_field = "address"
    # More than there are connections: what waits for a turn is sent the moment it comes, and a claim costs much the
    # same whatever it brings. With 64 a mail takes an eighth more CPU than with 128, and with 192 no less.
    slots = 128
    per_address = 2
    most_hanging = 96
    more_delays = retry_schedule.MINUTES
    deadline = turns.LONGEST_WAIT + LONGEST_TURN + DECIDED_WITHIN
    uses_account_email = True

    def __init__(self) -> None:
        self._turns, self._refusals = new_turns(), RefusalRun()

    def check(self, target: str, *, user: User) -> Checked:
        """The address with its domain in lower case. Only the account's own needs no confirmation."""
        local, at, domain = target.strip().rpartition("@")
        address = f"{local}{at}{domain.lower()}"
        if not _is_address(address):
            raise AddressRefused(
                f"{shown(target)} is no e-mail address that can be sent to; it must read as in name@example.com",
                code="invalid_email",
                field=self.target_field,
            )
        mailbox = f"{local.partition('+')[0]}@{domain}".lower()
        return Checked(target=address, is_verified=address.lower() == accounts.email_of(user).lower(), mailbox=mailbox)

    def freeze(self, outgoing: Outgoing) -> Frozen:
        return message.frozen(outgoing)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        deadline = LONGEST_TURN * conf.EMAIL_TIME_SCALE
        session = Session(deadline=deadline, turns=self._turns, refusals=self._refusals)
        try:
            yield session
        finally:
            await session.close()

    def server_of(self, address: Address) -> str:
        return "smtp"


class Session:
    """Few connections to the mail server, one as long as mails come one by one; each mail waits for its turn at one."""

    def __init__(self, *, deadline: float, turns: Turns | None = None, refusals: RefusalRun | None = None) -> None:
        self._deadline, self._refusals = deadline, refusals or RefusalRun()
        self._queue = Queue(turns or new_turns())
        self._free: list[SmtpConnection] = []

    async def send(self, outgoing: Outgoing) -> Outcome:
        recipient, body = _recipient(outgoing.address.target), outgoing.delivery.body
        if not recipient or body is None:
            # Written by another program: nothing that was checked here gets this far.
            return Outcome("dead", "invalid_email")
        envelope = Envelope(_sender(settings.DEFAULT_FROM_EMAIL), recipient, bytes(body))
        domain = recipient.rpartition("@")[2].lower()
        async with self._queue.turn(domain, outgoing) as has_come:
            if not has_come:
                return Outcome("retry", "queue", whose=Whose.OURS)
            # The one that was free last, which the server still knows; none is free again that was cut.
            connection, progress = self._free.pop() if self._free else SmtpConnection(), Progress()
            outcome = await connection.send(envelope, progress, deadline=self._deadline)
            if not connection.is_aborted:
                self._free.append(connection)
        return await self._judged(outcome, progress.refusal, domain=domain)

    async def _judged(self, outcome: Outcome, refusal: str, *, domain: str) -> Outcome:
        """Judge a refused recipient beside the others that are on their way: it may be this site that is refused."""
        run, until = self._refusals, time.monotonic() + DECIDED_WITHIN
        if outcome.state == "sent":
            run.end()
        if not refusal:
            return outcome
        run.add(refusal, domain=domain)
        while run.answer == refusal and not run.is_ours and self._queue.entered and time.monotonic() < until:
            await asyncio.sleep(0.02)
        if run.answer != refusal or not run.is_ours:
            return outcome
        return replace(outcome, state="retry", reason="mail_not_permitted", whose=Whose.OURS, is_server=True)

    async def close(self) -> None:
        await asyncio.gather(*[connection.close() for connection in self._free])


@functools.lru_cache(maxsize=4)
def _sender(mailbox: str) -> str:
    return parseaddr(mailbox)[1]


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
