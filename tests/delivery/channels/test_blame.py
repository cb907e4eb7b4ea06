"""The table of whose failure it was: each row by an example, answers as real servers give them, and what each costs."""

from __future__ import annotations

import errno
import re
import smtplib
import ssl

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from delivery import reasons
from delivery.channels import blame
from delivery.channels.blame import TABLE, Whose

OURS, THEIRS, UNKNOWN = Whose.OURS, Whose.THEIRS, Whose.UNKNOWN

# One for each row, in the table's order.
EXAMPLES = [
    ("webhook ANSWER UnreadableSecretError", OURS, ""),
    ("chat CONNECT BlockedAddressError", THEIRS, ""),
    ("webhook ANSWER ResolverError", OURS, ""),
    ("smtp END OSError", UNKNOWN, ""),
    ("smtp CONNECT SMTPAuthenticationError", OURS, "server"),
    ("smtp CONNECT SSLError", OURS, "server"),
    ("smtp MAIL TimeoutError", OURS, "server"),
    ("smtp RCPT TimeoutError", OURS, ""),
    ("smtp CONNECT OSError", OURS, "server"),
    ("smtp DATA OSError", OURS, ""),
    ("smtp RCPT 421 4.3.2", OURS, "server"),
    ("smtp RCPT 530 5.7.0", OURS, "server"),
    ("smtp MAIL 552 -", UNKNOWN, "final"),
    ("smtp MAIL 450 -", OURS, "server"),
    ("smtp MAIL 550 5.1.0", OURS, "server"),
    ("smtp RCPT 554 5.7.1", OURS, ""),
    ("smtp RCPT 550 5.1.8", OURS, ""),
    ("smtp RCPT 451 4.3.0", OURS, ""),
    ("smtp RCPT 550 5.1.1", THEIRS, "final"),
    ("smtp RCPT 452 4.2.2", THEIRS, ""),
    ("smtp RCPT 503 5.5.1", OURS, ""),
    ("smtp RCPT 450 4.4.1", UNKNOWN, ""),
    ("smtp RCPT 550 -", THEIRS, "final"),
    ("smtp RCPT 450 -", THEIRS, ""),
    ("smtp END 552 -", UNKNOWN, "final"),
    ("smtp RCPT 554 -", UNKNOWN, ""),
    ("webhook ANSWER NameLookupError", THEIRS, ""),
    ("webhook ANSWER TimeoutError", THEIRS, ""),
    ("webhook ANSWER SSLCertVerificationError", THEIRS, ""),
    ("webhook ANSWER SSLError", THEIRS, ""),
    ("chat CONNECT EMFILE", OURS, ""),
    ("webhook ANSWER EHOSTUNREACH", UNKNOWN, ""),
    ("webhook ANSWER ClientConnectorError", THEIRS, ""),
    ("webhook ANSWER ServerDisconnectedError", THEIRS, ""),
    ("webhook ANSWER ClientError", THEIRS, ""),
    ("webhook ANSWER 410", THEIRS, "final"),
    ("webhook ANSWER 500", THEIRS, ""),
    ("chat CONNECT NameLookupError", OURS, "server"),
    ("chat ANSWER SSLError", OURS, "server"),
    ("chat CONNECT ValueError", THEIRS, ""),
    ("chat CONNECT Timeout", OURS, "server"),
    ("chat ANSWER Timeout", UNKNOWN, ""),
    ("chat CONNECT OSError", OURS, "server"),
    ("chat ANSWER OSError", UNKNOWN, ""),
    ("chat ANSWER Exception", UNKNOWN, ""),
    ("chat ANSWER 429", OURS, ""),
    ("chat ANSWER 503", OURS, ""),
    ("chat ANSWER 404", THEIRS, "final"),
    ("chat ANSWER 502", UNKNOWN, ""),
    ("chat ANSWER 302", THEIRS, ""),
]


@pytest.mark.parametrize(("row", "example"), list(zip(TABLE, EXAMPLES, strict=True)))
def test_each_row_is_reached_and_says_this(row, example):
    key, whose, more = example
    assert next(one for one in TABLE if re.match(one[0], key)) is row
    verdict = row[1]
    assert (verdict.whose, verdict.is_final, verdict.is_server) == (whose, more == "final", more == "server")


