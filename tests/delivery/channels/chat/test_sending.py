"""Messages on their way to a real receiver, through Apprise: what it answers, and what it can't make us do."""

from __future__ import annotations

import json
import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from delivery import addresses
from delivery.channels import Held
from delivery.channels.chat import channel
from delivery.channels.network import resolver
from delivery.models import Address
from notifications.models import Notification, Summary
from tests.delivery.factories.chat_messages import ANYBODY, outgoing, send
from tests.delivery.factories.emails import THEN, event
from tests.delivery.fakes.http_receiver import Reply
from tests.own_settings import own


@pytest.fixture
def url(receiver) -> str:
    return f"json://127.0.0.1:{receiver.port}/room"


def test_it_says_what_happened_with_the_way_there(receiver, url):
    outcome = send(outgoing(url, of=event()))
    said = json.loads(receiver.last.body)
    assert (outcome.state, outcome.http_status, outcome.connected_to) == ("sent", 200, f"127.0.0.1:{receiver.port}")
    assert said["title"] == "Shot 039 failed"
    assert said["message"] == "CUDA out of memory\nhttp://localhost:8000/notifications/11/open/"


def test_every_attempt_says_the_same(url):
    assert outgoing(url, of=event()).delivery.body == outgoing(url, of=event()).delivery.body


def test_a_summary_lists_the_newest_and_says_how_many_more(receiver, url):
    held = [Held(Notification(pk=number), event(payload={"name": f"Shot {number}"})) for number in range(50)]
    summary = Summary(pk=2, kind="digest", count=300, by_type={"job.failed": 300}, created_at=THEN)
    send(outgoing(url, summary=summary, held=held))
    said = json.loads(receiver.last.body)
    assert said["title"] == "300 jobs failed"
    assert "• Shot 9 failed\n+ 290 more\nhttp://localhost:8000/notifications/summaries/2/" in said["message"]


def test_nobody_is_called_together_by_a_payload(url):
    made = outgoing(url, of=event(payload={"name": "@everyone @here <!channel> <@U1> a@b.org", "error": "@all"}))
    said = bytes(made.delivery.body or b"").decode()
    assert not [call for call in ("@everyone", "@here", "<!", "<@U", "@all") if call in json.loads(said)["title"]]
    assert "a@b.org" in said


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, ("retry", "chat_failed", "theirs")),
        (400, ("dead", "chat_refused", "theirs")),
        (401, ("dead", "chat_refused", "theirs")),
        (404, ("dead", "chat_refused", "theirs")),
        (410, ("dead", "chat_refused", "theirs")),
        (408, ("retry", "chat_failed", "unknown")),
        (429, ("retry", "too_many_requests", "ours")),
        (500, ("retry", "chat_failed", "unknown")),
        (503, ("retry", "chat_failed", "ours")),
    ],
)
def test_an_answer_means_what_it_means_to_the_service(receiver, url, status, expected):
    receiver.reply = Reply(status=status, body=b"no such room")
    outcome = send(outgoing(url))
    assert (outcome.state, outcome.reason, outcome.whose) == expected
    assert outcome.http_status == status


def test_any_two_hundred_will_do(receiver, url):
    receiver.reply = Reply(status=204)
    assert send(outgoing(url)).state == "sent"


def test_who_asks_to_wait_is_waited_for(receiver, url):
    receiver.reply = Reply(status=429, headers={"Retry-After": "120"})
    wait, before = timedelta(seconds=120), timezone.now()
    outcome = send(outgoing(url))
    assert outcome.retry_at is not None
    assert before + wait <= outcome.retry_at <= timezone.now() + wait


def test_redirects_are_not_followed(receiver, url):
    receiver.by_path["/room"] = Reply(status=302, headers={"Location": f"{receiver.url}/elsewhere"})
    send(outgoing(url))
    assert [one.path for one in receiver.requests] == ["/room"]


# All but the first would be over, and good, before the usual deadline.
@pytest.mark.parametrize("reply", [Reply(hang=True), Reply(drip=0.05), Reply(body=b"x" * 60, drip=0.05)])
def test_one_deadline_ends_it_whatever_it_waits_for(receiver, url, reply, monkeypatch):
    monkeypatch.setattr(channel, "LONGEST_ATTEMPT", 0.1)
    receiver.reply = reply
    outcome = send(outgoing(url))
    assert (outcome.state, outcome.reason) == ("retry", "timeout")


def test_of_an_endless_answer_so_much_is_read(receiver, url):
    receiver.reply = Reply(body=b"x" * 65536, endless=True)
    assert send(outgoing(url)).state == "sent"
    assert receiver.sent < 50_000_000


def test_a_receiver_that_closes_is_tried_again(receiver, url):
    receiver.reply = Reply(close=True)
    outcome = send(outgoing(url))
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "closed", "unknown")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"])
def test_staff_reaches_no_further_than_webhooks(host, settings):
    """Outside WEBHOOK_ALLOWED_NETWORKS, whatever the name turns out to be when it is connected to."""
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[])
    outcome = send(outgoing(f"json://{host}:9/"))
    # Apprise itself takes some of them for no host at all.
    assert outcome.reason in ("blocked_address", "dns", "our_dns", "chat_refused")
    assert (outcome.connected_to, outcome.http_status) == ("", None)


def test_a_name_that_is_rebound_leads_nowhere(receiver, settings, monkeypatch):
    """One look-up: what was vetted is what is connected to."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    monkeypatch.setattr(resolver, "lookup", lambda _host: next(answers))
    assert send(outgoing(f"json://rebound.example:{receiver.port}/")).state == "sent"
    assert receiver.last.headers["host"] == f"rebound.example:{receiver.port}"
    assert send(outgoing(f"json://rebound.example:{receiver.port}/")).reason == "blocked_address"


def test_proxies_of_the_environment_are_not_asked(receiver, url, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send(outgoing(url)).state == "sent"


def test_no_login_of_the_machine_s_own_is_given_away(receiver, url, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login root password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    send(outgoing(url))
    assert "authorization" not in receiver.last.headers


def test_who_is_no_longer_staff_sends_no_further(receiver, url):
    assert send(outgoing(url, user=ANYBODY)).reason == "unknown_service"
    assert receiver.requests == []


def test_a_secret_that_can_t_be_read_waits_and_is_ours(receiver, url):
    made = outgoing(url)
    made.address.secret = "sealed under another key"
    outcome = send(made)
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "secret_unreadable", "ours")
    assert receiver.requests == []


def test_no_token_reaches_the_log_or_the_excerpt(receiver, caplog, settings):
    caplog.set_level(logging.DEBUG)
    receiver.reply = Reply(close=True)
    outcome = send(outgoing(f"json://user:hunter2@127.0.0.1:{receiver.port}/s3cret"))
    assert "hunter2" not in caplog.text + outcome.excerpt
    assert "s3cret" not in caplog.text + outcome.excerpt


@pytest.mark.django_db
def test_what_is_stored_is_sealed_and_masked(owner):
    url = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    made = addresses.create(owner, kind="chat", target=url, now=THEN)
    row = Address.objects.get(pk=made.address.pk)
    assert (row.target, made.secret) == ("Slack …D4JD", "")
    assert "TIiajk" not in row.secret
    assert row.verified_at == THEN
