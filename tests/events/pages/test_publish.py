"""The form of whoever publishes by hand: what it can't take it shows again, with why."""

from __future__ import annotations

import pytest

from events.models import Event

PUBLISH = "/events/publish/"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("{", "This is not JSON"),
        ("[" * 10_000, "This is not JSON"),
        ("9" * 5000, "This is not JSON"),
        (r'{"x": "\u0000"}', "NUL"),
        (r'{"x": "\ud800"}', "surrogate"),
        ('{"x": 1e999}', "payload $.x"),
    ],
)
def test_a_payload_that_can_not_be_is_named(client, admin, payload, words):
    client.force_login(admin)
    answer = client.post(PUBLISH, {"event_type": "job.completed", "payload": payload})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", "job:9223372036854775808"), ("project_id", "9223372036854775808"), ("actor", "x" * 200)],
)
def test_what_no_column_holds_is_named(client, admin, field, value):
    client.force_login(admin)
    answer = client.post(PUBLISH, {"event_type": "job.completed", "payload": "{}", field: value})
    assert answer.status_code == 400
    assert not Event.objects.exists()
