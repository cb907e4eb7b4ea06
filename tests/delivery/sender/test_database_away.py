"""A database that really goes away while attempts are in flight: what they came to is written once it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from delivery.models import Attempt, Delivery
from delivery.outbox import lease, rescue
from delivery.sender import drain, heartbeat, in_flight
from events.db import clock
from tests.conftest import person
from tests.delivery.factories.deliveries import address, delivery
from tests.events.concurrency import Running, until

pytestmark = [pytest.mark.service, pytest.mark.usefixtures("committed")]


@contextmanager
def away() -> Iterator[None]:
    """End every connection to this database, and let no new one begin."""
    given = connection.get_connection_params()
    name = given["dbname"]
    connection.close()
    reached = {key: given[key] for key in ("host", "port", "user", "password") if key in given}
    with psycopg.connect(dbname="postgres", autocommit=True, **reached) as elsewhere:
        elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        elsewhere.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_no_attempt_whose_answer_was_known_is_made_again(fake, monkeypatch):
    monkeypatch.setattr(drain, "DATABASE_PATIENCE", 0.0)
    box = address(person("owner"))
    for _ in range(fake.per_address):
        delivery(box, due_at=timezone.now())
    release, running = fake.hang(box), Running(drain.drain)
    until(lambda: len(fake.begun) == fake.per_address)
    with away():
        release()
        until(lambda: sum(in_flight._kept[fake.name].values()) == fake.per_address)
    running.join()
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}
    assert (Attempt.objects.count(), len(fake.sent)) == (fake.per_address, fake.per_address)


def test_what_goes_on_through_an_outage_longer_than_its_lease_is_taken_from_nobody(fake, monkeypatch):
    monkeypatch.setattr(drain, "DATABASE_PATIENCE", 0.0)
    monkeypatch.setattr(lease, "LEASE", timedelta(seconds=0.3))
    monkeypatch.setattr(heartbeat, "BEAT", drain.CLAIM_AGAIN)
    monkeypatch.setattr(in_flight, "HANGS_AFTER", 0.0)
    box, elsewhere = address(person("owner")), rescue.Watch()
    for _ in range(fake.per_address):
        delivery(box, due_at=timezone.now())
    release, running = fake.hang(box), Running(drain.drain)
    until(lambda: len(fake.begun) == fake.per_address)
    with away():
        time.sleep(2 * drain.CLAIM_AGAIN)
    elsewhere.rescue(now=clock.now())
    until(Delivery.objects.filter(lease_until__gt=clock.now()).exists)
    release()
    running.join()
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}
    assert (Attempt.objects.count(), len(fake.sent)) == (fake.per_address, fake.per_address)
