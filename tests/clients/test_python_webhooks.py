"""Webhooks that Carillon has signed, verified by its Python client."""

from __future__ import annotations

import pytest
from carillon_client import BadSignatureError, verify

from delivery.channels.webhook import signing

OLD, NEW = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", signing.new_secret()
NOW = 1_774_785_600
BODY = b'{"event_type":"job.completed"}'
HEADERS = signing.headers(BODY, message_id="msg_1", timestamp=NOW, keys=[signing.key_of(NEW), signing.key_of(OLD)])


@pytest.mark.parametrize("secrets", [[OLD], [NEW], [NEW, OLD], [signing.new_secret(), OLD]])
def test_one_of_the_secrets_is_enough(secrets):
    assert verify(BODY, HEADERS, secrets=secrets, now=NOW) == {"event_type": "job.completed"}


def test_names_of_headers_may_be_of_any_case():
    assert verify(BODY, {name.title(): value for name, value in HEADERS.items()}, secrets=[OLD], now=NOW + 299)


@pytest.mark.parametrize(
    ("body", "headers", "now"),
    [
        (BODY + b" ", HEADERS, NOW),
        (BODY, HEADERS | {"webhook-id": "msg_2"}, NOW),
        (BODY, HEADERS | {"webhook-timestamp": str(NOW + 1)}, NOW),
        (BODY, HEADERS | {"webhook-timestamp": "soon"}, NOW),
        (BODY, HEADERS | {"webhook-signature": "v1,é"}, NOW),
        (BODY, {}, NOW),
        (BODY, HEADERS, NOW + 301),
        (BODY, HEADERS, NOW - 301),
    ],
)
def test_what_was_changed_or_is_old_is_refused(body, headers, now):
    with pytest.raises(BadSignatureError):
        verify(body, headers, secrets=[OLD], now=now)


def test_another_secret_verifies_nothing():
    with pytest.raises(BadSignatureError, match="none of its signatures"):
        verify(BODY, HEADERS, secrets=[signing.new_secret()], now=NOW)


def test_what_is_no_secret_is_said():
    with pytest.raises(ValueError, match="a secret is whsec_ and base64"):
        verify(BODY, HEADERS, secrets=["whsec_!"], now=NOW)
