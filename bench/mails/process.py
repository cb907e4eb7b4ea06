"""Process that drains an outbox of mails, and sends the same bytes again over our connection and over smtplib's."""

from __future__ import annotations

import asyncio
import smtplib
import time

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction

from bench.timing import interleaved
from delivery.channels import Outgoing
from delivery.channels.email.channel import Email, Session, new_turns
from delivery.models import Delivery
from delivery.outbox.open import open_to_addresses
from delivery.sender.drain import drain
from events.models import Event, EventType
from notifications.models import Notification

ROUNDS = 3
PEOPLE = 100
TIMEOUT = 240.0
CHANNEL = "email"


def main(mails: int) -> dict[str, list[float]]:
    """Seconds of each way to send them all."""
    names = [f"u{number}" for number in range(PEOPLE)]
    people = User.objects.bulk_create(User(username=name, email=f"{name}@example.com") for name in names)

    def open_and_drain() -> float:
        open_deliveries(people, mails)
        return drain_seconds(mails)

    return interleaved({"drained": open_and_drain, "ours": session_seconds, "bare": smtplib_seconds}, rounds=ROUNDS)


def open_deliveries(people: list[User], count: int) -> None:
    """Replace all deliveries by so many mails of as many events, spread over these people."""
    Delivery.objects.all().delete()
    event_type = EventType.objects.get(name="job.completed")
    events = Event.objects.bulk_create(
        Event(
            event_type=event_type,
            source_entity_type="job",
            source_entity_id=number,
            payload={"name": f"Shot {number}"},
        )
        for number in range(count)
    )
    rows = Notification.objects.bulk_create(
        Notification(event=event, user=people[number % PEOPLE], channel=CHANNEL, reason="everyone")
        for number, event in enumerate(events)
    )
    opened = [(row.pk, row.user_id) for row in rows]
    with transaction.atomic():
        open_to_addresses(CHANNEL, "notification", opened, uses_account_email=True)
    # Preferences are asked again before a mail is sent: nobody has chosen e-mail here, whose default is the feed alone.
    EventType.objects.filter(pk=event_type.pk).update(default_channels=["in_app", CHANNEL])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def drain_seconds(count: int) -> float:
    """Seconds until the last outcome is written."""
    began = time.perf_counter()
    drain(seconds=TIMEOUT)
    seconds = time.perf_counter() - began
    sent = Delivery.objects.filter(state=Delivery.State.SENT).count()
    assert sent == count, f"{sent} of {count} were sent"
    return seconds


def session_seconds() -> float:
    """Seconds of the channel's own session over one connection, from frozen bytes."""
    rows = Delivery.objects.select_related("address__user").order_by("pk")
    mails = [Outgoing(delivery=row, address=row.address, user=row.address.user) for row in rows]
    began = time.perf_counter()
    asyncio.run(_send(mails))
    return time.perf_counter() - began


async def _send(mails: list[Outgoing]) -> None:
    """Send them with some always waiting for the connection, as in a drain."""
    session, slots = Session(deadline=TIMEOUT, turns=new_turns(at_once=1)), asyncio.Semaphore(Email.slots)

    async def send(mail: Outgoing) -> None:
        async with slots:
            outcome = await session.send(mail)
        assert outcome.state == "sent", outcome

    await asyncio.gather(*map(send, mails))
    await session.close()


def smtplib_seconds() -> float:
    """Seconds of bare smtplib with the same bytes over one connection."""
    rows = Delivery.objects.select_related("address").order_by("pk")
    messages = [(row.address.target, bytes(row.body or b"")) for row in rows]
    began = time.perf_counter()
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
        for target, body in messages:
            smtp.sendmail("carillon@localhost", [target], body)
    return time.perf_counter() - began
