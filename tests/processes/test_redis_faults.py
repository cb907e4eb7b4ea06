"""Redis down, frozen, emptied or cut off: no publisher waits for it, and everything arrives when it is back."""

from __future__ import annotations

import time

import pytest

from tests.processes.environment import Service
from tests.processes.publisher import Publisher
from tests.processes.websocket_client import listeners

pytestmark = [pytest.mark.process, pytest.mark.service]


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


def assert_stored_once(service: Service, prefix: str, *, count: int) -> None:
    [[rows, events]] = service.sql(
        "SELECT count(*), count(DISTINCT event_id) FROM notifications JOIN events ON events.id = event_id "
        "WHERE payload->>'name' LIKE %s",
        f"{prefix}-%",
    )
    assert (rows, events) == (count, count)


def test_redis_down(service, redis, publisher, both):
    redis.stop()
    names = publisher.begin("down", count=80, pause=0.06)
    assert publisher.finish() == 0
    redis.start()
    for listener in both:
        listener.wait_for(names)
    assert_stored_once(service, "down", count=80)


def test_redis_frozen(service, redis, publisher, both):
    redis.freeze()
    names = publisher.begin("frozen", count=100, pause=0.08)
    assert publisher.finish() == 0
    redis.thaw()
    for listener in both:
        listener.wait_for(names)
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
            listener.wait_for(names)


def test_redis_flushed(service, redis, publisher, both):
    names = publisher.begin("flushed", count=100, pause=0.02)
    for _ in range(5):
        redis.flush()
        time.sleep(0.4)
    publisher.finish()
    for listener in both:
        listener.wait_for(names)
    assert_stored_once(service, "flushed", count=100)


@pytest.mark.usefixtures("only_hints")
def test_hints_work_again_after_a_flush(redis, publisher, both):
    for moment in ("before", "after"):
        for number in range(9):
            both[1].wait_for(publisher.publish(f"hinted-{moment}-{number}", count=1))
        redis.flush()


def test_hubs_whose_subscription_alone_is_cut_find_what_they_missed(service, redis, publisher, both):
    names = publisher.begin("cut", count=60, pause=0.03)
    for _ in range(3):
        time.sleep(0.5)
        redis.drop_subscribers()
    publisher.finish()
    for listener in both:
        listener.wait_for(names)


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
