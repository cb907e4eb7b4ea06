"""Requests of the Python client: what it sends, when it sends it again, and when it gives up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from carillon_client import Carillon, RefusedError, UnavailableError

from tests.delivery.fakes.http_receiver import Receiver, Reply
from tests.processes import free_port

BUSY = Reply(503, {"Retry-After": "1"}, b'{"code": "busy", "detail": "Wait."}')


def reply(value: Any, **headers: str) -> Reply:
    return Reply(200, headers, json.dumps(value).encode())


def keys(site: Receiver) -> list[str]:
    return [request.headers["idempotency-key"] for request in site.requests]


def test_an_event_is_sent_with_all_that_was_said_of_it(site, carillon):
    site.reply = reply({"id": 7})
    event = carillon.publish("job.completed", source=("job", 42), actor=2, project_id=3, to=[4], key="shot-42")
    sent = site.last
    assert (event["id"], sent.method, sent.path, keys(site)) == (7, "POST", "/api/v1/events", ["shot-42"])
    assert sent.headers["authorization"] == "Bearer crl_1"
    assert json.loads(sent.body) == {
        "event_type": "job.completed", "source_entity_type": "job", "source_entity_id": 42, "actor_user_id": 2,
        "project_id": 3, "to": [4], "payload": {},
    }  # fmt: skip


def test_a_repeat_has_the_same_key_and_waits_as_long_as_asked(site, carillon, pauses):
    site.replies.extend([BUSY, BUSY])
    site.reply = reply({"id": 7})
    carillon.publish("job.completed")
    assert (len(set(keys(site))), len(site.requests), pauses) == (1, 3, [1, 1])


def test_two_calls_have_two_keys(site, carillon):
    site.reply = reply({"id": 7})
    carillon.publish("job.completed")
    carillon.publish("job.completed")
    assert len(set(keys(site))) == 2


def test_a_date_is_waited_for_too(site, carillon, pauses):
    then = datetime.now(UTC) + timedelta(seconds=3)
    site.replies.append(Reply(429, {"Retry-After": format_datetime(then, usegmt=True)}, BUSY.body))
    site.reply = reply({"id": 7})
    carillon.publish("job.completed")
    assert 0 < pauses[0] <= 3


@pytest.mark.parametrize("lost", [Reply(close=True), Reply(502, body=b"<html>"), Reply(raw=b"HTTP/1.1 2")])
def test_a_lost_answer_is_asked_for_again(site, carillon, pauses, lost):
    site.replies.append(lost)
    site.reply = reply({"id": 7})
    assert carillon.publish("job.completed")["id"] == 7
    assert (len(set(keys(site))), len(pauses)) == (1, 1)


def test_what_is_refused_is_not_sent_again(site, carillon):
    problem = {"code": "unknown_event_type", "detail": "No.", "errors": [{"field": "event_type"}]}
    site.reply = Reply(400, {}, json.dumps(problem).encode())
    with pytest.raises(RefusedError, match="400 unknown_event_type: No") as caught:
        carillon.publish("job.x")
    assert (caught.value.code, caught.value.errors, len(site.requests)) == ("unknown_event_type", problem["errors"], 1)


def test_a_429_without_a_time_is_one_that_waiting_does_not_help(site, carillon):
    site.reply = Reply(429, {}, b'{"code": "rate_limited", "detail": "Too many at once."}')
    with pytest.raises(RefusedError, match="rate_limited"):
        carillon.publish_many([{"event_type": "job.completed"}])
    assert len(site.requests) == 1


def test_who_is_asked_to_wait_beyond_the_deadline_is_told_at_once(site, carillon, pauses):
    site.reply = Reply(429, {"Retry-After": "60"}, b'{"code": "rate_limited", "detail": "Later."}')
    with pytest.raises(RefusedError, match="rate_limited"):
        carillon.publish("job.completed")
    assert pauses == []


@pytest.mark.parametrize("silent", [Reply(hang=True), Reply(200, {}, b"x" * 1000, drip=0.05)])
def test_a_site_that_never_ends_its_answer_is_given_up_at_the_deadline(site, silent):
    site.reply = silent
    with pytest.raises(UnavailableError, match="no answer"):
        Carillon(site.url, key="crl_1", deadline=0.3).publish("job.completed")
    assert len(site.requests) == 1


def test_nobody_there_is_said(pauses):
    with pytest.raises(UnavailableError, match="refused"):
        Carillon(f"http://127.0.0.1:{free_port()}", key="crl_1", deadline=1).publish("job.completed")


def test_many_go_by_the_thousand_each_with_a_key_of_its_own(site, carillon):
    site.reply = reply([{"id": 7}])
    events = carillon.publish_many(({"event_type": "job.completed"} for _ in range(2001)), key="night")
    assert keys(site) == ["night", "night.1", "night.2"]
    assert [len(json.loads(request.body)) for request in site.requests] == [1000, 1000, 1]
    assert len(events) == 3


def test_none_are_no_request(site, carillon):
    assert carillon.publish_many([]) == []
    assert site.requests == []


def test_pages_are_followed_but_never_to_another_host(site, carillon):
    first = '<https://elsewhere.example/api/v1/notifications>; rel="first"'
    following = '<https://elsewhere.example/api/v1/notifications?cursor=9-4>; rel="next"'
    site.replies.append(reply([{"id": 2}], Link=f"{first}, {following}"))
    site.reply = reply([{"id": 1}], Link=first)
    assert [row["id"] for row in carillon.feed(unread_only=True)] == [2, 1]
    assert [request.path for request in site.requests] == [
        "/api/v1/notifications?unread_only=true",
        "/api/v1/notifications?cursor=9-4",
    ]


def test_a_delivery_is_sent_again(site, carillon):
    site.reply = reply({"id": 5, "state": "pending"})
    assert carillon.resend(5)["state"] == "pending"
    assert (site.last.method, site.last.path) == ("POST", "/api/v1/deliveries/5/resend")


@pytest.mark.parametrize("url", ["carillon.example.com", "ftp://x", ""])
def test_what_is_no_site_is_refused_with_what_is(url):
    with pytest.raises(ValueError, match=r"write one like https://carillon\.example\.com"):
        Carillon(url, key="crl_1")
