"""A worker keeps its database connection between tasks, and never works on a dead one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import shared_task
from celery.apps.worker import Worker
from celery.signals import task_postrun, task_prerun
from django.db import connection, connections

from events.worker import connections as worker_connections

pytestmark = pytest.mark.django_db(transaction=True)


@shared_task(name="tests.nothing")
def nothing() -> None:
    """What the signals are sent for."""


@pytest.fixture
def started() -> Iterator[Callable[[object], None]]:
    """Begin as this kind of worker does."""
    before = connection.settings_dict["CONN_MAX_AGE"]
    yield worker_connections.keep
    connection.settings_dict["CONN_MAX_AGE"] = before
    task_prerun.disconnect(worker_connections._close_old)
    task_postrun.disconnect(worker_connections._close_old)


def in_a_child(work: Callable[[], Any]) -> Any:
    """What it returns in a thread with a connection of its own."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return found[0]


def between_two_tasks(break_it: Callable[[], None] = lambda: None) -> bool:
    """Whether the second task finds the first one's connection."""
    connection.ensure_connection()
    first = connection.connection
    break_it()
    task_postrun.send(sender=nothing)
    task_prerun.send(sender=nothing)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection.connection is first


def test_a_worker_process_keeps_its_connection(started):
    started(Worker.__new__(Worker))
    assert in_a_child(between_two_tasks)


def test_a_worker_inside_serve_closes_it_with_the_task(started):
    started(object())
    assert not in_a_child(between_two_tasks)


@pytest.mark.service
def test_a_connection_that_broke_is_replaced(started):
    def lose_it() -> None:
        connection.connection.close()
        connection.errors_occurred = True

    started(Worker.__new__(Worker))
    assert not in_a_child(lambda: between_two_tasks(lose_it))


def test_celery_itself_closes_none(settings):
    assert settings.CELERY_DB_REUSE_MAX
