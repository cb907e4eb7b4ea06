"""What a process doesn't use it doesn't load: workers and beat have neither the server nor the pages and the API."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import get_commands

SERVER, PAGES, API = "twisted", "notifications.pages.inbox_views", "delivery.api.urls"
LOADED = "import sys; from config.celery import app; app.loader.init_worker(); print(*sys.modules)"


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """Names of the modules of a worker before its first task."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=settings.BASE_DIR, env=os.environ, check=True, capture_output=True
    )
    return set(done.stdout.decode().split())


@pytest.mark.parametrize("module", [SERVER, PAGES, API])
def test_a_worker_does_without(loaded, module):
    assert module not in loaded


def test_a_worker_has_what_it_works_with(loaded):
    assert {"notifications.routing.router", "delivery.sender.drain", "delivery.channels.email.channel"} <= loaded


def test_the_development_server_is_daphnes():
    assert get_commands()["runserver"] == "daphne"
