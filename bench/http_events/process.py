"""The client of `bench.http_events`: one connection that is kept; and `publish_many` in this process, in turn."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Callable

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from events import keys  # noqa: E402
from events.bus import Entity, NewEvent, publish_many  # noqa: E402

ROUNDS = 5
SIZE = 1_000
ONE = {
    "event_type": "job.started",
    "source_entity_type": "job",
    "source_entity_id": 7,
    "payload": {"name": "Shot 042"},
}


def main() -> None:
    port, arrays, singles = (int(argument) for argument in sys.argv[1:4])
    _key, text = keys.issue(User.objects.create_superuser("bench"))
    connection = connected(port)
    many, one = json.dumps([ONE] * SIZE).encode(), json.dumps(ONE).encode()
    new = [NewEvent("job.started", source=Entity("job", 7), payload={"name": "Shot 042"})] * SIZE

    def post(path: str, body: bytes) -> Callable[[], None]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {text}"}

        def call() -> None:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 201):
                raise SystemExit(f"{path} answered {answer.status}")

        return call

    work: dict[str, tuple[Callable[[], object], int, int]] = {
        "arrays": (post("/api/v1/events", many), arrays, SIZE),
        "publish_many": (lambda: publish_many(new), arrays, SIZE),
        "singles": (post("/api/v1/events", one), singles, 1),
        "empty": (post("/empty", one), singles, 1),
    }
    found: dict[str, list[float]] = {name: [] for name in work}
    for number in range(1 + ROUNDS):
        for name, (call, times, size) in work.items():
            began = time.perf_counter()
            for _ in range(times):
                call()
            if number:
                found[name].append(times * size / (time.perf_counter() - began))
    print(json.dumps(found))


def connected(port: int) -> http.client.HTTPConnection:
    """Once the server answers."""
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


if __name__ == "__main__":
    main()
