"""The process that `bench.mails` measures: drains an outbox of mails, and sends the same bytes again in both ways."""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from delivery import draining, opening  # noqa: E402
from delivery.channels import Outgoing  # noqa: E402
from delivery.channels.email import Email, Session  # noqa: E402
from delivery.models import Delivery  # noqa: E402
from events.models import Event, EventType  # noqa: E402
from notifications.channels import Opened  # noqa: E402
from notifications.models import Notification  # noqa: E402

WARM_UP, ROUNDS = 1, 3
PEOPLE = 100
PATIENCE = 240.0
CHANNEL = "email"


def main() -> None:
    mails = int(sys.argv[1])
    names = [f"u{number}" for number in range(PEOPLE)]
    people = User.objects.bulk_create(User(username=name, email=f"{name}@example.com") for name in names)
    times: dict[str, list[float]] = {"drained": [], "ours": [], "bare": []}
    for number in range(WARM_UP + ROUNDS):
        opened(people, mails)
        found = {"drained": drained(mails), "ours": ours(), "bare": bare()}
        if number >= WARM_UP:
            for name, seconds in found.items():
                times[name].append(seconds)
    print(json.dumps(times))


def opened(people: list[User], count: int) -> None:
    """So many mails of as many events, spread over these people; what was there before is gone."""
    Delivery.objects.all().delete()
    kind = EventType.objects.get(name="job.completed")
    events = Event.objects.bulk_create(
        Event(event_type=kind, source_entity_type="job", source_entity_id=number, payload={"name": f"Shot {number}"})
        for number in range(count)
    )
    rows = Notification.objects.bulk_create(
        Notification(event=event, user=people[number % PEOPLE], channel=CHANNEL, reason="owner")
        for number, event in enumerate(events)
    )
    told = [Opened(row.pk, row.event_id, row.user_id, CHANNEL) for row in rows]
    opening.open_notifications(CHANNEL, told, uses_account_email=True)
    # They are looked at again before they are sent: nobody has chosen e-mail here, whose default is the feed alone.
    EventType.objects.filter(pk=kind.pk).update(default_channels=["in_app", CHANNEL])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def drained(count: int) -> float:
    """Seconds until the last outcome is written."""
    began = time.perf_counter()
    draining.drain(turn=PATIENCE)
    seconds = time.perf_counter() - began
    sent = Delivery.objects.filter(state=Delivery.State.SENT).count()
    assert sent == count, f"{sent} of {count} were sent"
    return seconds


def ours() -> float:
    rows = Delivery.objects.select_related("address__user").order_by("pk")
    again = [Outgoing(delivery=row, address=row.address, user=row.address.user) for row in rows]
    began = time.perf_counter()
    asyncio.run(_send(again))
    return time.perf_counter() - began


async def _send(again: list[Outgoing]) -> None:
    """As a drain does, some are always waiting for the line."""
    session, slots = Session(deadline=PATIENCE, most_lines=1), asyncio.Semaphore(Email.slots)

    async def send(one: Outgoing) -> None:
        async with slots:
            outcome = await session.send(one)
        assert outcome.state == "sent", outcome

    await asyncio.gather(*map(send, again))
    await session.close()


def bare() -> float:
    """One connection and nothing around it."""
    rows = Delivery.objects.select_related("address").order_by("pk")
    messages = [(row.address.target, bytes(row.body or b"")) for row in rows]
    began = time.perf_counter()
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as smtp:
        for target, body in messages:
            smtp.sendmail("carillon@localhost", [target], body)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
