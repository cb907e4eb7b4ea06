"""Redis down, frozen, emptied or cut off: publishing goes on at its pace, and everything arrives when it is back."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.processes.environment import Service
from tests.processes.publisher import Publisher
from tests.processes.websocket_client import listeners

pytestmark = [pytest.mark.process, pytest.mark.service]

# The sweep's second, the pauses of those who found Redis gone, and a noisy machine.
BACK_WITHIN = 6.0
SLOWER_MS = 50.0


@pytest.fixture(scope="module")
def publisher(service):
    with Publisher(service, user="alice") as running:
        running.publish("warm", count=20)
        yield running


@pytest.fixture
def both(service, redis):
    """Alice on both web processes. Her sockets and all processes live through whatever a test does."""
    with listeners(*service.urls, key=service.key("alice")) as found:
        yield found
        redis.thaw()
        assert [listener.close_codes for listener in found] == [[], []]
    assert all(process.is_running for process in (*service.webs, *service.others))


def measured(publisher: Publisher, prefix: str, *, count: int, pause: float = 0.0) -> tuple[list[str], list[float]]:
    names = publisher.begin(prefix, count=count, pause=pause)
    return names, publisher.finish()


def assert_as_fast(took: list[float], *, usual: list[float]) -> None:
    """The first may find out; none of the others pays for it."""
    slowest = sorted(took[1:])[-3]
    assert statistics.median(took[1:]) < statistics.median(usual) + SLOWER_MS, (took, usual)
    assert slowest < max(usual) + 4 * SLOWER_MS, (took, usual)


def assert_stored_once(service: Service, prefix: str, *, count: int) -> None:
    [[rows, events]] = service.sql(
        "SELECT count(*), count(DISTINCT event_id) FROM notifications JOIN events ON events.id = event_id "
        "WHERE payload->>'name' LIKE %s",
        f"{prefix}-%",
    )
    assert (rows, events) == (count, count)


def test_redis_down(service, redis, publisher, both):
    _, usual = measured(publisher, "before-down", count=40, pause=0.02)
    redis.stop()
    names, took = measured(publisher, "down", count=80, pause=0.06)
    assert_as_fast(took, usual=usual)
    redis.start()
    for listener in both:
        listener.wait_for(names, timeout=BACK_WITHIN)
    assert_stored_once(service, "down", count=80)


def test_redis_frozen(service, redis, publisher, both):
    _, usual = measured(publisher, "before-frozen", count=40, pause=0.02)
    redis.freeze()
    names, took = measured(publisher, "frozen", count=100, pause=0.08)
    assert_as_fast(took, usual=usual)
    redis.thaw()
    for listener in both:
        listener.wait_for(names, timeout=BACK_WITHIN)
    assert_stored_once(service, "frozen", count=100)


def test_what_is_published_as_redis_comes_back_arrives_too(service, redis, publisher, both):
    """The hubs are connected again before the workers dare to speak again: nothing may fall between."""
    for fault, undo in ((redis.freeze, redis.thaw), (redis.stop, redis.start)):
        fault()
        names = publisher.begin(f"edge-{undo.__name__}", count=80, pause=0.07)
        time.sleep(3)
        undo()
        publisher.finish()
        for listener in both:
            listener.wait_for(names, timeout=BACK_WITHIN)


def test_redis_flushed(service, redis, publisher, both):
    names = publisher.begin("flushed", count=100, pause=0.02)
    for _ in range(5):
        redis.flush()
        time.sleep(0.4)
    publisher.finish()
    for listener in both:
        listener.wait_for(names, timeout=BACK_WITHIN)
    assert_stored_once(service, "flushed", count=100)


def test_hints_work_again_after_a_flush(service, redis, publisher, both):
    redis.flush()
    took = []
    for number in range(9):
        started = time.monotonic()
        names = publisher.publish(f"hinted-{number}", count=1)
        both[1].wait_for(names, timeout=BACK_WITHIN)
        took.append(time.monotonic() - started)
        time.sleep(0.1)
    assert statistics.median(took) < 0.4, took


def test_hubs_whose_subscription_alone_is_cut_find_what_they_missed(service, redis, publisher, both):
    names = publisher.begin("cut", count=60, pause=0.03)
    for _ in range(3):
        time.sleep(0.5)
        redis.drop_subscribers()
    publisher.finish()
    for listener in both:
        listener.wait_for(names, timeout=BACK_WITHIN)


def test_a_worker_that_starts_while_redis_is_away_does_the_work_nevertheless(service, redis, publisher, both):
    [worker] = [process for process in service.others if "worker" in process.command]
    redis.stop()
    try:
        assert worker.stop() == 0
        names = publisher.publish("meanwhile", count=5)
        service.others.remove(worker)
        service.start_worker()
        for listener in both:
            listener.wait_for(names, timeout=25)
    finally:
        redis.start()
