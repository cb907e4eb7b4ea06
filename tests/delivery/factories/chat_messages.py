"""Chat messages without a database: what is said, and what became of sending it."""

from __future__ import annotations

import asyncio
from typing import Any

from delivery import channels
from delivery.channels import Outcome, Outgoing
from delivery.channels.chat import providers
from delivery.encryption import seal
from delivery.models import Address, Delivery
from events.accounts import User
from events.models import Event
from notifications.models import Notification
from tests.accounts.factory import new_person
from tests.delivery.factories.emails import THEN

CHAT = channels.named("chat")
STAFF = new_person("alice", pk=1, is_staff=True)
ANYBODY = new_person("bob", pk=2)


def outgoing(url: str, *, of: Event | None = None, user: User = STAFF, **more: Any) -> Outgoing:
    """A claimed delivery with its bytes, to a chat that somebody had added."""
    address = Address(pk=5, user=user, kind="chat", target=providers.read(url, is_staff=True).masked, secret=seal(url))
    made = Outgoing(
        delivery=Delivery(pk=3, address=address, kind="chat", created_at=THEN),
        address=address,
        user=user,
        notification=Notification(pk=11, event=of, reason="actor") if of else None,
        event=of,
        **more,
    )
    made.delivery.body = CHAT.freeze(made).body
    return made


def send(made: Outgoing) -> Outcome:
    async def run() -> Outcome:
        async with CHAT.session() as session:
            return await session.send(made)

    return asyncio.run(run())
