"""One installation of the wheel for the session."""

from __future__ import annotations

import pytest

from tests.hosts.installation import Installation


@pytest.fixture(scope="session")
def installation(tmp_path_factory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installation"))
