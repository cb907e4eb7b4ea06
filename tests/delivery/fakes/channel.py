"""A channel of the tests' own, whose receivers do as they are told, and short ways to set the scene."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from delivery import channels
from delivery.channels import Channel, Checked, Frozen, Outcome, Outgoing
from delivery.models import Address, Delivery
from events.models import Event, EventType
from notifications.models import Notification

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SENT = Outcome("sent")
FAILED = Outcome("retry", "http_5xx", http_status=500)

Answer = Outcome | Exception | Callable[[Outgoing], Outcome]


class FakeChannel(Channel):
    """Keeps what it began and what it sent. `answers`: what each address says next; without one it takes everything."""

    label = "Fake"
    slots = 40
    per_address = 4

    def __init__(self, name: str = "fake", *, uses_account_email: bool = False) -> None:
        self.name = name
        self.uses_account_email = uses_account_email
        self.begun: list[int] = []
        self.sent: list[tuple[int, bytes]] = []
        self.answers: dict[int, list[Answer]] = {}
        self.hanging: dict[int, threading.Event] = {}

    def check(self, target: str, *, user: User) -> Checked:
        return Checked(target)

    def freeze(self, outgoing: Outgoing) -> Frozen:
        about = outgoing.event.event_type.name if outgoing.event else outgoing.delivery.purpose
        return Frozen(f"{about} {outgoing.message_id}".encode(), "text/plain")

    def hang(self, address: Address) -> Callable[[], None]:
        """From now on this address doesn't answer, until the result is called."""
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


def address(user: User, **fields: Any) -> Address:
    count = Address.objects.filter(user=user).count()
    given = {"kind": "fake", "target": f"box {count}", "verified_at": NOON, **fields}
    return Address.objects.create(user=user, **given)


def notification(user: User, *, name: str = "job.completed", channel: str = "fake", **fields: Any) -> Notification:
    """A row as the router writes it, of an event of its own."""
    event = Event.objects.create(event_type=EventType.objects.get(name=name), payload={"name": "Shot 042"})
    return Notification.objects.create(event=event, user=user, channel=channel, **fields)


def delivery(to: Address, *, of: Notification | None = None, **fields: Any) -> Delivery:
    """Pending and due at NOON unless said otherwise."""
    row = of or notification(to.user, channel=to.kind)
    return Delivery.objects.create(address=to, kind=to.kind, notification=row, **{"due_at": NOON, **fields})


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)
