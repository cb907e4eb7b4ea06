"""Mails without a database: what is said to whom, and what became of sending it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from django.core.mail import get_connection

from delivery import channels
from delivery.channels import Held, Outcome, Outgoing
from delivery.channels.email import smtp_connection
from delivery.channels.email.channel import Session
from delivery.models import Address, Delivery
from events.models import Event, EventType
from notifications.models import Notification, Summary
from tests.accounts.factory import new_person
from tests.delivery.fakes.smtp_server import Server

THEN = datetime(2026, 11, 22, 14, 58, tzinfo=UTC)
EMAIL = channels.named("email")


def kind(name: str = "job.failed", **more: Any) -> EventType:
    given = {
        "pk": 5,
        "category": name.partition(".")[0],
        "title_template": "{{ payload.name }} failed",
        "body_template": "{{ payload.error }}",
        "digest_one": "1 job failed",
        "digest_many": "{n} jobs failed",
    }
    return EventType(name=name, **given | more)


def event(of: EventType | None = None, *, payload: dict[str, Any] | None = None, **more: Any) -> Event:
    said = {"name": "Shot 039", "error": "CUDA out of memory", "machine": "render-02"} if payload is None else payload
    given = {"pk": 7, "source_entity_type": "job", "source_entity_id": 42, "created_at": THEN, "actor_user": None}
    return Event(event_type=of or kind(), payload=said, **given | more)


def outgoing(of: Event | None = None, *, to: str = "alice@example.com", number: int = 3, **more: Any) -> Outgoing:
    """A claimed delivery with its bytes: of an event, or of what `more` says (a summary), or else a test."""
    user = new_person("alice", pk=1, email="alice@example.com")
    address = Address(pk=5, user=user, kind="email", target=to)
    purpose = more.pop("purpose", "notification" if of else "test")
    made = Outgoing(
        delivery=Delivery(pk=number, address=address, kind="email", purpose=purpose, created_at=THEN),
        address=address,
        user=user,
        notification=Notification(pk=11, event=of, user=user, channel="email", reason="actor") if of else None,
        event=of,
        **more,
    )
    made.delivery.body = EMAIL.freeze(made).body
    return made


def summary(count: int, *, kind_of_summary: str = "digest", shown: int = 50, **more: Any) -> Outgoing:
    events = [event(pk=100 + number, payload={"name": f"Shot {number}"}) for number in range(min(count, shown))]
    held = [Held(Notification(pk=200 + one.pk, event=one, channel="email", reason="actor"), one) for one in events]
    given_back = Summary(pk=2, kind=kind_of_summary, count=count, by_type={"job.failed": count}, created_at=THEN)
    return outgoing(summary=given_back, held=held, **more)


def read(made: Outgoing) -> EmailMessage:
    """Read a message as a mail program does."""
    return message_from_bytes(bytes(made.delivery.body or b""), policy=policy.default)


def part(made: Outgoing, name: str) -> str:
    """The alternative `plain` or `html`."""
    found = read(made).get_body(preferencelist=(name,))
    assert isinstance(found, EmailMessage)
    return str(found.get_content())


def send(*attempts: Outgoing, deadline: float = 5.0) -> list[Outcome]:
    """One after another, in one session."""

    async def run() -> list[Outcome]:
        session = Session(deadline=deadline)
        try:
            return [await session.send(one) for one in attempts]
        finally:
            await session.close()

    return asyncio.run(run())


@contextmanager
def sending_to(server: Server | int, monkeypatch: Any, **options: Any) -> Iterator[None]:
    """Django's SMTP backend as the settings would make it, for this server or port."""
    port = server if isinstance(server, int) else server.port
    given: dict[str, Any] = {"host": "127.0.0.1", "port": port, "timeout": 5} | options
    with monkeypatch.context() as patched:
        patched.setattr(
            smtp_connection,
            "get_connection",
            lambda: get_connection("django.core.mail.backends.smtp.EmailBackend", **given),
        )
        yield


def states(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    return [(one.state, one.reason) for one in outcomes]
