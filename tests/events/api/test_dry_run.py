"""Asking over HTTP who would be told of an event."""

from __future__ import annotations

import pytest

from events import api_keys
from events.memberships import grant
from events.models import Event
from events.rest import throttling
from tests.api_client import V1, as_, bearing
from tests.notifications.factories.routing import JOB, store_preference
from tests.own_settings import own

DRY = f"{V1}/events?dry_run=true"
COMMENT = {"event_type": "review.comment", "source_entity_type": "job", "source_entity_id": JOB.id}


def test_it_says_who_would_be_told_and_stores_nothing(publisher, member, watcher):
    grant(JOB, user=member, role="owner")
    grant(JOB, user=watcher, role="watcher")
    store_preference(watcher, "review.comment", is_enabled=False)
    answer = as_(publisher).post(DRY, COMMENT)
    assert answer.status_code == 200
    body = answer.json()
    counts = {name: body[name] for name in ("audience", "examined", "told", "held", "channels", "why_not")}
    assert counts == {
        "audience": 2,
        "examined": 2,
        "told": 1,
        "held": 0,
        "channels": {"in_app": 1},
        "why_not": {"disabled": 1},
    }
    assert {one["user_id"]: one["reason"] or one["why_not"] for one in body["people"]} == {
        member.pk: "owner",
        watcher.pk: "disabled",
    }
    assert body["people"][0]["channels"] == [
        {"channel": "in_app", "state": "in_feed", "explanation": "In the feed.", "hold": "none"}
    ]
    assert not Event.objects.exists()


def test_it_needs_the_permission_to_publish(owner):
    assert as_(owner).post(DRY, COMMENT).status_code == 403


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"event_type": "job.complete"}, "unknown_event_type"),
        ({"event_type": "job.completed", "actor_user_id": 10**9}, "unknown_user"),
        ([COMMENT], "batch_size"),
    ],
)
def test_what_publishing_refuses_is_refused(publisher, sent, code):
    answer = as_(publisher).post(DRY, sent)
    assert answer.status_code == 400
    assert code in answer.content.decode()


def test_a_key_asks_of_its_own_types_only(admin):
    _key, text = api_keys.issue(admin, publish_patterns=["job.*"])
    assert bearing(text).post(DRY, COMMENT).status_code == 403
    assert bearing(text).post(DRY, {"event_type": "job.completed"}).status_code == 200


def test_it_counts_as_an_event_in_the_minute(publisher, settings, monkeypatch):
    monkeypatch.setattr(throttling, "clock", lambda: 1_000_900_050.0)
    throttling.reset()
    own(settings, PUBLISH_EVENTS_PER_MINUTE=1)
    assert as_(publisher).post(DRY, COMMENT).status_code == 200
    assert as_(publisher).post(DRY, COMMENT).status_code == 429


def test_a_misspelt_question_publishes_nothing(publisher):
    answer = as_(publisher).post(f"{V1}/events?dry-run=true", COMMENT)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown_field")
    assert not Event.objects.exists()
