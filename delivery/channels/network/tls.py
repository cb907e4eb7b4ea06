"""TLS of what goes out to others: the same trust for webhooks and chats."""

import functools
import ssl


@functools.cache
def context() -> ssl.SSLContext:
    """Read the system's authorities, or those of SSL_CERT_FILE; that takes as long as fifty requests."""
    return ssl.create_default_context()
