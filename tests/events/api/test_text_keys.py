"""Ids that are text over HTTP: given and answered as they are, in events, CloudEvents and addresses of entities."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from events.dispatch import sequencer
from events.entities import Entity
from events.memberships import grant, members_of
from events.models import Event
from tests.api_client import V1, as_, codes

EVENTS = f"{V1}/events"
IDS = ["3f2c-91", "a/b", "a//b/", "x:y?z#%2F", "ключ", "007", "-1", "9" * 30, "x" * 200, "members", "7/members"]


def about(key: object) -> dict[str, object]:
    return {"event_type": "job.completed", "source_entity_type": "prompt", "source_entity_id": key}


@pytest.mark.parametrize("key", [*IDS, 7, 0, 2**63 - 1])
def test_an_id_comes_back_as_it_was_given(admin, key):
    answer = as_(admin).post(EVENTS, about(key))
    assert (answer.status_code, answer.json()["source_entity_id"]) == (201, key)
    assert Event.objects.get().source == Entity("prompt", key)


@pytest.mark.parametrize("key", ["7", 7.0])
def test_what_is_written_like_a_number_is_the_number(admin, key):
    assert as_(admin).post(EVENTS, about(key)).json()["source_entity_id"] == 7


def test_the_log_is_read_with_texts_and_numbers(admin):
    client = as_(admin)
    client.post(EVENTS, [about("3f2c-91"), about(7)])
    sequencer.number()
    assert [one["source_entity_id"] for one in client.get(EVENTS).json()] == ["3f2c-91", 7]


def test_what_is_refused_says_what_is_accepted(admin):
    answer = as_(admin).post(EVENTS, about("a b"))
    assert codes(answer) == {"source_entity_id": "invalid_entity"}
    assert "text of 1 to 200 printable characters, without spaces" in answer.json()["detail"]


@pytest.mark.parametrize("key", IDS)
@pytest.mark.parametrize("safe", ["", "/:"])
def test_an_address_of_its_members_holds_it_with_slashes_escaped_or_not(admin, owner, key, safe):
    client, members = as_(admin), f"{V1}/entities/prompt/{quote(key, safe=safe)}/members"
    assert client.put(f"{members}/{owner.pk}", {"role": "owner"}).status_code == 200
    assert [tie.user for tie in members_of(Entity("prompt", key))] == [owner]
    assert [one["user_id"] for one in client.get(members).json()] == [owner.pk]
    assert client.delete(f"{members}/{owner.pk}").status_code == 204
    assert not members_of(Entity("prompt", key)).exists()


def test_an_address_with_digits_is_that_of_the_number(admin, owner):
    grant(Entity("prompt", 7), user=owner, role="owner")
    assert len(as_(admin).get(f"{V1}/entities/prompt/7/members").json()) == 1
    assert as_(admin).get(f"{V1}/entities/prompt/007/members").json() == []


@pytest.mark.parametrize("key", ["a%20b", "a%09b", "x" * 201, "a/%2E%2E/b"])
def test_an_address_of_no_entity_is_refused_by_its_part(admin, key):
    answer = as_(admin).get(f"{V1}/entities/prompt/{key}/members")
    assert (answer.status_code, codes(answer)) == (400, {"entity_id": "invalid_entity"})


@pytest.mark.parametrize(
    ("subject", "source"),
    [
        ("prompt:3f2c-91", Entity("prompt", "3f2c-91")),
        ("prompt:007", Entity("prompt", "007")),
        ("prompt:7", Entity("prompt", 7)),
        ("prompt/7", Entity("prompt", 7)),
        ("folder/picture.png", None),
        ("a picture", None),
        ("prompt:a b", None),
    ],
)
def test_the_subject_of_a_cloudevent_may_name_it(admin, subject, source):
    event = {"specversion": "1.0", "id": "1", "source": "/farm", "type": "job.completed", "subject": subject}
    answer = as_(admin).post(EVENTS, event, content_type="application/cloudevents+json")
    assert (answer.status_code, Event.objects.get().source) == (201, source)
