"""Carillon's own settings of this floor; see `events.conf`."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from events.conf import Setting, are, seconds, text, whole


def _is_base(value: object) -> bool:
    parts = urlsplit(value) if isinstance(value, str) else None
    return bool(parts and parts.scheme in ("http", "https") and parts.hostname and not str(value).endswith("/"))


def _are_networks(value: object) -> bool:
    try:
        return are((str, IPv4Network, IPv6Network))(value) and bool(networks(value) or True)  # type: ignore[arg-type]
    except ValueError:
        return False


def networks(written: Sequence[str | IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
    return [ip_network(each) if isinstance(each, str) else each for each in written]


class _Delivery:
    # What links in mails and webhooks begin with.
    BASE_URL = Setting[str](
        "http://localhost:8000", "the address of the site, as in https://example.com, without a / at its end", _is_base
    )
    WEBHOOK_TIMEOUT_SECONDS = seconds(10)
    # What follows the first attempt; jitter only ever adds.
    WEBHOOK_RETRY_DELAYS = Setting[Sequence[float]]((1, 2, 4), "a list of seconds", are((int, float)))
    # Addresses that are refused everywhere else (private, loopback, ...) and accepted here: an intranet's.
    WEBHOOK_ALLOWED_NETWORKS = Setting[Sequence[str | IPv4Network | IPv6Network]](
        (), "a list of networks, as in 10.20.0.0/16", _are_networks
    )
    # The time limits of a mail's steps (delivery.channels.email.smtp_connection) are as many times as long.
    EMAIL_TIME_SCALE = seconds(1.0)
    # Reads /metrics from another machine.
    METRICS_TOKEN = text()
    NOTIFICATION_RETENTION_DAYS = whole(90, least=1, most=18_250)
    # What is pruned is written here first, as compressed JSON lines.
    ARCHIVE_DIR = Setting[str | Path | None](
        None, "a folder, or None", lambda value: value is None or isinstance(value, str | Path)
    )


conf = _Delivery()
