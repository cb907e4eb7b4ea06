"""Client of the web process on one kept connection; and `publish_many` in this process, interleaved."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable

from django.contrib.auth.models import User

from bench.timing import interleaved, seconds
from events import api_keys
from events.bus import Entity, NewEvent, publish_many

ROUNDS = 5
ARRAY_SIZE = 1_000
EVENT = {
    "event_type": "job.started",
    "source_entity_type": "job",
    "source_entity_id": 7,
    "payload": {"name": "Shot 042"},
}
NEW_EVENT = NewEvent("job.started", source=Entity("job", 7), payload={"name": "Shot 042"})


def main(port: int, arrays: int, singles: int) -> dict[str, list[float]]:
    """Events a second of each way to publish, and requests a second to an empty view."""
    _, key = api_keys.issue(User.objects.create_superuser("bench"))
    connection = connect(port)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def post(path: str, content: object) -> Callable[[], None]:
        body = json.dumps(content).encode()
        return lambda: send(connection, path, body=body, headers=headers)

    def rate(call: Callable[[], object], times: int, *, events: int = 1) -> Callable[[], float]:
        return lambda: times * events / seconds(lambda: [call() for _ in range(times)])

    measures = {
        "arrays": rate(post("/api/v1/events", [EVENT] * ARRAY_SIZE), arrays, events=ARRAY_SIZE),
        "publish_many": rate(lambda: publish_many([NEW_EVENT] * ARRAY_SIZE), arrays, events=ARRAY_SIZE),
        "singles": rate(post("/api/v1/events", EVENT), singles),
        "empty": rate(post("/empty", EVENT), singles),
    }
    return interleaved(measures, rounds=ROUNDS)


def send(connection: http.client.HTTPConnection, path: str, *, body: bytes, headers: dict[str, str]) -> None:
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    response.read()
    if response.status not in (200, 201):
        raise SystemExit(f"{path} answered {response.status}")


def connect(port: int) -> http.client.HTTPConnection:
    """Open a connection as soon as the server answers."""
    for _ in range(200):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return connection
    raise SystemExit("the server does not answer")
