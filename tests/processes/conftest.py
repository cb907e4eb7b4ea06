"""One service for all tests that leave it whole: starting its five processes takes longer than most of the tests."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from events.transport.hints import PAUSE_AFTER_FAILURE
from tests.processes.environment import Process, Service
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


@pytest.fixture
def only_hints(service) -> Iterator[None]:
    """The service's worker does nothing that no hint asks it for."""
    [worker] = [process for process in service.others if "worker" in process.command]
    worker.stop()
    service.others.remove(worker)
    unswept = ("-m", "tests.processes.programs.unswept_worker", "worker", "--concurrency", "2")
    process = Process(*unswept, env=service.env, folder=service.folder)
    service.others.append(process)
    # A process that found Redis gone in a test before sends no hints for so long.
    time.sleep(PAUSE_AFTER_FAILURE)
    yield
    process.stop()
    service.others.remove(process)
    service.start_worker()
