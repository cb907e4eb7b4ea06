"""One attempt of a webhook, without a database: what is sent, to whom, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from delivery import channels
from delivery.channels import Held, Outcome, Outgoing
from delivery.channels.network import resolver
from delivery.channels.webhook import signing
from delivery.encryption import seal
from delivery.models import Address, Delivery
from events.models import Event, EventType
from notifications.models import Notification, Summary
from tests.accounts.factory import new_person

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
THEN = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)


def address(url: str = "https://hooks.example.com/carillon", **more: Any) -> Address:
    """One with the secret above."""
    return Address(**{"pk": 5, "kind": "webhook", "target": url, "secret": seal(SECRET)} | more)


def event(payload: dict[str, Any] | None = None, **more: Any) -> Event:
    kind = EventType(
        name="job.completed", category="job", title_template="{{ source }} is done", url_template="/jobs/4/"
    )
    given: dict[str, Any] = {
        "event_type": kind,
        "actor_user": None,
        "pk": 7,
        "position": 70,
        "source_entity_type": "job",
        "source_entity_id": 4,
        "created_at": THEN,
    }
    return Event(payload={"frames": 24} if payload is None else payload, **given | more)


def outgoing(
    to: Address,
    *,
    of: Event | None = None,
    summary: Summary | None = None,
    held: Sequence[Event] = (),
    gathered: Sequence[Event] = (),
) -> Outgoing:
    """A claimed delivery whose body is frozen: of an event, a summary, gathered events, or else a test."""
    rows = [Held(Notification(pk=one.pk * 10, event=one, reason="owner"), one) for one in held]
    made = Outgoing(
        delivery=Delivery(pk=3, address=to, kind="webhook", created_at=THEN),
        address=to,
        user=new_person("owner", pk=1),
        notification=Notification(pk=11, event=of, reason="owner") if of else None,
        event=of,
        summary=summary,
        held=rows,
        gathered=[*gathered],
    )
    frozen = channels.named("webhook").freeze(made)
    made.delivery.body, made.delivery.content_type = frozen.body, frozen.content_type
    return made


def send(*attempts: Outgoing) -> list[Outcome]:
    """One after another, in one session."""

    async def run() -> list[Outcome]:
        async with channels.named("webhook").session() as session:
            return [await session.send(one) for one in attempts]

    return asyncio.run(run())


def post(url: str, **more: Any) -> Outcome:
    """A test send to this URL."""
    return send(outgoing(address(url, **more)))[0]


def names(monkeypatch, known: Mapping[str, Sequence[str]]) -> list[str]:
    """Let these names lead to these addresses and know no others; the list of names asked for."""
    asked: list[str] = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        if host not in known:
            raise resolver.NameLookupError(f"{host}: no such name")
        return list(known[host])

    monkeypatch.setattr(resolver, "lookup", lookup)
    return asked


def keys(*secrets: str) -> list[bytes]:
    return [signing.key_of(secret) for secret in secrets]
