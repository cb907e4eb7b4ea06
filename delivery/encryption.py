"""Secrets at rest: encrypted under a key that SECRET_KEY gives; SECRET_KEY_FALLBACKS still open older ones.

`cryptography` takes 6 MB, so a process loads it with its first secret: beat never does.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class UnreadableSecretError(ValueError):
    """Secret sealed under a SECRET_KEY that is neither the present one nor among SECRET_KEY_FALLBACKS."""


def seal(text: str) -> str:
    return _box().encrypt(text.encode()).decode()


def reseal(sealed: str) -> str:
    """Encrypt it under the present SECRET_KEY; what already is stays as it is. Raises UnreadableSecretError."""
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415

    try:
        Fernet(_key(settings.SECRET_KEY)).decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed))
    return sealed


def unseal(sealed: str) -> str:
    """Decrypt it. Raises UnreadableSecretError."""
    from cryptography.fernet import InvalidToken  # noqa: PLC0415

    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise UnreadableSecretError(
            "this secret was stored under another SECRET_KEY; put that into SECRET_KEY_FALLBACKS"
        ) from error


def _box() -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415

    return MultiFernet(
        [Fernet(_key(secret)) for secret in (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))]
    )


def _key(secret: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"carillon.delivery.encryption")
    return base64.urlsafe_b64encode(derive.derive(secret.encode()))
