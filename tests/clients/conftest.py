"""A receiver in the site's place, and the Python client of it, whose pauses take no time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from carillon_client import Carillon

from tests.delivery.fakes.http_receiver import Receiver, receiving


@pytest.fixture
def site() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def carillon(site) -> Carillon:
    return Carillon(site.url, key="crl_1", deadline=5)


@pytest.fixture
def pauses(monkeypatch) -> list[float]:
    """Seconds of each pause, none of which is taken."""
    taken: list[float] = []
    monkeypatch.setattr("carillon_client.transport.time.sleep", taken.append)
    return taken
