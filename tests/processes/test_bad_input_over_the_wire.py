"""What no client should send, to a real web process: each a named error or close code, nothing stored, and it lives."""

from __future__ import annotations

import contextlib
import json
import socket as sockets
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.events.concurrency import until
from tests.processes.environment import Service
from tests.processes.websocket_frames import listening, read, read_to_the_end

pytestmark = [pytest.mark.process, pytest.mark.service]

MEGABYTE = 1_000_000
FLOOD = """
INSERT INTO events (event_type_id, actor_user_id, payload)
SELECT t.id, u.id, jsonb_build_object('name', n::text, 'text', repeat('x', 20000))
FROM event_types t, auth_user u, generate_series(1, 400) n WHERE t.name = 'job.completed' AND u.username = 'carol'
"""
TOLD_OF_FLOOD = (
    "SELECT count(*) FROM notifications n JOIN events e ON e.id = event_id WHERE length(payload->>'text') = 20000"
)


@pytest.fixture(scope="module")
def key(service):
    return service.key("admin")


@pytest.fixture(autouse=True)
def _lives_and_stores_nothing(service: Service, request: pytest.FixtureRequest) -> Iterator[None]:
    before = service.sql("SELECT count(*) FROM events WHERE payload ? 'bad'")
    yield
    assert service.webs[0].is_running
    assert httpx.get(f"{service.urls[0]}/healthz").status_code == 200
    assert service.sql("SELECT count(*) FROM events WHERE payload ? 'bad'") == before


def memory(service: Service) -> int:
    return int(psutil.Process(service.webs[0].pid).memory_info().rss)


# Sockets


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "invalid_json"),
        ("[]", "invalid_json"),
        (b"\xff\xfe", "invalid_json"),
        ("[" * 15_000, "invalid_json"),
        ('{"type": "hub.frames", "body": "{}"}', "unknown_type"),
        ('{"type": "websocket.close", "code": 1000}', "unknown_type"),
        ('{"type": "websocket.disconnect"}', "unknown_type"),
        ('{"type": ["resume"]}', "unknown_type"),
        ('{"type": "resume", "seq": "1"}', "invalid_seq"),
        ('{"type": "resume", "seq": 9223372036854775808}', "invalid_seq"),
        ('{"type": "resume", "seq": ' + "9" * 5000 + "}", "invalid_json"),
    ],
)
def test_a_frame_that_makes_no_sense_is_answered_by_name_and_the_socket_lives(service, key, sent, code):
    with listening(service.urls[0], key=key) as socket:
        socket.send(sent)
        frame = read(socket)
        assert (frame["type"], frame["code"]) == ("error", code)
        socket.send('{"type": "ping"}')
        assert read(socket) == {"type": "pong"}


@pytest.mark.parametrize("size", [16 * 1024 + 1, MEGABYTE])
def test_a_frame_of_more_than_16_kb_is_refused_by_name(service, key, size):
    with listening(service.urls[0], key=key) as socket:
        socket.send("x" * size)
        frames, code = read_to_the_end(socket)
    assert (frames[-1]["code"], code) == ("too_large", 4413)


def test_a_frame_beyond_daphnes_own_limit_ends_the_socket(service, key):
    before = memory(service)
    with listening(service.urls[0], key=key) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(30):
                socket.send("x" * (2 * MEGABYTE))
        assert read_to_the_end(socket)[0] == []
    assert memory(service) - before < 30 * MEGABYTE


def test_a_thousand_frames_a_second_are_too_many(service, key):
    before = memory(service)
    with listening(service.urls[0], key=key) as socket:
        with contextlib.suppress(ConnectionClosed):
            for _ in range(1000):
                socket.send('{"type": "ping"}')
        frames, code = read_to_the_end(socket)
    assert (frames[-1]["code"], code) == ("too_many", 4429)
    assert sum(frame["type"] == "pong" for frame in frames) < 100
    assert memory(service) - before < 30 * MEGABYTE


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
def test_a_page_from_elsewhere_is_refused_before_the_socket_is_accepted(service, key, origin):
    address = service.urls[0].replace("http", "ws", 1) + "/ws/notifications/"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, origin=origin, additional_headers={"Authorization": f"Bearer {key}"}),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_somebody_without_a_key_is_told_and_closed(service):
    address = service.urls[0].replace("http", "ws", 1) + "/ws/notifications/"
    with connect(address, origin=service.urls[0]) as socket:
        frames, code = read_to_the_end(socket)
    assert (frames[-1]["code"], code) == ("unauthenticated", 4401)


