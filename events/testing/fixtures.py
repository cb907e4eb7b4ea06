"""Fixtures for pytest, by `pytest_plugins = ["events.testing.fixtures"]`."""

import pytest

from events.testing import Told


@pytest.fixture
def told(db: None) -> Told:
    """Tell who was told of what this test has published."""
    return Told()
