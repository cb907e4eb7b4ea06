"""Signatures of webhooks: Standard Webhooks 1.0."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from carillon_client.errors import CarillonError

# Seconds by which a timestamp may be off, either way.
TOLERANCE = 300


class BadSignatureError(CarillonError):
    """A webhook that nobody with these secrets has signed lately. Answer 400, and do nothing."""


def verify(
    body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str], now: float | None = None
) -> dict[str, Any]:
    """Return what a webhook says. `secrets`: one, or after a rotation both. Raises BadSignatureError.

    Remember its `webhook-id`: delivery is at least once, and a repeat has the same.
    """
    said = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (said.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not message_id or not timestamp.isdecimal() or not signatures:
        raise BadSignatureError("webhook-id, webhook-timestamp and webhook-signature are needed, and one is missing")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        raise BadSignatureError(f"its timestamp is more than {TOLERANCE} seconds off")
    content = f"{message_id}.{timestamp}.".encode() + body
    expected = [_signature(content, _key(secret)) for secret in secrets]
    given = [one.encode() for one in signatures.split(" ")]
    if not any(hmac.compare_digest(one, other) for one in given for other in expected):
        raise BadSignatureError("none of its signatures is of one of the secrets")
    event: dict[str, Any] = json.loads(body)
    return event


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64, as the answer that made the webhook has it") from error


def _signature(content: bytes, key: bytes) -> bytes:
    return b"v1," + base64.b64encode(hmac.digest(key, content, "sha256"))