def deaf(service: Service, *, key: str) -> sockets.socket:
    """A client that shakes hands and never reads what comes."""
    client = sockets.socket()
    client.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", int(service.urls[0].rpartition(":")[2])))
    client.sendall(
        f"GET /ws/notifications/ HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {key}\r\n\r\n".encode()
    )
    assert b"101 Switching" in client.recv(200)
    return client


def test_clients_that_never_read_cost_no_memory_and_hold_up_nobody(service):
    carol = service.key("carol")
    clients = [deaf(service, key=carol) for _ in range(15)]
    before = memory(service)
    with listening(service.urls[0], key=carol) as socket:
        service.sql(FLOOD)
        until(lambda: service.sql(TOLD_OF_FLOOD) == [(400,)])
        assert read(socket)["type"] in ("notification", "hello")
    time.sleep(1)
    # Each frame has the payload twice: without bounds these clients would hold 240 MB.
    assert memory(service) - before < 60 * MEGABYTE
    for client in clients:
        client.close()


# HTTP


def event(payload: str, *, more: str = "") -> bytes:
    return f'{{"event_type": "job.completed", "payload": {payload}{more}}}'.encode()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (event('{"bad": "' + "x" * 9 * MEGABYTE + '"}'), 413, "too_large"),
        (event('{"bad": "' + "x" * 300_000 + '"}'), 413, "payload_too_large"),
        (event('{"bad": ' + "[" * 200 + "]" * 200 + "}"), 400, "too_deep"),
        (event('{"bad": ' + "[" * 60_000 + "]" * 60_000 + "}"), 400, "too_deep"),
        (event('{"bad": ' + "[" * 40 + "]" * 40 + "}"), 400, "payload_too_deep"),
        (event(r'{"bad": "a\u0000b"}'), 400, "nul"),
        (event('{"bad": NaN}'), 400, "nan"),
        (event('{"bad": 1e999}'), 400, "payload_nan"),
        (event(r'{"bad": "\ud800"}'), 400, "surrogate"),
        (
            event('{"bad": 1}', more=', "source_entity_type": "job", "source_entity_id": 9223372036854775808'),
            400,
            "invalid",
        ),
        (event('{"bad": 1}', more=', "actor_user_id": 9223372036854775808'), 400, "invalid"),
        (event('{"bad": 1}', more=', "actor_user_id": 4711'), 400, "unknown_user"),
        (event('{"bad": ' + "9" * 5000 + "}"), 400, "invalid_number"),
        (b"\xff\xfe{", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"", 400, "required"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_body_that_cannot_be_taken_is_refused_by_name(service, key, body, status, code):
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = httpx.post(f"{service.urls[0]}/api/v1/events", headers=headers, content=body, timeout=20)
    found = answer.json()
    assert answer.status_code == status
    assert code in {found["code"], *(one["code"] for one in found.get("errors", []))}, found
    assert "Traceback" not in found["detail"]


def test_an_array_with_one_bad_event_stores_none_of_it(service, key):
    events = [{"event_type": "job.completed", "payload": {"bad": n}} for n in range(50)]
    events[49]["event_type"] = "job.complted"
    headers = {"Authorization": f"Bearer {key}"}
    answer = httpx.post(f"{service.urls[0]}/api/v1/events", headers=headers, json=events, timeout=20)
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_event_type")
    assert "job.completed" in json.dumps(answer.json())


@pytest.mark.parametrize("prefix", [b"/x", b"/\xe9", b"https://evil.example"])
def test_a_prefix_of_the_path_is_taken_from_nobody(service, prefix):
    headers = [(b"Daphne-Root-Path", prefix)]
    assert httpx.get(f"{service.urls[0]}/healthz", headers=headers).status_code == 200
    assert httpx.get(f"{service.urls[0]}/x/healthz", headers=headers).status_code == 404
    assert httpx.get(f"{service.urls[0]}/", headers=headers).headers["Location"] == "/notifications/"


def test_a_socket_takes_no_prefix_either(service, key):
    address = service.urls[0].replace("http", "ws", 1) + "/ws/notifications/"
    headers = {"Authorization": f"Bearer {key}", "Daphne-Root-Path": "/x"}
    with connect(address, additional_headers=headers) as socket:
        assert read(socket)["type"] == "hello"
