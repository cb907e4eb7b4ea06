"""Our own sender, examined by `check_webhook_sender` over real connections; and one that does all of it wrong."""

from __future__ import annotations

import io
import re
import urllib.request

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from delivery import channels
from delivery.encryption import seal
from delivery.models import Address, Delivery
from delivery.sender import drain
from events.models import EventType
from notifications.models import NotificationPreference
from tests.delivery.factories.deliveries import address, delivery
from tests.events.concurrency import Running, until
from tests.own_settings import own

pytestmark = pytest.mark.usefixtures("_intranet")


class Examiner:
    """The command in a thread of its own; `url` and `secret` as it says them."""

    def __init__(self, **options: float) -> None:
        self._out = io.StringIO()
        self._running = Running(lambda: call_command("check_webhook_sender", stdout=self._out, **options))
        until(lambda: "Secret" in self.said)
        self.url = re.findall(r"URL: (\S+)", self.said)[0]
        self.secret = re.findall(r"Secret: (\S+)", self.said)[0]

    @property
    def said(self) -> str:
        return self._out.getvalue()

    def result(self) -> str:
        self._running.join()
        return self.said


@pytest.fixture
def webhook(committed, owner, settings, monkeypatch) -> Address:
    """The owner's, with retries as fast as they can be; its URL is still to come."""
    own(settings, WEBHOOK_RETRY_DELAYS=[0.05, 0.1, 0.15])
    monkeypatch.setattr(channels.named("webhook"), "deadline", 0.4)
    return address(owner, kind="webhook")


def send(to: Address) -> str:
    """Deliver a notification to it, however many attempts that takes; the state in which that ends."""
    made = delivery(to, due_at=timezone.now())
    NotificationPreference.objects.update_or_create(
        user=to.user, event_type=EventType.objects.get(name="job.completed"), defaults={"channels": ["webhook"]}
    )

    def is_settled() -> bool:
        drain.drain()
        return Delivery.objects.filter(pk=made.pk, settled_at__isnull=False).exists()

    until(is_settled)
    return Delivery.objects.get(pk=made.pk).state


def test_our_sender_keeps_every_rule(webhook):
    examiner = Examiner(quiet=0.5)
    Address.objects.filter(pk=webhook.pk).update(target=examiner.url, secret=seal(examiner.secret))
    assert [send(webhook) for _ in range(4)] == ["sent", "sent", "dead", "skipped"]
    assert "All 17 rules were kept" in examiner.result()


def test_a_sender_that_keeps_none_fails_with_what_it_broke():
    examiner = Examiner(patience=0.5)
    with pytest.raises(OSError, match="500"):
        urllib.request.urlopen(examiner.url, timeout=5)
    with pytest.raises(CommandError, match="17 of 17"):
        examiner.result()
    assert examiner.said.count("FAIL  ") == 17


def test_a_port_that_is_taken_is_said(receiver):
    with pytest.raises(CommandError, match=f"Can't listen on 127.0.0.1, port {receiver.port}"):
        call_command("check_webhook_sender", port=receiver.port)