@pytest.mark.parametrize(
    ("step", "answer", "expected"),
    [
        ("RCPT", "554 5.7.1 relay", OURS),
        ("RCPT", "550 5.1.1 relay", OURS),
        ("RCPT", "550 5.7.26", OURS),
        ("RCPT", "451 4.7.1", OURS),
        ("END", "550 5.7.1", OURS),
        ("RCPT", "550 5.1.7", OURS),
        ("RCPT", "452 4.3.1", OURS),
        ("RCPT", "501 5.1.3", THEIRS),
        ("RCPT", "501 5.5.4", OURS),
        ("RCPT", "550 5.5.0", THEIRS),
        ("RCPT", "550 5.4.1", THEIRS),
        ("RCPT", "550 5.4.4", THEIRS),
        ("RCPT", "450 4.1.2", THEIRS),
        ("RCPT", "450 4.2.0", THEIRS),
        ("RCPT", "451 -", UNKNOWN),
        ("RCPT", "452 -", UNKNOWN),
        ("RCPT", "556 5.1.10", THEIRS),
        ("DATA", "554 -", UNKNOWN),
        ("END", "552 5.2.2", THEIRS),
        ("END", "554 5.6.0", UNKNOWN),
        ("END", "-1 -", UNKNOWN),
        ("RCPT", "-1 -", OURS),
    ],
)
def test_answers_of_mail_servers(step, answer, expected):
    assert blame.of_answer(f"smtp {step}", answer).whose == expected


@pytest.mark.parametrize(
    ("where", "error", "expected"),
    [
        ("smtp CONNECT", smtplib.SMTPConnectError(554, "no service"), (OURS, "mail_server_unreachable")),
        ("smtp CONNECT", smtplib.SMTPAuthenticationError(535, b"no"), (OURS, "mail_login")),
        ("smtp CONNECT", ssl.SSLCertVerificationError(1, "expired"), (OURS, "mail_tls")),
        ("smtp DATA", smtplib.SMTPServerDisconnected("gone"), (OURS, "mail_server_unreachable")),
        ("smtp END", smtplib.SMTPServerDisconnected("gone"), (UNKNOWN, "answer_lost")),
        ("smtp END", TimeoutError(), (UNKNOWN, "answer_lost")),
        ("smtp END", smtplib.SMTPResponseException(500, "Line too long."), (UNKNOWN, "answer_lost")),
        ("webhook ANSWER", ssl.SSLError(1, "wrong version"), (THEIRS, "tls")),
        ("webhook ANSWER", ConnectionResetError(errno.ECONNRESET, "reset"), (THEIRS, "closed")),
        ("webhook ANSWER", OSError(errno.EMFILE, "too many"), (OURS, "our_network")),
        ("webhook ANSWER", OSError(errno.ENETUNREACH, "no network"), (OURS, "our_network")),
        ("chat CONNECT", requests.exceptions.ConnectTimeout(), (OURS, "timeout")),
        ("chat ANSWER", requests.exceptions.ReadTimeout(), (UNKNOWN, "timeout")),
        ("chat ANSWER", requests.exceptions.SSLError(), (OURS, "tls")),
        ("chat ANSWER", requests.ConnectionError(), (UNKNOWN, "closed")),
        ("chat CONNECT", requests.exceptions.InvalidURL(), (THEIRS, "not_http")),
        ("chat ANSWER", LookupError(), (UNKNOWN, "not_http")),
    ],
)
def test_errors_in_place_of_an_answer(where, error, expected):
    verdict = blame.of_error(where, error)
    assert (verdict.whose, verdict.reason) == expected


def test_what_is_nobody_s_answer_is_raised_again():
    with pytest.raises(ZeroDivisionError):
        blame.of_error("webhook ANSWER", ZeroDivisionError())


@given(
    st.sampled_from(["RCPT", "DATA", "END"]),
    st.integers(400, 599),
    st.just("-") | st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True),
)
def test_every_answer_has_a_verdict_and_none_of_ours_is_final(step, code, enhanced):
    verdict = blame.of_answer(f"smtp {step}", f"{code} {enhanced}")
    assert not (verdict.is_final and verdict.whose == OURS)
    assert verdict.whose == OURS or ".7." not in enhanced[1:4] or verdict.reason == "mail_refused"


@pytest.mark.parametrize(
    ("whose", "uses_try", "counts"), [(THEIRS, True, True), (UNKNOWN, True, False), (OURS, False, False)]
)
def test_what_each_costs(whose, uses_try, counts):
    assert (whose.uses_try, whose.counts_on_address) == (uses_try, counts)


def test_every_reason_of_the_table_has_its_sentence():
    codes = {verdict.reason for _pattern, verdict in TABLE} - {""}
    assert not [code for code in codes if "It failed" in reasons.sentence(code)]
