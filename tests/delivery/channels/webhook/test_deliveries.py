"""From an event to a receiver: what is published arrives, signed with the secret that its owner was shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from delivery import addresses, channels
from delivery.models import Delivery
from events.models import Membership
from notifications.holds.due import release_due
from notifications.inbox.marking import state
from notifications.models import NotificationPreference
from tests.delivery.fakes.http_receiver import Receiver, Reply
from tests.delivery.manual_sender import deliver
from tests.notifications.factories.routing import JOB, publish_and_route

if TYPE_CHECKING:
    from delivery.addresses import AddressWithSecret
    from events.accounts import User
    from events.models import EventType

pytestmark = pytest.mark.django_db


@pytest.fixture
def webhook(owner, receiver) -> AddressWithSecret:
    """The owner's only webhook."""
    return addresses.create(owner, kind="webhook", target=receiver.url, now=timezone.now())


def tell_by_webhook(user: User, **payload: Any) -> None:
    """An event that this person wants by webhook."""
    kind: EventType = publish_and_route("job.submitted", source=JOB, actor=user).event_type
    NotificationPreference.objects.update_or_create(
        user=user, event_type=kind, defaults={"channels": ["in_app", "webhook"]}
    )
    publish_and_route("job.submitted", source=JOB, actor=user, payload=payload)


def go(*, minutes: float = 1) -> list[channels.Outcome]:
    return deliver(channels.named("webhook"), now=timezone.now() + timedelta(minutes=minutes))


def read(receiver: Receiver, secret: str) -> dict[str, Any]:
    body: dict[str, Any] = Webhook(secret).verify(receiver.last.body, receiver.last.headers)
    return body


def test_an_event_arrives_and_verifies_with_the_secret_that_was_shown(owner, receiver, webhook):
    tell_by_webhook(owner, name="Shot 042")
    assert [one.state for one in go()] == ["sent"]
    body = read(receiver, webhook.secret)
    assert (body["event_type"], body["payload"]["name"]) == ("job.submitted", "Shot 042")


def test_the_secret_is_not_stored_as_it_was_shown(webhook):
    webhook.address.refresh_from_db()
    assert webhook.secret.startswith("whsec_")
    assert webhook.secret not in webhook.address.secret


def test_after_a_rotation_old_and_new_secret_verify(owner, receiver, webhook):
    rotated = addresses.rotate_secret(owner.pk, address_id=webhook.address.pk, now=timezone.now())
    tell_by_webhook(owner)
    go()
    assert read(receiver, webhook.secret) == read(receiver, rotated.secret)


def test_a_test_send_arrives(owner, receiver, webhook):
    addresses.send_test(owner.pk, address_id=webhook.address.pk, now=timezone.now())
    go()
    assert read(receiver, webhook.secret)["event_type"] == "carillon.test"


def test_gone_switches_the_address_off_and_nothing_more_is_sent(owner, receiver, webhook):
    receiver.reply = Reply(410)
    tell_by_webhook(owner)
    go()
    webhook.address.refresh_from_db()
    assert not webhook.address.is_enabled
    assert Delivery.objects.get().state == "dead"
    tell_by_webhook(owner)
    assert go() == []


def test_what_was_asked_to_wait_is_not_tried_earlier(owner, receiver, webhook):
    receiver.reply = Reply(503, {"Retry-After": "3600"})
    tell_by_webhook(owner)
    start = timezone.now()
    go()
    assert Delivery.objects.get().due_at >= start + timedelta(hours=1)
    assert go(minutes=55) == []


def test_the_second_attempt_has_the_same_bytes_and_id(owner, receiver, webhook):
    receiver.replies.append(Reply(500))
    tell_by_webhook(owner)
    go()
    go(minutes=10)
    first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert Delivery.objects.get().state == "sent"


def test_thirty_comments_on_one_thing_are_one_unread_row_and_two_webhooks(owner, watcher, receiver, webhook):
    kind = publish_and_route("review.comment", source=JOB).event_type
    NotificationPreference.objects.create(user=owner, event_type=kind, channels=["in_app", "webhook"])
    Membership.objects.create(user=owner, **JOB.columns("entity"), role="owner")
    for _ in range(30):
        publish_and_route("review.comment", source=JOB, actor=watcher)
    assert [one.state for one in go()] == ["sent"]
    release_due(now=timezone.now() + timedelta(minutes=6))
    assert [one.state for one in go(minutes=7)] == ["sent"]
    assert (state(owner.pk).unread_count, len(receiver.requests)) == (1, 2)
