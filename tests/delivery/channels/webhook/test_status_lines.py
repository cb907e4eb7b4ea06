"""Answers by their status line: what follows it, however odd, long or cut off, takes back nothing of what it said."""

from __future__ import annotations

import pytest

from delivery import channels
from tests.delivery.factories import webhook_attempts
from tests.delivery.fakes.http_receiver import Reply

_ODD = {
    "a header of 5 KB": b"X-Long: " + b"x" * 5_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "a header of 100 KB": b"X-Long: " + b"x" * 100_000 + b"\r\n\r\n",
    "seventy headers": b"X-Many: 1\r\n" * 70 + b"Content-Length: 0\r\n\r\n",
    "ten thousand headers": b"X-Many: 1\r\n" * 10_000 + b"\r\n",
    "a header without a colon": b"no colon here\r\n\r\n",
    "a space in a header's name": b"Not A Name: 1\r\nContent-Length: 0\r\n\r\n",
    "two lengths": b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a length that is none": b"Content-Length: much\r\n\r\n",
    "no chunks": b"Transfer-Encoding: chunked\r\n\r\nnot-a-number\r\n",
    "a chunk that is cut": b"Transfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    "half the head": b"X-Half: ",
    "half the body": b"Content-Length: 9\r\n\r\nhalf",
    "no length": b"\r\nall there is",
    "what claims to be packed": b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno",
}
_LINES = {
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "an empty reason": b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
    "a reason in bytes": b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
    "LF alone": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "100 before": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "103 before": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "103 before what is cut": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nX-Half",
    "100 before what is broken, by LF": b"HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\nno colon\n\n",
}


@pytest.mark.parametrize("rest", _ODD.values(), ids=_ODD)
def test_a_2xx_is_delivered_whatever_follows(receiver, rest):
    receiver.reply = Reply(raw=b"HTTP/1.1 200 OK\r\n" + rest)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.http_status, outcome.connected_to) == ("sent", 200, "127.0.0.1")
    assert len(outcome.excerpt) <= 500


@pytest.mark.parametrize("line", _LINES.values(), ids=_LINES)
def test_a_2xx_is_delivered_however_it_is_spelled(receiver, line):
    receiver.reply = Reply(raw=line)
    assert webhook_attempts.post(receiver.url).state == "sent"


@pytest.mark.parametrize("rest", _ODD.values(), ids=_ODD)
@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [(302, "retry", "http_3xx"), (404, "retry", "http_4xx"), (410, "dead", "gone"), (503, "retry", "http_5xx")],
)
def test_every_other_status_keeps_its_meaning_too(receiver, rest, status, state, reason):
    receiver.reply = Reply(raw=b"HTTP/1.1 %d Told\r\n" % status + rest)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.reason, outcome.http_status) == (state, reason, status)
    assert outcome.disables == (status == 410)


def test_what_an_answer_asks_for_is_kept_when_its_body_is_cut(receiver):
    receiver.reply = Reply(raw=b"HTTP/1.1 503 Busy\r\nRetry-After: 90\r\nContent-Length: 9\r\n\r\nhalf")
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.retry_at is not None, outcome.excerpt) == (True, "half")


@pytest.mark.parametrize(
    "rest", [b"Content-Length: 9\r\n\r\nhalf", b"X-Half: "], ids=["half the body", "half the head"]
)
def test_a_2xx_is_delivered_when_the_rest_never_comes(receiver, monkeypatch, rest):
    monkeypatch.setattr(channels.named("webhook"), "deadline", 0.3)
    receiver.reply = Reply(raw=b"HTTP/1.1 204 Fine\r\n" + rest, stays_open=True)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.http_status) == ("sent", 204)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 20",
        b"HTTP/1.1 200",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\nHTTP/1.1 200 OK\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["half a status", "half a line", "four digits", "only 100", "200 within 100", "another protocol"],
)
def test_what_is_no_status_line_is_tried_again(receiver, raw):
    receiver.reply = Reply(raw=raw)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.http_status, outcome.whose) == ("retry", None, "theirs")


def test_a_connection_that_is_used_again_remembers_no_status(receiver):
    one = webhook_attempts.outgoing(webhook_attempts.address(receiver.url))
    receiver.replies.extend([Reply(200), Reply(close=True)])
    first, second = webhook_attempts.send(one, one)
    assert (first.state, second.state, second.reason, receiver.connections) == ("sent", "retry", "closed", 1)
