"""A channel of the tests' own, whose receivers do as they are told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from delivery import channels
from delivery.channels import Channel, Checked, Frozen, Outcome, Outgoing
from delivery.models import Address

if TYPE_CHECKING:
    from events.accounts import User

SENT = Outcome("sent")
FAILED = Outcome("retry", "http_5xx", http_status=500)

Answer = Outcome | Exception | Callable[[Outgoing], Outcome]


class FakeChannel(Channel):
    """Keeps what it began and what it sent. `answers`: what each address says next; without one it takes everything."""

    label = "Fake"
    slots = 40
    per_address = 4

    def __init__(self, name: str = "fake", *, uses_account_email: bool = False, server: str = "") -> None:
        self.name, self.server = name, server
        self.uses_account_email = uses_account_email
        self.begun: list[int] = []
        self.sent: list[tuple[int, bytes]] = []
        self.answers: dict[int, list[Answer]] = {}
        self.hanging: dict[int, threading.Event] = {}

    def check(self, target: str, *, user: User) -> Checked:
        return Checked(target)

    def server_of(self, address: Address) -> str:
        return self.server

    def freeze(self, outgoing: Outgoing) -> Frozen:
        about = outgoing.event.event_type.name if outgoing.event else outgoing.delivery.purpose
        return Frozen(f"{about} {outgoing.message_id}".encode(), "text/plain")

    def hang(self, address: Address) -> Callable[[], None]:
        """Let this address give no answer until the result is called."""
        self.hanging[address.pk] = threading.Event()
        return self.hanging[address.pk].set

    async def send(self, outgoing: Outgoing) -> Outcome:
        self.begun.append(outgoing.delivery.pk)
        while (hanging := self.hanging.get(outgoing.address.pk)) and not hanging.is_set():
            await asyncio.sleep(0.01)
        self.sent.append((outgoing.delivery.pk, bytes(outgoing.delivery.body or b"")))
        planned = self.answers.get(outgoing.address.pk)
        answer = planned.pop(0) if planned else SENT
        if isinstance(answer, Exception):
            raise answer
        return answer(outgoing) if callable(answer) else answer


FAKE = FakeChannel()
FAKE_MAIL = FakeChannel("fake_mail", uses_account_email=True)


@contextmanager
def installed(channel: Channel) -> Iterator[None]:
    channels.register(channel)
    try:
        yield
    finally:
        channels.unregister(channel.name)
