"""System check of settings that are each right and don't fit together."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register(checks.Tags.security)
def https_has_a_trusted_proxy(**_more: Any) -> list[checks.CheckMessage]:
    """A warning where TLS ends in a proxy that nobody named."""
    if not settings.IS_HTTPS or settings.TRUSTED_PROXIES:
        return []
    return [
        checks.Warning(
            "CSRF_TRUSTED_ORIGINS names https and TRUSTED_PROXIES names no proxy: whatever X-Forwarded-For and "
            "X-Forwarded-Proto say is dropped, so everybody comes from the proxy's address, and over plain http.",
            hint="Set TRUSTED_PROXIES to the address of the proxy that ends TLS, as in 10.0.0.5 or 10.0.0.0/24.",
            id="carillon.W001",
        )
    ]
