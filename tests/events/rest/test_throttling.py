"""A key may publish so many events a minute over HTTP; more are a 429 that says when to come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from events import api_keys
from events.conf import conf
from events.models import ApiKey, Event
from events.rest import throttling
from tests.api_client import V1, as_, bearing
from tests.own_settings import own

EVENTS = f"{V1}/events"
DONE = {"event_type": "job.completed"}


@pytest.fixture(autouse=True)
def _counted_anew(settings, monkeypatch) -> Iterator[None]:
    # Half a minute into a minute: the tests never see it turn.
    monkeypatch.setattr(throttling, "clock", lambda: 1_000_000_050.0)
    own(settings, REDIS_PREFIX=f"{conf.REDIS_PREFIX}:rate-{id(settings)}")
    throttling.reset()
    yield
    throttling.reset()


def limited(user, events: int):
    return bearing(api_keys.issue(user, events_per_minute=events)[1])


def test_what_is_over_the_limit_waits_for_the_next_minute(publisher):
    client = limited(publisher, 2)
    assert client.post(EVENTS, [DONE, DONE]).status_code == 201
    answer = client.post(EVENTS, DONE)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "rate_limited", "30")
    assert Event.objects.count() == 2


def test_an_array_that_was_refused_costs_nothing(publisher):
    client = limited(publisher, 2)
    assert client.post(EVENTS, [DONE] * 3).status_code == 429
    assert client.post(EVENTS, [DONE] * 2).status_code == 201


def test_what_never_fits_is_told_so(publisher):
    answer = limited(publisher, 2).post(EVENTS, [DONE] * 3)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, None)
    assert "send fewer at once" in answer.json()["detail"]


def test_the_next_minute_begins_anew(publisher, monkeypatch):
    client = limited(publisher, 1)
    client.post(EVENTS, DONE)
    monkeypatch.setattr(throttling, "clock", lambda: 1_000_000_081.0)
    assert client.post(EVENTS, DONE).status_code == 201


def test_each_key_counts_for_itself_and_the_session_too(publisher, settings):
    own(settings, PUBLISH_EVENTS_PER_MINUTE=1)
    for client in (as_(publisher), bearing(api_keys.issue(publisher)[1]), bearing(api_keys.issue(publisher)[1])):
        assert [client.post(EVENTS, DONE).status_code for _ in range(2)] == [201, 429]


def test_no_limit_is_none(publisher, settings):
    own(settings, PUBLISH_EVENTS_PER_MINUTE=1)
    assert [limited(publisher, 0).post(EVENTS, DONE).status_code for _ in range(3)] == [201] * 3


def test_while_redis_is_away_everybody_may_publish(publisher, settings):
    own(settings, REDIS_URL="redis://127.0.0.1:1/0")
    assert [limited(publisher, 1).post(EVENTS, DONE).status_code for _ in range(2)] == [201, 201]


def test_the_command_sets_the_limit(publisher):
    call_command("token", publisher.get_username(), "--per-minute", "5")
    assert ApiKey.objects.get().events_per_minute == 5
