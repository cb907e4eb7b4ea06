"""PostgreSQL and Redis, and every part in a process of its own, as production runs them."""

from __future__ import annotations

import httpx
import pytest

from tests.processes.environment import Service
from tests.processes.websocket_client import listeners

pytestmark = [pytest.mark.process, pytest.mark.service]

INSERT = """
INSERT INTO events (event_type_id, actor_user_id, payload)
SELECT t.id, u.id, jsonb_build_object('name', %s::text) FROM event_types t, auth_user u
WHERE t.name = 'job.completed' AND u.username = 'admin'
"""


@pytest.fixture(scope="module")
def key(service):
    return service.key("admin")


@pytest.fixture
def both(service, key):
    """The same person on both web processes."""
    with listeners(*service.urls, key=key) as found:
        yield found


def call(method: str, url: str, *, key: str, json: object = None) -> httpx.Response:
    return httpx.request(method, url, headers={"Authorization": f"Bearer {key}"}, timeout=10, json=json)


def publish(service: Service, name: str, *, key: str) -> None:
    admin = service.sql("SELECT id FROM auth_user WHERE username = 'admin'")[0][0]
    body = {"event_type": "job.completed", "actor_user_id": admin, "payload": {"name": name}}
    assert call("POST", f"{service.urls[0]}/api/v1/events", key=key, json=body).status_code == 201


def test_an_event_published_on_one_web_process_arrives_on_both(service, both, key):
    publish(service, "over both", key=key)
    for listener in both:
        listener.wait_for(["over both"])


def test_reading_on_one_web_process_is_echoed_on_the_other(service, both, key):
    publish(service, "to be read", key=key)
    told = both[0].wait_for_frame("notification")["notification"]
    both[1].wait_for(["to be read"])
    answer = call("POST", f"{service.urls[0]}/api/v1/notifications/{told['id']}/read", key=key)
    assert answer.status_code == 204
    echo = both[1].wait_for_frame("read")
    assert (echo["ids"], echo["is_read"]) == ([told["id"]], True)
    assert echo["unread_count"] == int(answer.headers["X-Unread-Count"])


def test_what_bare_sql_inserts_without_a_hint_is_told_by_the_sweep(service, both):
    service.sql(INSERT, "by bare SQL")
    for listener in both:
        listener.wait_for(["by bare SQL"])


@pytest.mark.usefixtures("only_hints")
def test_published_events_are_told_by_their_hints_alone(service, both, key):
    for number in range(9):
        publish(service, f"hinted {number}", key=key)
        both[1].wait_for([f"hinted {number}"])


def test_every_process_is_ready(service):
    assert all(process.is_running for process in (*service.webs, *service.others))
    for url in service.urls:
        assert httpx.get(f"{url}/readyz", timeout=5).json()["problems"] == {}
