"""What operators and their machines ask: up, ready, how far behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NoReturn

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from delivery.models import Server
from delivery.monitoring import health
from delivery.monitoring.health import draining
from events.bus import Entity, publish
from events.models import ParkedEvent, Subscriber
from notifications.models import Fanout
from tests.delivery.factories.deliveries import address, delivery
from tests.events.concurrency import Running
from tests.events.fakes.database_errors import full, raising, reading_only
from tests.events.numbering import number_all
from tests.own_settings import own

CLOSED = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def _nothing_known_of_writes() -> None:
    health._look_at_writes.cache_clear()


@pytest.fixture
def without_redis(settings):
    own(settings, REDIS_URL="")


def test_a_process_that_answers_is_healthy(client):
    assert client.get("/healthz").content == b"ok\n"


def test_ready_means_that_nothing_is_wrong(client, db, without_redis):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (200, {})


def test_a_redis_that_is_away_is_named_for_what_it_carries(client, db, settings):
    own(settings, REDIS_URL=CLOSED)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == dict.fromkeys(("broker", "layer"), "Redis does not answer (ConnectionError)")


def test_a_balancer_may_leave_out_what_one_can_serve_without(client, db, settings):
    own(settings, REDIS_URL=CLOSED)
    assert client.get("/readyz?exclude=broker&exclude=layer").status_code == 200


def test_a_database_that_is_away_is_named(client, db, without_redis, monkeypatch):
    def away(*, now: datetime) -> NoReturn:
        raise DatabaseError("connection refused on 10.0.0.3")

    monkeypatch.setattr(health, "backlog", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"database": "the database does not answer (DatabaseError)"}


@pytest.fixture
def a_database_that_only_reads(committed, without_redis) -> Iterator[None]:
    with reading_only():
        yield


@pytest.mark.usefixtures("a_database_that_only_reads")
def test_a_database_that_only_reads_is_named(client):
    answer = client.get("/readyz")
    cause = "ReadOnlySqlTransaction" if connection.vendor == "postgresql" else "OperationalError"
    assert (answer.status_code, answer.json()["problems"]) == (
        503,
        {"database": f"the database takes no writes ({cause})"},
    )
    assert answer.json()["router_lag"] == 0


@pytest.mark.service
@pytest.mark.parametrize(("sqlstate", "cause"), [("53100", "DiskFull"), ("58030", "IoError")])
def test_a_full_database_is_named(client, committed, without_redis, sqlstate, cause):
    with raising(sqlstate, on="parked_events"):
        answer = client.get("/readyz")
    assert answer.json()["problems"] == {"database": f"the database takes no writes ({cause})"}
    assert answer.status_code == 503


@pytest.mark.embedded
def test_a_full_file_is_named(client, committed, without_redis):
    with full():
        answer = client.get("/readyz")
    assert (answer.status_code, list(answer.json()["problems"])) == (503, ["database"])


@pytest.mark.embedded
def test_one_where_another_writes_is_ready(client, committed, without_redis, monkeypatch):
    monkeypatch.setattr(health, "WRITE_MILLISECONDS", 10)
    has_it, gives_it_back = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            has_it.set()
            gives_it_back.wait(30)

    other = Running(write)
    assert has_it.wait(30)
    assert client.get("/readyz").status_code == 200
    gives_it_back.set()
    other.join()


def test_what_was_written_is_taken_back(client, committed, without_redis):
    assert client.get("/readyz").status_code == 200
    assert not ParkedEvent.objects.exists()


def test_its_writes_are_bounded_however_often_one_asks(client, db, without_redis, monkeypatch):
    monkeypatch.setattr(health, "WRITE_HOLDS", 1e9)
    with CaptureQueriesContext(connection) as asked:
        assert {client.get("/readyz").status_code for _ in range(5)} == {200}
    assert sum("INSERT" in query["sql"] for query in asked) == 1


def test_a_process_that_winds_down_is_not_ready(client, db, without_redis):
    draining.set()
    try:
        assert client.get("/readyz").json()["problems"] == {"process": "it is shutting down"}
    finally:
        draining.clear()


def test_the_age_of_what_has_no_position_yet_is_told(client, db, without_redis):
    publish("system.restart", source=Entity("host", 1))
    assert client.get("/readyz").json()["oldest_unnumbered_seconds"] >= 0
    assert "carillon_oldest_unnumbered_event_seconds" in client.get("/metrics").content.decode()


def test_the_router_s_lag_is_what_it_has_not_read(client, db, without_redis):
    publish("system.restart", source=Entity("host", 1))
    number_all()
    assert client.get("/readyz").json()["router_lag"] == 1


def test_what_waits_for_its_number_is_not_routed_yet_either(client, db, without_redis):
    publish("system.restart", source=Entity("host", 1))
    assert client.get("/readyz").json()["router_lag"] == 1


def test_how_late_deliveries_are_is_a_number(client, owner, without_redis):
    delivery(address(owner), due_at=timezone.now() - timedelta(seconds=60))
    delivery(address(owner), due_at=timezone.now() + timedelta(seconds=60))
    assert 59 < client.get("/readyz").json()["oldest_undelivered_seconds"] < 70
    assert "carillon_oldest_undelivered_seconds 6" in client.get("/metrics").text


def test_metrics_count_events_lag_and_what_was_parked(client, db):
    event = publish("system.restart", source=Entity("host", 1))
    number_all()
    reader = Subscriber.objects.create(name="archive", position=0)
    ParkedEvent.objects.create(subscriber=reader, event=event, error="no room", created_at=timezone.now())
    text = client.get("/metrics").content.decode()
    assert "carillon_events_numbered_total 1.0" in text
    assert "carillon_websockets " in text
    assert 'carillon_subscriber_lag_events{subscriber="archive"} 1.0' in text
    assert 'carillon_parked_events{subscriber="archive"} 1.0' in text
    assert 'carillon_set_aside_events{subscriber="archive"} 0.0' in text


def test_what_is_set_aside_is_named_and_stops_nobody_s_balancer(client, db, without_redis):
    events = [publish("system.restart", source=Entity("host", number)) for number in (1, 2)]
    router = Subscriber.objects.create(name="notifications")
    ParkedEvent.objects.create(subscriber=router, event=events[0], error="no", retry_at=timezone.now())
    Fanout.objects.create(event=events[1], until_user=9, attempts=3)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["events_set_aside"]) == (200, 2)
    text = client.get("/metrics").text
    assert 'carillon_parked_events{subscriber="notifications"} 0.0' in text
    assert 'carillon_set_aside_events{subscriber="notifications"} 2.0' in text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_they_are_only_read(client, db, path):
    assert client.post(path).status_code == 405


@pytest.mark.django_db
def test_a_server_of_ours_that_fails_is_named_and_this_one_stays_ready(client):
    Server.objects.create(name="smtp", failures=3, failing_since=timezone.now())
    Server.objects.create(name="slack", failures=1, failing_since=timezone.now())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failing_servers"]) == (200, ["smtp"])
    failing = [line for line in client.get("/metrics").text.splitlines() if line.startswith("carillon_server_failing{")]
    assert failing == ['carillon_server_failing{server="smtp"} 1.0']
