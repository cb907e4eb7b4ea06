"""What is not accepted is refused before the insert, with a name for it, and nothing is stored by half."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from events.bus import Entity, NewEvent, publish, publish_many
from events.errors import EntityRefused, InactiveEventType, Refused, UnknownEventType, UnknownUser
from events.models import Event, EventType
from tests.accounts.factory import new_person
from tests.events.strategies import nested

pytestmark = pytest.mark.django_db

TOO_GREAT = 2**63


def refusal(event_type: Any = "job.completed", **facts: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        publish(event_type, **facts)
    assert not Event.objects.exists()
    return caught.value


def test_an_unknown_type_is_refused_with_near_names():
    found = refusal("job.complete")
    assert isinstance(found, UnknownEventType)
    assert (found.code, found.field) == ("unknown_event_type", "event_type")
    assert "did you mean job.completed" in found.detail


@pytest.mark.parametrize("name", ["", "job\x00", "job.\ud800", "job." + "x" * 100_000, None, 7, ["job.started"]])
def test_what_can_be_no_name_is_an_unknown_type(name):
    assert refusal(name).code == "unknown_event_type"


def test_a_type_that_is_switched_off_is_refused():
    EventType.objects.filter(name="job.completed").update(is_active=False)
    found = refusal()
    assert isinstance(found, InactiveEventType)
    assert found.code == "event_type_inactive"


@pytest.mark.parametrize("actor", [0, -1, 999_999, TOO_GREAT, True, "1", AnonymousUser()], ids=str)
def test_an_actor_that_nobody_is_is_refused(actor):
    found = refusal(actor=actor)
    assert isinstance(found, UnknownUser)
    assert (found.code, found.field) == ("unknown_user", "actor_user_id")


@pytest.mark.parametrize("actor", [new_person("new"), new_person("new", pk=999_999)], ids=["no key", "a key"])
def test_an_actor_that_was_never_saved_is_refused(actor):
    assert refusal(actor=actor).code == "unknown_user"


@pytest.mark.parametrize("project_id", [-1, TOO_GREAT, True, "3", 1.0])
def test_a_project_is_a_whole_number_of_64_bits(project_id):
    assert refusal(project_id=project_id).code == "invalid_project"


@pytest.mark.parametrize("source", [new_person("new"), "job:1", 5], ids=["unsaved", "text", "number"])
def test_a_source_that_stands_for_nothing_is_refused(source):
    assert isinstance(refusal(source=source), EntityRefused)


def test_an_id_over_64_bits_is_refused():
    with pytest.raises(EntityRefused, match="between 0 and 2"):
        publish("job.completed", source=Entity("job", TOO_GREAT))


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"n": float("nan")}, "payload_nan"),
        ({"n": "\x00"}, "payload_nul"),
        ({"n": "\ud800"}, "payload_surrogate"),
        ({"n": "x" * 300_000}, "payload_too_large"),
        (nested(200), "payload_too_deep"),
        ([], "not_an_object"),
        ("text", "not_an_object"),
    ],
    ids=["NaN", "NUL", "surrogate", "300 KB", "200 levels", "list", "text"],
)
def test_a_payload_that_cannot_be_kept_is_refused(payload, code):
    assert refusal(payload=payload).code == code


def test_a_payload_against_its_schema_is_refused_with_the_place_and_what_is_expected():
    found = refusal(payload={"progress": "half"})
    assert (found.code, found.field) == ("payload_schema", "payload")
    assert "$.progress" in found.detail
    assert "is not of type 'number'" in found.detail


@pytest.mark.parametrize("mentioned", [["7"], [1.5], [True], [0], [TOO_GREAT], "7", {"id": 7}])
def test_a_mention_list_that_is_not_of_whole_numbers_is_refused(mentioned):
    assert refusal("collab.mention", payload={"mentioned_user_ids": mentioned}).code == "payload_schema"


@pytest.mark.parametrize("key", ["", "x" * 201, "two\nlines", "nul\x00", "\ud800", 7])
def test_a_key_that_is_no_printable_text_is_refused(key):
    assert refusal(idempotency_key=key).code == "invalid_idempotency_key"


BAD = [
    NewEvent("job.complete"),
    NewEvent("job.completed", actor=999_999),
    NewEvent("job.completed", payload={"name": 1}),
    NewEvent("job.completed", idempotency_key=""),
]


@pytest.mark.parametrize("bad", BAD, ids=["type", "actor", "payload", "key"])
def test_one_bad_event_refuses_all_and_is_named_by_its_place(bad):
    with pytest.raises(Refused) as caught:
        publish_many([NewEvent("job.started"), NewEvent("job.started"), bad, NewEvent("job.started")])
    assert caught.value.index == 2
    assert not Event.objects.exists()


@pytest.mark.parametrize("bad", BAD, ids=["type", "actor", "payload", "key"])
def test_a_refusal_leaves_the_callers_transaction_usable(bad):
    with pytest.raises(Refused):
        publish_many([bad])
    publish("job.started")
    assert Event.objects.count() == 1


def test_hundreds_of_types_fit_into_one_call():
    names = [f"made.number_{number}" for number in range(800)]
    EventType.objects.bulk_create(EventType(name=name, category="made") for name in names)
    publish_many(NewEvent(name) for name in names)
    assert Event.objects.filter(event_type__category="made").count() == 800
