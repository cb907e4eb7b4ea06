"""Job tasks in a real worker on Redis: limits, kills and revocations each make one end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from tests.processes.environment import ROOT, Process, Service

pytestmark = [pytest.mark.process, pytest.mark.service]

PLATFORM = "tests.processes.programs.job_platform"
TOLD = """
SELECT t.name, e.payload FROM tracked_jobs j JOIN events e
ON e.source_entity_type = 'trackedjob' AND e.source_entity_id = j.id JOIN event_types t ON t.id = e.event_type_id
WHERE j.key = %s ORDER BY e.id
"""
ENDS = {"completed", "failed", "cancelled"}


class Platform:
    """A worker with job tasks beside the service's own, and a process that submits to it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.env = service.env | {"JOB_LEASE_SECONDS": "1"}
        self.start()
        command = [sys.executable, "-m", "tests.processes.programs.submit_jobs"]
        self._submitter = subprocess.Popen(
            command, cwd=ROOT, env=service.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        prefix = f"carillon:{service.name}:"
        options = {"global_keyprefix": prefix}
        self.client = Celery(broker=service.env["REDIS_URL"], broker_transport_options=options)

    def start(self) -> None:
        arguments = ("-m", "celery", "-A", PLATFORM, "worker", "--concurrency", "4", "-Q", "jobs,careful")
        self.worker = Process(*arguments, env=self.env, folder=self.service.folder)

    def submit(self, task: str, task_id: str = "", headers: dict[str, Any] | None = None) -> str:
        task_id = task_id or uuid.uuid4().hex
        assert self._submitter.stdin is not None
        assert self._submitter.stdout is not None
        self._submitter.stdin.write(json.dumps([task, task_id, headers]) + "\n")
        self._submitter.stdin.flush()
        assert self._submitter.stdout.readline() == "sent\n"
        return task_id

    def told(self, task_id: str) -> list[tuple[str, Any]]:
        rows = self.service.sql(TOLD, f"celery:{task_id}")
        return [(str(name).removeprefix("job."), payload) for name, payload in rows]

    def wait_for(self, task_id: str, *states: str, timeout: float = 30) -> list[tuple[str, Any]]:
        deadline = time.monotonic() + timeout
        while not {state for state, _ in self.told(task_id)} & set(states):
            assert time.monotonic() < deadline, f"{self.told(task_id)}; the worker said:\n{self.worker.output}"
            time.sleep(0.05)
        return self.told(task_id)

    def end(self) -> None:
        self._submitter.kill()
        self._submitter.communicate()
        self.worker.kill()


@pytest.fixture(scope="module")
def platform(service) -> Iterator[Platform]:
    running = Platform(service)
    yield running
    running.end()


def states(told: list[tuple[str, Any]]) -> list[str]:
    return [state for state, _ in told]


def test_progress_is_told_twice_a_second_and_once_at_the_end(platform):
    told = platform.wait_for(platform.submit("fine"), *ENDS)
    shares = [payload["progress"] for state, payload in told if state == "progress"]
    assert states(told) == ["submitted", "started", *["progress"] * len(shares), "completed"]
    assert shares[-1] == 199 / 200
    assert len(shares) <= 5


def test_limits_kills_and_retries_each_make_one_end(platform):
    ids = {name: platform.submit(name) for name in ("too_long", "softly_limited", "shot_down", "second_try")}
    told = {name: platform.wait_for(task_id, *ENDS) for name, task_id in ids.items()}
    assert {name: states(events) for name, events in told.items()} == {
        "too_long": ["submitted", "started", "failed"],
        "softly_limited": ["submitted", "started", "failed"],
        "shot_down": ["submitted", "started", "failed"],
        "second_try": ["submitted", "started", "completed"],
    }
    assert told["too_long"][-1][1]["error_type"] == "TimeLimitExceeded"
    assert told["softly_limited"][-1][1]["error_type"] == "SoftTimeLimitExceeded"
    assert "SIGKILL" in told["shot_down"][-1][1]["error"]


def test_a_revoked_job_is_cancelled_whether_it_runs_or_waits(platform):
    running, waiting = platform.submit("endless"), uuid.uuid4().hex
    platform.wait_for(running, "started")
    platform.client.control.revoke(waiting)
    platform.client.control.revoke(running, terminate=True, signal="SIGKILL")
    assert states(platform.wait_for(running, *ENDS)) == ["submitted", "started", "cancelled"]
    platform.submit("endless", waiting)
    assert states(platform.wait_for(waiting, *ENDS)) == ["submitted", "cancelled"]


def test_jobs_of_a_killed_worker_fail_unless_the_broker_gives_them_to_another(platform):
    lost, given_again = platform.submit("endless"), platform.submit("careful")
    platform.wait_for(lost, "started")
    platform.wait_for(given_again, "started")
    platform.worker.kill()
    assert "process that ran it is gone" in platform.wait_for(lost, *ENDS)[-1][1]["error"]
    assert states(platform.told(given_again)) == ["submitted", "started"]
    platform.start()
    # What Redis does when its visibility timeout is over.
    platform.submit("careful", given_again, {"redelivered_by_hand": True})
    assert states(platform.wait_for(given_again, *ENDS)) == ["submitted", "started", "completed"]
    assert states(platform.told(lost)) == ["submitted", "started", "failed"]
