"""Services that ask for patience: the outbox waits, never one of our threads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from delivery.channels import Outcome
from tests.delivery.factories.chat_messages import outgoing, send
from tests.delivery.fakes.chat_service import chat_services
from tests.delivery.fakes.http_receiver import Reply

DISCORD = "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/-1001234567"
# As Discord answers: the service's moment to come back is far away.
BUSY = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4000000000"}


@pytest.fixture
def service(receiver, monkeypatch):
    chat_services(receiver, monkeypatch)
    return receiver


def answered(service: Any, url: str, reply: Reply) -> tuple[Outcome, timedelta]:
    """The outcome, with how long it asks to wait."""
    service.reply, before = reply, timezone.now()
    outcome = send(outgoing(url))
    assert outcome.retry_at is not None
    return outcome, outcome.retry_at - before


@pytest.mark.parametrize("name", ["Retry-After", "retry-after", "RETRY-AFTER"])
def test_a_retry_is_due_when_the_service_says(service, name):
    outcome, wait = answered(service, DISCORD, Reply(429, headers=BUSY | {name: "40"}))
    assert (outcome.state, outcome.reason, outcome.http_status) == ("retry", "too_many_requests", 429)
    assert timedelta(seconds=40) <= wait < timedelta(seconds=60)


@pytest.mark.parametrize(
    "body", [b'{"ok":false,"parameters":{"retry_after":40}}', b'{"message":"limited","retry_after":39.2,"global":true}']
)
def test_who_says_it_in_the_body_only_is_heard(service, body):
    _outcome, wait = answered(service, TELEGRAM, Reply(429, body=body))
    assert timedelta(seconds=40) <= wait < timedelta(seconds=60)


def test_a_fraction_in_the_header_is_read_from_the_body(service):
    reply = Reply(429, headers={"retry-after": "39.2"}, body=b'{"retry_after":39.2}')
    _outcome, wait = answered(service, DISCORD, reply)
    assert timedelta(seconds=40) <= wait < timedelta(seconds=60)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'"x"', b'{"retry_after":"soon"}', b'{"retry_after":null}', b'{"retry_after":1e999}', b"\xff"]
)
def test_what_can_t_be_read_follows_the_schedule(service, body):
    service.reply = Reply(429, body=body)
    outcome = send(outgoing(TELEGRAM))
    assert (outcome.state, outcome.reason, outcome.retry_at) == ("retry", "too_many_requests", None)


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_after_an_error_nothing_more_is_asked(service, status):
    service.reply = Reply(status, headers=BUSY)
    send(outgoing(DISCORD))
    assert [(one.method, one.path) for one in service.requests] == [
        ("POST", "/discord.com/api/webhooks/4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js")
    ]


def test_a_login_that_fails_ends_it(service):
    service.reply = Reply(503, headers={"Retry-After": "40"})
    outcome = send(outgoing("rockets://user:pass@chat.example.org/room"))
    assert (outcome.reason, len(service.requests)) == ("chat_failed", 1)


def test_services_that_take_several_requests_get_them(service):
    login = Reply(body=b'{"status":"success","data":{"authToken":"t","userId":"u"}}')
    service.replies.extend([login, Reply(), Reply(body=b'{"status":"success"}')])
    assert send(outgoing("rockets://user:pass@chat.example.org/room")).state == "sent"
    assert [one.path.rpartition("/")[2] for one in service.requests] == ["login", "chat.postMessage", "logout"]
