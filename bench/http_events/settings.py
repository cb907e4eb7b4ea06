"""Settings of Carillon, with the addresses of `bench.http_events.urls`."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.http_events.urls"
