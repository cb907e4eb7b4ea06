"""What a receiver's answer means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery import reasons
from delivery.channels.network import http_outcome
from delivery.channels.network.http_outcome import judge, retry_at
from tests.delivery.factories import webhook_attempts
from tests.delivery.fakes.http_receiver import Reply

NOW = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (200, "sent", ""),
        (202, "sent", ""),
        (299, "sent", ""),
        (101, "retry", "not_http"),
        (300, "retry", "http_3xx"),
        (301, "retry", "http_3xx"),
        (304, "retry", "http_3xx"),
        (308, "retry", "http_3xx"),
        (400, "retry", "http_4xx"),
        (401, "retry", "http_4xx"),
        (404, "retry", "http_4xx"),
        (410, "dead", "gone"),
        (429, "retry", "too_many_requests"),
        (500, "retry", "http_5xx"),
        (503, "retry", "http_5xx"),
        (999, "retry", "not_http"),
    ],
)
def test_two_hundreds_are_success_and_nothing_else_is(status, state, reason):
    outcome = judge(status, {}, now=NOW)
    assert (outcome.state, outcome.reason, outcome.http_status) == (state, reason, status)
    assert outcome.disables is (status == 410)


def at(**delta: float) -> str:
    return format_datetime(NOW + timedelta(**delta), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": " 5 "}, 5),
        ({"Retry-After": "86400"}, 86400),
        ({"Retry-After": "86401"}, 86400),
        ({"Retry-After": "9" * 4000}, 86400),
        ({"Retry-After": at(minutes=2), "Date": at()}, 120),
        ({"Retry-After": at(minutes=2, hours=-5), "Date": at(hours=-5)}, 120),
        ({"Retry-After": at(days=40), "Date": at()}, 86400),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT", "Date": at()}, 86400),
        ({"Retry-After": "Sunday, 01-Mar-26 12:02:00 GMT", "Date": at()}, 120),
        ({"Retry-After": "Sun Mar  1 12:02:00 2026", "Date": at()}, 120),
    ],
)
def test_the_wait_that_was_asked_for(headers, seconds):
    assert retry_at(headers, now=NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value", ["", "0", "-5", "soon", "1.5", "٣", "1 2", "0x10", at(minutes=-1), "Sun, 99 Mar 2026 12:00:00 GMT", "²"]
)
def test_no_wait_that_can_be_read(value):
    assert retry_at({"Retry-After": value}, now=NOW) is None


def test_a_date_without_the_answers_own_counts_from_our_clock():
    assert retry_at({"Retry-After": at(minutes=2)}, now=NOW) == (NOW + timedelta(minutes=2)).replace(microsecond=0)


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_it_says_the_wait_is_within_a_day(asked, date):
    found = retry_at({"Retry-After": asked, "Date": date}, now=NOW)
    assert found is None or NOW < found <= NOW + timedelta(days=1)


@given(st.integers(1, 80_000), st.integers(-90_000, 90_000))
def test_never_earlier_than_asked_whatever_the_receivers_clock_shows(seconds, skew):
    theirs = NOW + timedelta(seconds=skew)
    headers = {"Retry-After": format_datetime(theirs + timedelta(seconds=seconds)), "Date": format_datetime(theirs)}
    assert retry_at(headers, now=NOW) == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("status", [429, 503])
def test_over_the_wire_in_seconds_and_as_a_date(receiver, status):
    dates = {"Date": "Sun, 01 Mar 2026 12:00:00 GMT", "Retry-After": "Sun, 01 Mar 2026 12:01:30 GMT"}
    receiver.replies += [Reply(status, {"Retry-After": "90"}), Reply(status, dates)]
    one = webhook_attempts.outgoing(webhook_attempts.address(receiver.url))
    start = datetime.now(UTC)
    for outcome in webhook_attempts.send(one, one):
        assert outcome.retry_at is not None
        assert 90 <= (outcome.retry_at - start).total_seconds() < 150
        assert (outcome.state, outcome.http_status) == ("retry", status)


def test_only_who_is_overloaded_is_waited_for():
    assert judge(500, {"Retry-After": "90"}, now=NOW).retry_at is None


@given(st.text())
def test_an_excerpt_is_one_short_line_that_can_be_shown_and_stored(text):
    shown = http_outcome.safe(text)
    assert len(shown) <= http_outcome.EXCERPT
    assert all(character.isprintable() for character in shown)


def test_every_code_of_an_attempt_has_its_sentence_without_addresses():
    codes = {judge(status, {}, now=NOW).reason for status in range(100, 600)} - {""}
    codes |= {"blocked_address", "dns", "our_dns", "our_network", "tls", "tls_certificate", "connect", "timeout"}
    codes |= {"closed", "not_http", "secret_unreadable", "invalid_url"}
    told = [reasons.sentence(code) for code in codes]
    assert len(set(told)) == len(codes)
    assert not any("It failed" in one or "127." in one for one in told)


def test_a_code_from_elsewhere_speaks_for_itself():
    assert "sms refused" in reasons.sentence("sms_refused")
    assert reasons.sentence("") == ""
