"""One service for all tests that leave it whole: starting its five processes takes longer than most of the tests."""

from __future__ import annotations

import pytest

from tests.processes.environment import Service
from tests.processes.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis():
    """Not the Redis of the other tests: here it is frozen, emptied and stopped."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def service(redis):
    with Service(beat=True, redis_url=redis.url) as running:
        yield running
