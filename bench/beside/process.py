"""Process that drains mails, webhooks and chats of which nothing is wrong, alone and beside others."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from bench.beside.mail_server import REFUSED, SLOW
from bench.timing import interleaved
from delivery.channels.chat import providers
from delivery.channels.webhook import signing
from delivery.encryption import seal
from delivery.models import Address, Delivery
from delivery.outbox.open import open_to_addresses
from delivery.sender.drain import drain
from events.models import Event, EventType
from notifications.models import Notification

ROUNDS = 3
PEOPLE, DOMAINS = 100, 20
# People of each kind that goes wrong, and what waits for each of them.
WRONG, WAITING = 5, 2
CHANNELS = ("email", "webhook", "chat")
TIMEOUT = 120.0


def main(receiver: str, counts: dict[str, int]) -> dict[str, list[dict[str, float]]]:
    """Seconds until the last good one of each channel was sent: alone, beside, and alone again."""
    # A recipient that hangs is given up after a quarter of a minute.
    settings.CARILLON["EMAIL_TIME_SCALE"] = 0.05
    EventType.objects.filter(name="job.completed").update(default_channels=["in_app", *CHANNELS])
    good = [add(f"good{n}@d{n % DOMAINS}.example", f"{receiver}/hook/{n}", f"{receiver}/room") for n in range(PEOPLE)]
    elsewhere = receiver.replace("127.0.0.1", "127.0.0.2")

    def alone() -> dict[str, float]:
        return seconds_until_sent(good, counts)

    def beside() -> dict[str, float]:
        wrong = []
        for domain in (*SLOW, *REFUSED):
            hangs = domain in SLOW
            webhook, chat = (f"{receiver}/hang/1", f"{elsewhere}/hang/1") if hangs else ("http://127.0.0.2:9",) * 2
            wrong += [add(f"{uuid4().hex}@{domain}", webhook, chat) for _ in range(WRONG)]
        for channel in CHANNELS:
            open_deliveries(channel, wrong, len(wrong) * WAITING)
        return seconds_until_sent(good, counts)

    return interleaved({"alone": alone, "beside": beside}, rounds=ROUNDS)


def add(email: str, webhook: str, chat: str) -> User:
    """Create a person with an address on each channel."""
    user = User.objects.create(username=email, email=email, password="!", is_staff=True)
    now, url = timezone.now(), chat.replace("http://", "json://")
    secret = seal(signing.new_secret())
    Address.objects.create(user=user, kind="webhook", target=webhook, secret=secret, verified_at=now)
    masked = providers.read(url, is_staff=True).masked
    Address.objects.create(user=user, kind="chat", target=masked, secret=seal(url), verified_at=now)
    return user


def open_deliveries(channel: str, users: list[User], count: int) -> None:
    """Open so many deliveries of as many events, spread over these people."""
    event_type = EventType.objects.get(name="job.completed")
    events = Event.objects.bulk_create(
        Event(event_type=event_type, source_entity_type="job", source_entity_id=number, payload={"name": "Shot"})
        for number in range(count)
    )
    rows = Notification.objects.bulk_create(
        Notification(event=event, user=users[number % len(users)], channel=channel, reason="everyone")
        for number, event in enumerate(events)
    )
    opened = [(row.pk, row.user_id) for row in rows]
    with transaction.atomic():
        open_to_addresses(channel, "notification", opened, uses_account_email=channel == "email")


def seconds_until_sent(users: list[User], counts: dict[str, int]) -> dict[str, float]:
    """Seconds from the start of a drain until the last delivery to these people is sent, by channel."""
    for channel, count in counts.items():
        open_deliveries(channel, users, count)
    theirs = Delivery.objects.filter(address__user__in=users, state=Delivery.State.SENT).order_by()
    began = timezone.now()
    thread = threading.Thread(target=drain, kwargs={"seconds": TIMEOUT})
    thread.start()
    while thread.is_alive() and theirs.count() < sum(counts.values()):
        time.sleep(0.2)
    found = theirs.values_list("kind").annotate(count=Count("id"), last=Max("settled_at"))
    sent = {kind: (count, (last - began).total_seconds()) for kind, count, last in found}
    assert {kind: count for kind, (count, _seconds) in sent.items()} == counts, sent
    # What is left is for who hangs: none of it goes on in the next round.
    while thread.is_alive():
        Delivery.objects.filter(state=Delivery.State.PENDING).update(due_at=began + timedelta(days=1))
        time.sleep(0.2)
    Delivery.objects.all().delete()
    return {kind: seconds for kind, (_count, seconds) in sent.items()}
