"""Signatures of Standard Webhooks 1.0: a receiver knows by them who sent a body, and when.

What is signed is `id.timestamp.body`, with HMAC-SHA256 under the bytes of the secret; `webhook-signature` has one
`v1,<base64>` for each secret that is valid now, with a space between them.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
SIZE = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SIZE)).decode()


def key_of(secret: str) -> bytes:
    """Return the bytes that sign. ValueError if the secret is not base64."""
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)


def headers(body: bytes, *, message_id: str, timestamp: int, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers of an attempt. `timestamp`: seconds since 1970, of this attempt."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(content, key) for key in keys),
    }


def _signature(content: bytes, key: bytes) -> str:
    return "v1," + binascii.b2a_base64(hmac.digest(key, content, "sha256"), newline=False).decode()
