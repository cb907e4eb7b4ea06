"""Both ways to publish at once, while a fault lasts: in a transaction of the platform, and over HTTP with retries."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

import httpx

from tests.chaos.cast import COMMENT, JOB, REVIEW
from tests.chaos.stack import Stack
from tests.processes.environment import ROOT, clean_environment

PAUSE = 0.1


class Publishers:
    """Publish from entering to leaving. `confirmed`: names of events of which we were told that they are kept."""

    def __init__(self, stack: Stack, *, prefix: str) -> None:
        self._stack, self._prefix = stack, prefix
        self._file = stack.folder / f"{prefix}.confirmed"
        self._ended = threading.Event()
        self._over_http: set[str] = set()
        self.wrong_answers: set[str] = set()

    def __enter__(self) -> Self:
        program = [sys.executable, "-m", "tests.chaos.publisher_program", str(self._file), self._prefix]
        env = clean_environment() | self._stack.env
        self._child = subprocess.Popen(
            program, cwd=ROOT, env=env, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop with the next new event; the last request is repeated until it has its answer."""
        self._ended.set()
        self._thread.join(60)
        try:
            self._child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
        assert not self._thread.is_alive(), "an event was not accepted within a minute"

    @property
    def confirmed(self) -> set[str]:
        return self._over_http | _lines(self._file)

    def _publish(self) -> None:
        number = 0
        people = [person.pk for person in self._stack.people.values()]
        with httpx.Client(timeout=5) as client:
            while not self._ended.is_set():
                number += 1
                name = f"{self._prefix}h{number}x"
                self._insist(client, name, body=_body(number, name, actor=people[number % len(people)]))
                time.sleep(PAUSE)

    def _insist(self, client: httpx.Client, name: str, *, body: dict[str, Any]) -> None:
        """Ask one web process after the other until one says that it is kept."""
        key = self._stack.people["staff"].key
        headers = {"Authorization": f"Bearer {key}"}
        for attempt in range(1200):
            url = self._stack.urls[attempt % 2]
            try:
                answer = client.post(f"{url}/api/v1/events", json=body, headers=headers)
            except httpx.HTTPError:
                time.sleep(0.2)
                continue
            if answer.status_code in (200, 201):
                self._over_http.add(name)
                return
            if answer.status_code != 503:
                self.wrong_answers.add(f"{answer.status_code} {answer.text[:200]}")
            time.sleep(0.2)


def _body(number: int, name: str, *, actor: int) -> dict[str, Any]:
    body: dict[str, Any] = {"event_type": JOB, "actor_user_id": actor, "payload": {"name": name}}
    if not number % 4:
        source = {"source_entity_type": REVIEW[0], "source_entity_id": REVIEW[1]}
        body |= {"event_type": COMMENT, "payload": {"text": name, "title": name}} | source
    return body | {"idempotency_key": name}


def _lines(path: Path) -> set[str]:
    return set(path.read_text().split()) if path.exists() else set()
