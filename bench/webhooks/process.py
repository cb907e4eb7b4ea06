"""The process that `bench.webhooks` measures: drains a real outbox, and posts the same bodies with bare aiohttp."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from urllib.request import urlopen

import aiohttp
import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from delivery import channels, draining, opening, signing  # noqa: E402
from delivery.models import Address, Delivery  # noqa: E402
from delivery.secrets import seal  # noqa: E402
from events.models import Event, EventType  # noqa: E402
from notifications.channels import Opened  # noqa: E402
from notifications.models import Notification  # noqa: E402

WARM_UP, ROUNDS = 1, 3
HEALTHY, HANGING = 40, 20
# Deliveries that wait at each address that hangs.
QUEUED = 20
PATIENCE = 120.0
CHANNEL = "webhook"


def main() -> None:
    receiver, deliveries = sys.argv[1], int(sys.argv[2])
    healthy = [addressed(f"healthy{number}", f"{receiver}/hook/{number}") for number in range(HEALTHY)]
    times: dict[str, list[float]] = {"ours": [], "bare": [], "alone": [], "beside": []}
    for number in range(WARM_UP + ROUNDS):
        opened(healthy, deliveries)
        ours = drained(receiver)
        found = {"ours": ours, "bare": bare()}
        if number >= WARM_UP:
            for name, seconds in found.items():
                times[name].append(seconds)
    for number in range(ROUNDS):
        opened(healthy, deliveries)
        times["alone"].append(healthy_time(receiver, deliveries))
        hanging = [addressed(f"hanging{number}-{one}", f"{receiver}/hang/{one}") for one in range(HANGING)]
        opened(hanging, HANGING * QUEUED)
        opened(healthy, deliveries)
        times["beside"].append(healthy_time(receiver, deliveries))
    print(json.dumps(times))


def addressed(name: str, url: str) -> User:
    """A person with this one webhook."""
    user = User.objects.create(username=name, password="!")
    Address.objects.create(
        user=user, kind=CHANNEL, target=url, secret=seal(signing.new_secret()), verified_at=timezone.now()
    )
    return user


def opened(users: list[User], count: int) -> None:
    """So many deliveries of as many events, spread over these people; what was there before is gone."""
    Delivery.objects.exclude(state=Delivery.State.PENDING).delete()
    kind = EventType.objects.get(name="job.completed")
    start = (Event.objects.order_by("-position").values_list("position", flat=True).first() or 0) + 1
    events = Event.objects.bulk_create(
        Event(
            event_type=kind,
            source_entity_type="job",
            source_entity_id=number,
            payload={"name": f"Shot {number}", "frames": 240},
            position=start + number,
        )
        for number in range(count)
    )
    rows = Notification.objects.bulk_create(
        Notification(event=event, user=users[number % len(users)], channel=CHANNEL, reason="owner")
        for number, event in enumerate(events)
    )
    told = [Opened(row.pk, row.event_id, row.user_id, CHANNEL) for row in rows]
    opening.open_notifications(CHANNEL, told, uses_account_email=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def drained(receiver: str) -> float:
    """Seconds until the last outcome is written."""
    began = time.perf_counter()
    draining.drain(turn=PATIENCE)
    seconds = time.perf_counter() - began
    left = Delivery.objects.exclude(state=Delivery.State.SENT).count()
    assert not left, f"{left} deliveries were not sent"
    counted(receiver)
    return seconds


def bare() -> float:
    """The same bodies to the same URLs, as many at once, with nothing around it."""
    sent = [(str(row.address.target), bytes(row.body or b"")) for row in Delivery.objects.select_related("address")]
    began = time.perf_counter()
    asyncio.run(_post(sent))
    return time.perf_counter() - began


async def _post(sent: list[tuple[str, bytes]]) -> None:
    slots = asyncio.Semaphore(channels.named(CHANNEL).slots)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(url: str, body: bytes) -> None:
            async with slots, session.post(url, data=body, headers=headers) as answer:
                await answer.read()

        await asyncio.gather(*(one(url, body) for url, body in sent))


def healthy_time(receiver: str, deliveries: int) -> float:
    """Seconds from the start of the drain until the last healthy address has its last delivery."""
    counted(receiver)
    began = time.monotonic()
    thread = threading.Thread(target=draining.drain, kwargs={"turn": 0.9 * PATIENCE})
    thread.start()
    sent, last = 0, began
    while sent < deliveries and time.monotonic() < began + PATIENCE:
        time.sleep(0.2)
        found = counted(receiver)
        sent, last = sent + int(found["count"]), max(last, found["last"])
    assert sent == deliveries, f"{sent} of {deliveries} arrived"
    thread.join(PATIENCE)
    # What waits now is for addresses that hang: none of it is left to the next round.
    Delivery.objects.filter(state=Delivery.State.PENDING).delete()
    return last - began


def counted(receiver: str) -> dict[str, float]:
    with urlopen(f"{receiver}/count") as answer:
        found: dict[str, float] = json.load(answer)
    return found


if __name__ == "__main__":
    main()
