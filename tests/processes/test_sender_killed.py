"""Killed at claim, at send and at settle: nothing is lost, and what comes twice is known to have been uncertain."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from delivery.channels.webhook.signing import new_secret
from delivery.encryption import seal
from tests.delivery.fakes.http_receiver import Receiver, Reply, receiving
from tests.delivery.fakes.smtp_server import Server
from tests.events.concurrency import until
from tests.processes.environment import Process, Serve, Service, wait_until_ready
from tests.processes.ledger import Sql, reconcile, unsettled

pytestmark = pytest.mark.process

LAUNCHER = ("-m", "tests.processes.programs.dying_sender")
POINTS = ("claim", "send", "settle")
ENV = {"WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8", "WEBHOOK_TIMEOUT_SECONDS": "1"}
BOXES, EVENTS = 3, 4
EXIT_SECONDS = 20.0

PREFER = """
INSERT INTO notification_preferences (user_id, event_type_id, channels)
SELECT u.id, t.id, %s FROM auth_user u, event_types t WHERE u.username = 'bob' AND t.name = 'job.completed'
"""
ADDRESS = """
INSERT INTO notification_channels (user_id, kind, target, secret, verified_at)
SELECT id, 'webhook', %s, %s, %s FROM auth_user WHERE username = 'bob'
"""
PUBLISH = """
INSERT INTO events (event_type_id, actor_user_id, payload)
SELECT t.id, u.id, %s FROM event_types t, auth_user u WHERE t.name = 'job.completed' AND u.username = 'bob'
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """It takes its time, so that a sender can die while it waits."""
    with receiving() as found:
        found.reply = Reply(delay=0.5)
        yield found


def clear(sql: Sql, *, prefer: str) -> None:
    """Leave no deliveries and no addresses: a demo has its own."""
    sql("DELETE FROM delivery_attempts")
    sql("DELETE FROM deliveries")
    sql("DELETE FROM notification_channels")
    sql(PREFER, f'["{prefer}"]')


def prepare(sql: Sql, receiver: Receiver) -> None:
    clear(sql, prefer="webhook")
    for number in range(BOXES):
        sql(ADDRESS, f"{receiver.url}/{number}", seal(new_secret()), datetime.now(UTC).isoformat(" "))


def publish(sql: Sql, name: str) -> None:
    for number in range(EVENTS):
        sql(PUBLISH, f'{{"name": "{name}-{number}"}}')


def wait_until_dead(process: Process) -> None:
    until(lambda: not process.is_running)
    process.kill()


def kill_at_each_point(sql: Sql, start: Callable[[str], Process]) -> None:
    for point in POINTS:
        process = start(point)
        publish(sql, point)
        wait_until_dead(process)


def check(sql: Sql, receiver: Receiver) -> None:
    total = BOXES * EVENTS * len(POINTS)
    until(lambda: sql("SELECT count(*) FROM deliveries")[0][0] == total and unsettled(sql) == 0)
    assert reconcile(receiver, sql) > 0, "no kill came between sending and settling"


@pytest.fixture
def workers(service: Service) -> Iterator[Callable[..., Process]]:
    """Starts workers in place of the service's own, and ends them; whoever comes next finds one that works."""
    worker = next(process for process in service.others if "worker" in process.command)
    worker.stop()
    service.others.remove(worker)
    started: list[Process] = []

    def start(*launcher: str, **env: str) -> Process:
        command = (*(launcher or ("-m", "celery", "-A", "config")), "worker", "--concurrency", "2")
        started.append(Process(*command, env=service.env | ENV | env, folder=service.folder))
        return started[-1]

    yield start
    for process in started:
        process.stop()
    service.sql("DELETE FROM notification_channels")
    service.sql("DELETE FROM notification_preferences")
    service.start_worker()
    publish(service.sql, "after")
    until(lambda: service.sql("SELECT count(*) FROM events WHERE position IS NULL") == [(0,)])


@pytest.mark.service
def test_a_killed_worker_loses_nothing(service: Service, workers, receiver):
    prepare(service.sql, receiver)
    kill_at_each_point(service.sql, lambda point: workers(*LAUNCHER, point))
    workers()
    check(service.sql, receiver)


class Dawdling(Server):
    """Mail server that doesn't answer the first mail. `heard`: how many it has been given."""

    heard = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.heard += 1
        self.delay = 600.0 if self.heard == 1 else 0.0
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.service
def test_a_killed_worker_s_mail_is_soon_another_s_and_other_mails_go_on(service: Service, workers):
    clear(service.sql, prefer="email")
    states = "SELECT state FROM deliveries ORDER BY id"
    server = Dawdling()
    with server.running():
        mail = {"SMTP_HOST": server.host, "SMTP_PORT": str(server.port)}
        first = workers(**mail)
        service.sql(PUBLISH, '{"name": "first"}')
        until(lambda: server.heard == 1)
        first.kill()
        workers(**mail)
        service.sql(PUBLISH, '{"name": "second"}')
        until(lambda: service.sql(states) == [("sending",), ("sent",)])
        # A lease, two beats and a start take less; the minute that an attempt may take in all would be longer.
        until(lambda: service.sql(states) == [("sent",), ("sent",)], timeout=50)
        outcomes = service.sql("SELECT outcome FROM delivery_attempts ORDER BY delivery_id, id")
    assert outcomes == [("unknown",), ("sent",), ("sent",)]


@pytest.mark.embedded
def test_a_killed_serve_loses_nothing(tmp_path, receiver):
    serve = Serve("--demo", folder=tmp_path, env=ENV)
    sql = sqlite(serve.database)

    def start(point: str) -> Process:
        process = Process(*LAUNCHER, point, *serve.command[1:], env=serve.env, folder=tmp_path)
        if point == POINTS[0]:
            wait_until_ready(process, serve.url)
            prepare(sql, receiver)
        return process

    kill_at_each_point(sql, start)
    with serve:
        check(sql, receiver)


@pytest.mark.embedded
def test_told_to_stop_while_a_receiver_hangs_it_ends_in_time_and_sends_again_after_the_next_start(tmp_path, receiver):
    receiver.reply = Reply(hang=True)
    # Longer than an ending process may wait.
    env = ENV | {"WEBHOOK_TIMEOUT_SECONDS": "60"}
    with Serve("--demo", folder=tmp_path, env=env) as serve:
        sql = sqlite(serve.database)
        prepare(sql, receiver)
        sql(PUBLISH, '{"name": "hung"}')
        receiver.wait_for(BOXES, seconds=45)
        serve.process.send(signal.SIGTERM)
        assert serve.process.wait(timeout=EXIT_SECONDS) == 0
    assert sql("SELECT outcome FROM delivery_attempts") == [("unknown",)] * BOXES
    receiver.reply = Reply()
    with serve:
        until(lambda: unsettled(sql) == 0)
    assert reconcile(receiver, sql) == BOXES


def sqlite(path: Path) -> Sql:
    def sql(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path, timeout=10)) as client, client:
            return client.execute(statement.replace("%s", "?"), parameters).fetchall()

    return sql
