"""Settings of a project that has told REST framework nothing."""

from __future__ import annotations

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.events.rest.host_urls"
