"""However much is published, workers are woken a few times: what counts is in the database."""

from __future__ import annotations

import subprocess
import sys

import pytest
import redis
from django.db import connection

from events.conf import conf
from events.log.publish import NUMBER_TASK
from events.models import Event
from events.transport import hints
from tests.processes.environment import ROOT, address, clean_environment

pytestmark = [pytest.mark.process, pytest.mark.service]

QUEUE = f"{conf.REDIS_PREFIX}:celery"
HANDFUL = 10


@pytest.fixture
def queue(committed):
    """The broker's list of tasks, which nobody reads here."""
    with redis.Redis.from_url(conf.REDIS_URL) as client:
        client.delete(QUEUE)
        hints.clear(NUMBER_TASK)
        yield client
        client.delete(QUEUE)


def test_ten_thousand_publishes_of_two_processes_are_a_handful_of_tasks(queue):
    env = clean_environment() | {
        "DEBUG": "true",
        "DATABASE_URL": address(connection.settings_dict["NAME"]),
        "REDIS_URL": conf.REDIS_URL,
        "REDIS_PREFIX": conf.REDIS_PREFIX,
    }
    command = [sys.executable, "-m", "tests.processes.programs.publish_many"]
    publishers = [subprocess.Popen(command, cwd=ROOT, env=env) for _ in range(2)]
    assert [publisher.wait(60) for publisher in publishers] == [0, 0]
    assert Event.objects.count() == 10_000
    assert 1 <= queue.llen(QUEUE) <= HANDFUL
