"""What a mail provider reports later through django-anymail is charged to the address that it is about."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from typing import Any

import pytest
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.test import RequestFactory

from delivery.address_health import bounces
from delivery.channels import Outgoing
from delivery.models import Address
from events import rendering
from events.models import Event
from tests.delivery.factories.deliveries import NOON, address, delivery

pytestmark = pytest.mark.django_db

BOX = "box@example.org"


@pytest.fixture
def box(owner) -> Address:
    return address(owner, kind="email", target=BOX)


def report(event_type: str, reject_reason: str | None = None, *, to: str = BOX, **more: Any) -> None:
    event = AnymailTrackingEvent(event_type=event_type, reject_reason=reject_reason, recipient=to, **more)
    bounces.record(event, now=NOON)


def state(box: Address) -> tuple[bool, str, int]:
    box.refresh_from_db()
    return box.is_enabled, box.disabled_reason, box.failures


@pytest.mark.parametrize(
    ("event_type", "reject_reason", "says"),
    [
        (EventType.BOUNCED, RejectReason.BOUNCED, "bounced"),
        (EventType.BOUNCED, RejectReason.INVALID, "bounced"),
        (EventType.REJECTED, RejectReason.BOUNCED, "bounced"),
        (EventType.COMPLAINED, None, "complained"),
        (EventType.REJECTED, RejectReason.SPAM, "complained"),
    ],
)
def test_a_mailbox_that_is_gone_is_switched_off(box, event_type, reject_reason, says):
    report(event_type, reject_reason)
    assert state(box)[:2] == (False, says)


def test_its_owner_is_told_why_in_a_sentence(box):
    report(EventType.COMPLAINED)
    [event] = Event.objects.filter(event_type__name="system.address_disabled").select_related("event_type")
    said = rendering.render(event, event.event_type)
    assert said.title == f"E-mail {BOX} was paused"
    assert said.body.startswith("Somebody reported an e-mail to this address as spam, so we send no more there.")


@pytest.mark.parametrize(
    "more",
    [
        {"reject_reason": RejectReason.TIMED_OUT},
        {"reject_reason": RejectReason.BOUNCED, "esp_event": {"Type": "SoftBounce"}},
        {"reject_reason": RejectReason.BOUNCED, "description": "Transient: MailboxFull"},
        {"reject_reason": RejectReason.BOUNCED, "mta_response": "452 4.2.2 mailbox full"},
    ],
)
def test_one_that_bounces_for_now_has_failed_and_stays(box, more):
    report(EventType.BOUNCED, **more)
    assert state(box) == (True, "", 1)
    [event] = Event.objects.filter(event_type__name="system.address_failing")
    assert event.payload["reason"] == "An e-mail to this address came back. Its mailbox may be full."


@pytest.mark.parametrize(
    ("event_type", "reject_reason"),
    [
        (EventType.DELIVERED, None),
        (EventType.DEFERRED, None),
        (EventType.OPENED, None),
        (EventType.REJECTED, RejectReason.BLOCKED),
        (EventType.FAILED, None),
    ],
)
def test_what_says_nothing_of_the_mailbox_changes_nothing(box, event_type, reject_reason):
    report(event_type, reject_reason)
    assert state(box) == (True, "", 0)


def test_the_recipient_is_found_under_whatever_case_and_for_each_who_has_it(box, member):
    other, elsewhere = address(member, kind="email", target=BOX.upper()), address(member, kind="webhook", target=BOX)
    report(EventType.BOUNCED, RejectReason.BOUNCED, to="Box@Example.org")
    assert [state(one)[0] for one in (box, other, elsewhere)] == [False, False, True]


def test_the_message_id_names_the_one_whoever_it_was_forwarded_to(box, owner, member):
    made = delivery(address(member, kind="email", target="old@example.org"))
    message_id = Outgoing(delivery=made, address=made.address, user=member).message_id
    report(EventType.BOUNCED, RejectReason.BOUNCED, message_id=f"<{message_id}@example.com>")
    assert [state(one)[0] for one in (box, made.address)] == [True, False]


@pytest.mark.parametrize("to", ["", "nobody@example.org", None])
def test_an_unknown_recipient_is_nobodys(box, to):
    report(EventType.BOUNCED, RejectReason.BOUNCED, to=to, message_id="<msg_20260304120000_999@example.com>")
    assert state(box) == (True, "", 0)


def test_reported_twice_it_is_told_once(box):
    for _ in range(2):
        report(EventType.BOUNCED, RejectReason.BOUNCED)
    assert Event.objects.filter(event_type__name="system.address_disabled").count() == 1


def test_a_provider_s_request_gets_this_far(box, settings):
    settings.ANYMAIL = {"WEBHOOK_SECRET": "carillon:secret"}
    said = {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, "ID": 42, "Email": BOX, "MessageID": "abc"}
    request = RequestFactory().post(
        "/anymail/postmark/tracking/",
        json.dumps(said),
        content_type="application/json",
        headers={"authorization": "Basic " + base64.b64encode(b"carillon:secret").decode()},
    )
    assert PostmarkTrackingWebhookView.as_view()(request).status_code == 200
    assert state(box)[:2] == (False, "bounced")


def test_without_it_nothing_of_it_is_imported():
    said = "import django; django.setup(); import sys; print('anymail' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", said], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_a_secret_in_the_environment_installs_it_with_its_addresses():
    said = (
        "import django; django.setup(); from django.urls import reverse; import sys; "
        "print(reverse('anymail:postmark_tracking_webhook'), 'delivery.address_health.bounces' in sys.modules)"
    )
    env = ENVIRONMENT | {"ANYMAIL_WEBHOOK_SECRET": "carillon:secret"}
    run = subprocess.run([sys.executable, "-c", said], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["/anymail/postmark/tracking/", "True"]


ENVIRONMENT = {"DEBUG": "true", "DJANGO_SETTINGS_MODULE": "config.settings"}
