"""Our settings with one address more: a view that does nothing."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.http_events_urls"
