"""One client, whatever it sends or doesn't read, costs a web process a bounded amount of memory, and its neighbours
nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.events.concurrency import until
from tests.processes import Process, Service
from tests.processes.hostile_clients import (
    Neighbour,
    asking_without_reading,
    flooding_sockets,
    half_sent,
    read_to_the_end,
    send_spaces,
)

pytestmark = [pytest.mark.process, pytest.mark.service]

MEGABYTE = 1024 * 1024
GROWTH = 64 * MEGABYTE
LARGE_FILE = "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js"


class Web:
    """A web process, and what it grows by from now on."""

    def __init__(self, process: Process, url: str) -> None:
        self.process, self.url = process, url
        self.port = int(url.rpartition(":")[2])
        self._before = self._memory()

    @property
    def growth(self) -> int:
        return self._memory() - self._before

    def _memory(self) -> int:
        return int(psutil.Process(self.process.pid).memory_info().rss)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """A service of its own, which has not grown for other tests yet."""
    with Service(webs=1) as running:
        yield running


@pytest.fixture
def web(service) -> Web:
    # Templates and the like are loaded for the first of these.
    Neighbour(service.urls[0])
    return Web(service.webs[0], service.urls[0])


@pytest.mark.parametrize("chunked", [False, True])
def test_300_mb_of_spaces_are_refused_and_cost_nothing(web, chunked):
    with Neighbour(web.url) as neighbour:
        answers = [send_spaces(web.port, megabytes=100, chunked=chunked) for _ in range(3)]
        while not (neighbour.seconds or neighbour.failed):
            answers.append(send_spaces(web.port, megabytes=100, chunked=chunked))
    assert web.growth < GROWTH
    assert neighbour.seconds
    assert neighbour.failed == []
    assert all(answer.startswith(b"HTTP/1.1 413 ") for answer in answers if answer)


def test_as_many_as_are_accepted_at_once_are_bounded_too(web):
    def post() -> None:
        for _ in range(5):
            send_spaces(web.port, megabytes=8, chunked=True)

    threads = [threading.Thread(target=post) for _ in range(30)]
    with Neighbour(web.url) as neighbour:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert web.growth < GROWTH
    assert neighbour.seconds
    assert neighbour.failed == []


def test_600_half_sent_requests_stop_nobody_and_are_cut_off(web):
    with Neighbour(web.url) as neighbour, half_sent(web.port, count=600) as clients:
        answers = [read_to_the_end(client) for client in clients]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in answers)
    assert neighbour.seconds
    assert neighbour.failed == []


def test_large_requests_one_after_the_other_leave_nothing_behind(web, service):
    """Each is refused with an exception, whose traceback holds the body until the cycles are looked for."""
    headers = {"Authorization": f"Bearer {service.key('admin')}"}
    event = {"event_type": "job.completed", "payload": {"text": "x" * 7 * MEGABYTE}}
    for _ in range(30):
        answer = httpx.post(f"{web.url}/api/v1/events", headers=headers, json=event, timeout=60)
        assert answer.json()["code"] == "payload_too_large"
    assert web.growth < GROWTH


def test_20_sockets_that_send_without_end_stop_nobody(web, service):
    with (
        flooding_sockets(web.port, key=service.key("bob"), count=20) as begun,
        Neighbour(web.url) as neighbour,
    ):
        until(lambda: len(neighbour.seconds) >= 20 and len(begun) >= 20, timeout=60)
    assert neighbour.failed == []
    assert web.growth < GROWTH


def test_answers_that_nobody_reads_are_not_made(web):
    with asking_without_reading(web.port, path=LARGE_FILE, times=300), Neighbour(web.url) as neighbour:
        until(lambda: len(neighbour.seconds) >= 20, timeout=60)
        assert web.growth < GROWTH
    assert neighbour.failed == []
