"""Standard Webhooks: what arrives verifies with the official library, and with a second one written from the text."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from delivery.channels.webhook import signing
from delivery.encryption import seal
from events.db import clock
from tests.delivery.factories import webhook_attempts
from tests.delivery.factories.webhook_attempts import SECRET, address, outgoing, send

OTHER = signing.new_secret()


def verified(request, secret: str) -> bool:
    """By the text of the specification alone: HMAC spelled out (RFC 2104), five minutes of tolerance."""
    key = base64.b64decode(secret.split("_", 1)[1])
    block = key.ljust(64, b"\0") if len(key) <= 64 else hashlib.sha256(key).digest().ljust(64, b"\0")
    inner, outer = bytes(one ^ 0x36 for one in block), bytes(one ^ 0x5C for one in block)
    head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    digest = hashlib.sha256(outer + hashlib.sha256(inner + head.encode() + request.body).digest()).digest()
    own = "v1," + base64.b64encode(digest).decode()
    is_fresh = abs(request.at - int(request.headers["webhook-timestamp"])) <= 300
    return is_fresh and own in request.headers["webhook-signature"].split(" ")


def test_the_golden_vector():
    headers = signing.headers(
        b'{"test": 2432232314}',
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        keys=webhook_attempts.keys(SECRET),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_what_arrives_verifies_with_both(receiver):
    send(outgoing(address(receiver.url), of=webhook_attempts.event({"text": 'Grüße 🎬 \u2028 " \\'})))
    assert Webhook(SECRET).verify(receiver.last.body, receiver.last.headers)["payload"]["text"].startswith("Grüße")
    assert verified(receiver.last, SECRET)
    assert not verified(receiver.last, OTHER)


def test_every_attempt_has_the_same_id_and_bytes_and_a_fresh_time(receiver, monkeypatch):
    one = outgoing(address(receiver.url), of=webhook_attempts.event())
    start = datetime.now(UTC)
    for seconds in (0, 7):
        at = start + timedelta(seconds=seconds)
        monkeypatch.setattr("delivery.channels.webhook.session.clock.known", partial(lambda at: at, at))
        send(one)
    first, second = receiver.requests
    assert first.body == second.body == one.delivery.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == one.message_id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 7
    assert all(verified(request, SECRET) for request in receiver.requests)


@pytest.mark.service
def test_a_worker_whose_clock_is_hours_off_signs_with_the_time_of_the_database(receiver, monkeypatch):
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + timedelta(hours=2))
    send(outgoing(address(receiver.url), of=webhook_attempts.event()))
    assert verified(receiver.last, SECRET)


@pytest.mark.service
def test_nothing_is_signed_without_the_time_of_the_database(receiver, monkeypatch):
    monkeypatch.setattr(clock, "_last", None)
    with pytest.raises(LookupError):
        send(outgoing(address(receiver.url), of=webhook_attempts.event()))
    assert receiver.requests == []


@pytest.mark.parametrize(("hours", "count"), [(1, 2), (-1, 1)])
def test_during_a_rotation_both_secrets_sign_and_after_it_the_new_one_alone(receiver, hours, count):
    until = datetime.now(UTC) + timedelta(hours=hours)
    send(outgoing(address(receiver.url, secret=seal(OTHER), previous_secret=seal(SECRET), previous_secret_until=until)))
    assert len(receiver.last.headers["webhook-signature"].split(" ")) == count
    assert verified(receiver.last, OTHER)
    assert verified(receiver.last, SECRET) is (count == 2)


def test_a_changed_body_does_not_verify(receiver):
    send(outgoing(address(receiver.url)))
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(receiver.last.body + b" ", receiver.last.headers)


def test_a_secret_under_a_lost_key_is_ours_and_sends_nothing(receiver, settings):
    one = outgoing(address(receiver.url))
    settings.SECRET_KEY = "another key that is long enough to be one, and random"
    outcome = send(one)[0]
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "secret_unreadable", "ours")
    assert not receiver.requests


def test_a_secret_that_was_rotated_because_it_is_lost_signs_at_once(receiver, settings):
    until = datetime.now(UTC) + timedelta(hours=24)
    lost = seal(OTHER)
    settings.SECRET_KEY = "another key that is long enough to be one, and random"
    send(outgoing(address(receiver.url, secret=seal(SECRET), previous_secret=lost, previous_secret_until=until)))
    assert verified(receiver.last, SECRET)


def test_the_keys_of_before_still_open_secrets(receiver, settings):
    one = outgoing(address(receiver.url))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough to be one, and random"
    assert send(one)[0].state == "sent"
    assert verified(receiver.last, SECRET)


def test_secrets_are_long_and_random():
    made = {signing.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(24 <= len(signing.key_of(one)) <= 64 for one in made)
