"""SIGTERM under load: what was taken on is finished, nothing is lost, and each process exits 0 in time."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.events.concurrency import until
from tests.processes.environment import Process, Service
from tests.processes.publisher import Publisher
from tests.processes.websocket_client import listeners

pytestmark = [pytest.mark.process, pytest.mark.service]

EXIT_SECONDS = 20.0
BACKLOG = 12_000

INSERT = """
INSERT INTO events (event_type_id, actor_user_id, payload)
SELECT t.id, u.id, jsonb_build_object('name', 'backlog-' || n)
FROM event_types t, auth_user u, generate_series(1, %s) n WHERE t.name = 'job.completed' AND u.username = 'carol'
"""
STARTED = "SELECT count(*) FROM service_runs WHERE role = 'worker' AND pid = %s"
STORED = """
SELECT count(*), count(DISTINCT event_id) FROM notifications JOIN events ON events.id = event_id
WHERE payload->>'name' LIKE %s
"""
LEFT = """
SELECT max(h.position) - min(s.position) + count(e)
FROM log_head h, subscribers s LEFT JOIN events e ON e.position IS NULL
"""


class Load:
    """Threads that publish over HTTP, a connection for each request, until there is nobody to connect to."""

    def __init__(self, service: Service, url: str) -> None:
        self.url = url
        self.stored: list[str] = []
        self.cut: list[str] = []
        self.key = service.key("admin")
        self.admin = service.sql("SELECT id FROM auth_user WHERE username = 'admin'")[0][0]

    def run(self, thread: int) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        number = 0
        while True:
            name = f"load-{thread}-{number}"
            body = {"event_type": "job.completed", "actor_user_id": self.admin, "payload": {"name": name}}
            try:
                answer = httpx.post(f"{self.url}/api/v1/events", headers=headers, json=body, timeout=30)
            except httpx.ConnectError:
                return
            except httpx.HTTPError as error:
                self.cut.append(repr(error))
                continue
            assert answer.status_code == 201, answer.text
            self.stored.append(name)
            number += 1


@contextmanager
def loaded(service: Service, url: str) -> Iterator[Load]:
    load = Load(service, url)
    threads = [threading.Thread(target=load.run, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    yield load
    for thread in threads:
        thread.join(30)


def ended(process: Process) -> int:
    process.send(signal.SIGTERM)
    return process.wait(timeout=EXIT_SECONDS)


def process_of(kind: str, service: Service) -> Process:
    [found] = [process for process in service.others if kind in process.command]
    return found


def started_worker(service: Service) -> Process:
    """The worker, once it heeds signals: it may have been started by the test before."""
    worker = process_of("worker", service)
    until(lambda: service.sql(STARTED, worker.pid)[0][0])
    return worker


def test_a_web_process_answers_what_was_in_flight_and_sends_its_sockets_away(service):
    process, url = service.start_web(), service.urls[-1]
    with listeners(service.urls[0], url, key=service.key("admin")) as [elsewhere, here], loaded(service, url) as load:
        assert ended(process) == 0
        here.stop()
    elsewhere.wait_for(load.stored)
    assert here.close_codes == [4503]
    assert len(load.stored) > 5
    assert load.cut == []
    service.webs.remove(process)
    service.urls.remove(url)


def test_a_worker_under_load_loses_nothing(service):
    worker = started_worker(service)
    with listeners(service.urls[0], key=service.key("bob")) as [bob], Publisher(service, user="bob") as publisher:
        names = publisher.begin("until-the-end", count=200, pause=0.01)
        time.sleep(1)
        assert ended(worker) == 0
        service.others.remove(worker)
        publisher.finish()
        service.start_worker()
        bob.wait_for(names)
    assert service.sql(STORED, "until-the-end-%") == [(200, 200)]


def test_a_worker_with_a_long_backlog_leaves_the_rest_to_the_next(service):
    worker = started_worker(service)
    service.sql(INSERT, BACKLOG)
    time.sleep(1.5)
    assert ended(worker) == 0
    service.others.remove(worker)
    service.start_worker()
    until(lambda: not service.sql(LEFT)[0][0])
    assert service.sql(STORED, "backlog-%") == [(BACKLOG, BACKLOG)]


def test_the_clock_ends_at_once(service):
    beat = process_of("beat", service)
    assert ended(beat) == 0
    service.others.remove(beat)
    service.start_celery("beat")
