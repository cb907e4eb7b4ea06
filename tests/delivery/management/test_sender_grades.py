"""Grades of a sender: who keeps every rule passes all, and each rule broken is found by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from delivery.channels.webhook import signing
from delivery.management.sender_grades import ELSEWHERE, RETRY_AFTER, TOLERANCE, Attempt, Examination

KEY, OTHER = b"k" * 32, b"o" * 32
THEN = 1_774_785_600
Change = Callable[[Attempt], Attempt]


def attempt(message: int, *, at: float, **headers: str) -> Attempt:
    body = f'{{"n": {message}}}'.encode()
    stamp = headers.pop("timestamp", str(int(at)))
    signed = signing.headers(body, message_id=headers.pop("id", f"m{message}"), timestamp=int(stamp), keys=[OTHER, KEY])
    return Attempt("POST", "/", {**signed, "content-type": "application/json; charset=utf-8"}, body, at, ended=at)


def examined(change: Change = lambda one: one, *, wait: float = 5.0, again: bool = False, late: bool = False) -> Any:
    """Three messages of a good sender, each attempt changed so. Retries come `wait` seconds after the one before."""
    seen, at = Examination(), float(THEN)
    for message, attempts in enumerate([3, 3 + again, 1 + late]):
        for _ in range(attempts):
            seen.note(change(attempt(message, at=at)))
            at += wait
    return seen


def broken(seen: Examination) -> list[str]:
    return [rule for rule, is_kept in seen.grades(KEY).items() if not is_kept]


def with_header(name: str, value: str) -> Change:
    return lambda one: replace(one, headers={**one.headers, name: value})


def only_later(change: Change) -> Change:
    """Change all attempts but the first."""
    return lambda one: change(one) if one.at > THEN else one


def test_a_good_sender_keeps_every_rule():
    assert broken(examined()) == []


def test_of_a_sender_that_sends_nothing_nothing_is_known():
    assert set(Examination().grades(KEY).values()) == {False}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda one: replace(one, method="PUT"), "attempts are POST requests"),
        (with_header("content-type", "text/plain"), "the body is JSON, and Content-Type says so"),
        (with_header("webhook-timestamp", "2026-03-29T12:00:00Z"), "webhook-timestamp is in seconds, and near"),
        (with_header("webhook-signature", "sha256=abc"), "webhook-signature lists version,signature"),
        (with_header("webhook-signature", "v1,YQ== v1a,YQ=="), "a v1 signature fits id, timestamp, body and secret"),
        (only_later(lambda one: replace(one, body=one.body + b" ")), "the body stays over retries, byte by byte"),
        (lambda one: replace(one, at=one.at + TOLERANCE), "webhook-timestamp is in seconds, and near"),
    ],
)
def test_what_is_wrong_with_an_attempt_is_found(change, rule):
    assert rule in broken(examined(change))


def test_a_missing_id_and_one_with_a_full_stop_are_found():
    rule = "webhook-id is there, without a full stop"
    assert rule in broken(examined(with_header("webhook-id", "")))
    assert rule in broken(examined(with_header("webhook-id", "m.1")))


def test_another_id_for_a_retry_is_found():
    def change(one: Attempt) -> Attempt:
        message = one.body.decode()[6]
        return replace(one, headers=attempt(int(message), at=one.at, id=f"m{message}-{one.at:.0f}").headers)

    assert broken(examined(change)) == ["the id stays over retries"]


def test_the_first_attempt_s_timestamp_on_a_retry_is_found():
    def change(one: Attempt) -> Attempt:
        message = one.body.decode()[6]
        return replace(one, headers=attempt(int(message), at=one.at, timestamp=str(THEN)).headers)

    assert broken(examined(change)) == ["the timestamp is each attempt's own"]


def test_a_body_that_is_no_json_is_found():
    assert "the body is JSON, and Content-Type says so" in broken(examined(lambda one: replace(one, body=b"n=1")))


def test_who_comes_before_retry_after_is_found():
    assert broken(examined(wait=RETRY_AFTER - 0.5)) == ["Retry-After is obeyed"]


def test_who_repeats_what_was_taken_is_found():
    assert broken(examined(again=True)) == ["200 is not retried"]


def test_who_goes_on_after_410_is_found():
    assert broken(examined(late=True)) == ["410 ends all that goes to this URL"]


def test_who_follows_a_redirect_is_found():
    seen = examined()
    seen.note(replace(attempt(1, at=THEN), path=ELSEWHERE))
    assert broken(seen) == ["a redirect is not followed"]


@pytest.mark.parametrize(("failure", "rule"), [(0, "500 is retried"), (1, "an attempt that hangs is retried")])
def test_who_gives_up_is_found(failure, rule):
    seen = Examination()
    for number in range(failure + 1):
        seen.note(attempt(0, at=THEN + number))
    assert rule in broken(seen)


def test_while_a_retry_is_waited_for_others_are_taken_and_nothing_is_gone():
    seen = Examination()
    for message in range(4):
        seen.note(attempt(message, at=THEN))
    assert [attempts[-1].answer for _script, attempts in seen.messages] == [500, 302, 200, 200]
