"""The OpenAPI document says exactly what the server answers, to everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings

from events import api_keys
from tests.api_client import tell

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """A request that ends must not close the connection of the test's transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def document(db, _one_connection):
    config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
    return schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application(), config=config)


def headers_of(who: str, request: pytest.FixtureRequest) -> dict[str, str]:
    if who == "anonymous":
        return {}
    user = request.getfixturevalue("admin" if who == "publisher" else who)
    tell(user)
    _key, text = api_keys.issue(user, publish_patterns=["job.*"] if who == "publisher" else None)
    return {"Authorization": f"Bearer {text}"}


VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize("mode", [VALID, INVALID])
@pytest.mark.parametrize("who", ["admin", "outsider", "publisher", "anonymous"])
def test_the_document_is_true(document, request, who, mode):
    headers = headers_of(who, request)
    for operation in document.get_all_operations():

        @settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.ok().as_strategy(generation_mode=mode))
        def hold(case: Any) -> None:
            # Its client of WSGI says that it takes compressed answers, and does not open them.
            case.call_and_validate(headers=headers | {"Accept-Encoding": "identity"})

        hold()
