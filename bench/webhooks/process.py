"""Process that drains a real outbox, and posts the same bodies with bare aiohttp."""

from __future__ import annotations

import asyncio
import threading
import time
from uuid import uuid4

import aiohttp
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from bench.timing import interleaved
from bench.webhooks import arrivals
from delivery import channels
from delivery.channels.webhook import signing
from delivery.encryption import seal
from delivery.models import Address, Delivery
from delivery.outbox.open import open_to_addresses
from delivery.sender.drain import drain
from events.models import Event, EventType
from notifications.models import Notification

ROUNDS = 3
HEALTHY, HANGING = 40, 20
# Deliveries that wait at each address that hangs.
QUEUED = 20
TIMEOUT = 120.0
CHANNEL = "webhook"


def main(receiver: str, deliveries: int) -> dict[str, list[float]]:
    """Seconds of all deliveries: ours, posted bare, alone again, and beside others that hang."""
    healthy = [create_user(f"healthy{number}", f"{receiver}/hook/{number}") for number in range(HEALTHY)]

    def open_and_drain() -> float:
        open_deliveries(healthy, deliveries)
        return drain_seconds(receiver)

    def drain_alone() -> float:
        open_deliveries(healthy, deliveries)
        return healthy_seconds(receiver, deliveries)

    def drain_beside_hanging() -> float:
        hanging = [create_user(f"hanging-{uuid4()}", f"{receiver}/hang/{number}") for number in range(HANGING)]
        open_deliveries(hanging, HANGING * QUEUED)
        open_deliveries(healthy, deliveries)
        return healthy_seconds(receiver, deliveries)

    times = interleaved({"ours": open_and_drain, "bare": aiohttp_seconds}, rounds=ROUNDS)
    return times | interleaved({"alone": drain_alone, "beside": drain_beside_hanging}, rounds=ROUNDS, warm_up=0)


def create_user(name: str, url: str) -> User:
    """Create a person with this one webhook."""
    user = User.objects.create(username=name, password="!")
    Address.objects.create(
        user=user, kind=CHANNEL, target=url, secret=seal(signing.new_secret()), verified_at=timezone.now()
    )
    return user


def open_deliveries(users: list[User], count: int) -> None:
    """Open so many deliveries of as many events, spread over these people; what was sent before is deleted."""
    Delivery.objects.exclude(state=Delivery.State.PENDING).delete()
    event_type = EventType.objects.get(name="job.completed")
    start = (Event.objects.order_by("-position").values_list("position", flat=True).first() or 0) + 1
    events = Event.objects.bulk_create(
        Event(
            event_type=event_type,
            source_entity_type="job",
            source_entity_id=number,
            payload={"name": f"Shot {number}", "frames": 240},
            position=start + number,
        )
        for number in range(count)
    )
    rows = Notification.objects.bulk_create(
        Notification(event=event, user=users[number % len(users)], channel=CHANNEL, reason="everyone")
        for number, event in enumerate(events)
    )
    opened = [(row.pk, row.user_id) for row in rows]
    open_to_addresses(CHANNEL, "notification", opened, uses_account_email=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def drain_seconds(receiver: str) -> float:
    """Seconds until the last outcome is written."""
    began = time.perf_counter()
    drain(seconds=TIMEOUT)
    seconds = time.perf_counter() - began
    left = Delivery.objects.exclude(state=Delivery.State.SENT).count()
    assert not left, f"{left} deliveries were not sent"
    arrivals.since_last(receiver)
    return seconds


def aiohttp_seconds() -> float:
    """Seconds of the same bodies to the same URLs, as many at once, with nothing around it."""
    sent = [(str(row.address.target), bytes(row.body or b"")) for row in Delivery.objects.select_related("address")]
    began = time.perf_counter()
    asyncio.run(_post(sent))
    return time.perf_counter() - began


async def _post(sent: list[tuple[str, bytes]]) -> None:
    slots = asyncio.Semaphore(channels.named(CHANNEL).slots)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post(url: str, body: bytes) -> None:
            async with slots, session.post(url, data=body, headers=headers) as response:
                await response.read()

        await asyncio.gather(*(post(url, body) for url, body in sent))


def healthy_seconds(receiver: str, deliveries: int) -> float:
    """Seconds from the start of the drain until the last healthy address has its last delivery."""
    arrivals.since_last(receiver)
    began = time.monotonic()
    thread = threading.Thread(target=drain, kwargs={"seconds": 0.9 * TIMEOUT})
    thread.start()
    sent, last = 0, began
    while sent < deliveries and time.monotonic() < began + TIMEOUT:
        time.sleep(0.2)
        arrived = arrivals.since_last(receiver)
        sent, last = sent + arrived.count, max(last, arrived.last)
    assert sent == deliveries, f"{sent} of {deliveries} arrived"
    thread.join(TIMEOUT)
    # What waits now is for addresses that hang: none of it is left to the next round.
    Delivery.objects.filter(state=Delivery.State.PENDING).delete()
    return last - began
