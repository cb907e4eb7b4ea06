"""Client of both web processes, which reads what CPU they took."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bench import cpu
from bench.http_events.process import EVENT, connect
from bench.timing import interleaved
from events import api_keys
from events.bus import NewEvent, publish_many
from events.dispatch import pump, sequencer

ROUNDS = 3
ROWS = 25


def main(ours: int, our_pid: int, bare: int, bare_pid: int, requests: int) -> dict[str, list[float]]:
    """Milliseconds of CPU that a request of each kind takes, round by round."""
    person = User.objects.create_superuser("bench", password="bench")
    _, key = api_keys.issue(person)
    publish_many([NewEvent("collab.mention", payload={"mentioned_user_ids": [person.pk], "title": "Shot"})] * ROWS)
    while sequencer.has_unnumbered():
        pump.run(now=timezone.now())
    site = Client()
    site.force_login(person)
    bearer = {"Authorization": f"Bearer {key}"}
    cookie = {"Cookie": f"sessionid={site.cookies['sessionid'].value}"}
    body = json.dumps(EVENT).encode()
    return interleaved(
        {
            "bare": _cost(bare, bare_pid, "GET", "/bare", requests=requests),
            "empty": _cost(ours, our_pid, "GET", "/healthz", requests=requests),
            "unread count": _cost(
                ours, our_pid, "GET", "/api/v1/notifications/unread-count", requests=requests, headers=bearer
            ),
            "event": _cost(
                ours,
                our_pid,
                "POST",
                "/api/v1/events",
                requests=requests,
                headers=bearer | {"Content-Type": "application/json"},
                body=body,
            ),
            "inbox": _cost(ours, our_pid, "GET", "/notifications/", requests=requests, headers=cookie),
        },
        rounds=ROUNDS,
    )


def _cost(
    port: int,
    pid: int,
    method: str,
    path: str,
    *,
    requests: int,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Callable[[], float]:
    def measured() -> float:
        # One for each turn: Twisted ends those that say nothing for a minute, which the other turns may take.
        connection = connect(port)
        before = cpu.of_process(pid)
        for _ in range(requests):
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            response.read()
            if response.status not in (200, 201):
                raise SystemExit(f"{path} answered {response.status}")
        return 1000 * (cpu.of_process(pid) - before) / requests

    return measured
