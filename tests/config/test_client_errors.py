"""What a refused request leaves in the log: one line."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from config.client_errors import MOST_CHARACTERS

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the console is written."""
    console = next(handler for handler in logging.getLogger().handlers if handler.name == "console")
    assert isinstance(console, logging.StreamHandler)
    written = io.StringIO()
    before = console.setStream(written)
    yield written
    console.setStream(before)


def test_a_host_that_is_not_ours_is_one_warning(client, log):
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    (line,) = log.getvalue().splitlines()
    assert " WARNING django.security.DisallowedHost: Invalid HTTP_HOST header: 'evil.example'." in line


def test_a_page_that_is_forbidden_is_one_warning(client, owner, log):
    client.force_login(owner)
    assert client.get("/events/publish/").status_code == 403
    (line,) = log.getvalue().splitlines()
    assert "WARNING django.request: Forbidden (Permission denied): /events/publish/" in line


def test_a_line_is_bounded_however_long_the_address(client, log):
    client.get("/" + "x" * 10_000)
    (line,) = log.getvalue().splitlines()
    assert len(line) < MOST_CHARACTERS + 100


def test_an_error_of_ours_keeps_its_traceback(client, log, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("delivery.monitoring.metrics.generate_latest", None, raising=True)
    assert client.get("/metrics").status_code == 500
    assert "Traceback" in log.getvalue()
