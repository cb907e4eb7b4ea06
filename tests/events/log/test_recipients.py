"""Recipients whom a publisher names: who may be named how, and what is stored of them."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import accounts, api_keys
from events.accounts import User
from events.bus import NewEvent, apublish, publish, publish_many
from events.errors import IdempotencyConflict, Refused
from events.log import recipients
from events.models import Event
from tests.accounts.factory import new_person, saved_person
from tests.api_client import V1, as_, bearing, codes

pytestmark = pytest.mark.django_db
EVENTS = f"{V1}/events"


@pytest.fixture
def people() -> list[User]:
    return [saved_person(f"p{number}") for number in range(3)]


@pytest.fixture
def group(people) -> Group:
    made = Group.objects.create(name="lighting")
    made.user_set.add(*people[:2])
    return made


def stored(to: Any) -> Any:
    return Event.objects.get(pk=publish("job.completed", to=to).pk).recipients


def refusal(to: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        publish("job.completed", to=to)
    assert not Event.objects.exists()
    return caught.value


def test_users_and_ids_are_stored_sorted_and_once(people):
    one, two, three = people
    assert stored([three, one.pk, two, one]) == [one.pk, two.pk, three.pk]


@given(places=st.lists(st.integers(0, 2)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_order_and_the_kind_the_same_is_stored(people, places):
    named = [people[place] if number % 2 else people[place].pk for number, place in enumerate(places)]
    expected = sorted({people[place].pk for place in places}) or None
    assert publish("job.completed", to=named).recipients == expected


def test_of_a_group_its_people_as_of_now(group, people):
    event = publish("job.completed", to=group)
    group.user_set.add(people[2])
    assert Event.objects.get(pk=event.pk).recipients == [people[0].pk, people[1].pk]


def test_of_a_queryset_its_people_in_whatever_form(group, people):
    ids = [people[0].pk, people[1].pk]
    assert stored(group.user_set.all()) == ids
    assert stored(accounts.everyone().filter(pk__in=ids).order_by("-pk")[:2]) == ids
    assert stored(group.user_set.values("email")) == ids


@pytest.mark.parametrize("to", [None, [], ()])
def test_where_nobody_is_named_the_column_is_null(to):
    stored(to)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events WHERE recipients IS NULL")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    "to",
    ["alice", 7, {"id": 7}, [True], ["7"], [1.0], [None], [[7]], [new_person("new")], Group(name="unsaved")],
    ids=str,
)
def test_what_names_nobody_is_refused_with_what_is_accepted(to):
    found = refusal(to)
    assert (found.code, found.field) == ("invalid_recipients", "to")
    assert "accepted are a list of users or of their ids, a Group, or a queryset of users" in found.detail


def test_a_queryset_of_other_things_is_refused(group):
    assert refusal(Group.objects.all()).code == "invalid_recipients"


@pytest.mark.parametrize("unknown", [0, -1, 999_999, 2**63, 2**80])
def test_an_id_of_nobody_is_refused_and_named(people, unknown):
    found = refusal([people[0].pk, unknown])
    assert (found.code, found.field) == ("unknown_user", "to")
    assert f"[{unknown}]" in found.detail


def test_more_than_ten_thousand_are_refused(people, monkeypatch):
    assert refusal(range(1, 10_002)).code == "too_many_recipients"
    monkeypatch.setattr(recipients, "MOST", 2)
    assert refusal(accounts.everyone()).code == "too_many_recipients"


def test_ten_thousand_are_accepted_with_one_look(django_assert_num_queries):
    get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(10_000)])
    everyone = accounts.everyone()
    publish("job.completed")
    # Types, savepoint, the look, the INSERT, its release; loaded users need no look.
    for to in (list(everyone.values_list("pk", flat=True)), everyone):
        with django_assert_num_queries(5):
            assert len(publish("job.completed", to=to).recipients or ()) == 10_000
    loaded = list(everyone)
    with django_assert_num_queries(4):
        publish("job.completed", to=loaded)


def test_many_look_for_their_people_once(people, django_assert_num_queries):
    publish("job.completed")
    new = [NewEvent("job.completed", actor=people[0].pk, to=[person.pk]) for person in people]
    with django_assert_num_queries(5):
        assert [event.recipients for event in publish_many(new)] == [[person.pk] for person in people]


def test_each_bad_one_of_many_is_named(people):
    new = [NewEvent("job.completed", to=[people[0]]), NewEvent("job.completed", to=[10**6]), NewEvent("job.x")]
    with pytest.raises(Refused) as caught:
        publish_many(new)
    assert [caught.value.index, *(other.index for other in caught.value.others)] == [1, 2]


def test_a_coroutine_names_them_too(committed):
    person = saved_person("p")
    assert async_to_sync(apublish)("job.completed", to=[person]).recipients == [person.pk]


def test_one_key_is_for_one_list_of_people(people):
    first = publish("job.completed", to=people[:2], idempotency_key="k")
    assert publish("job.completed", to=[people[1].pk, people[0]], idempotency_key="k") == first
    with pytest.raises(IdempotencyConflict):
        publish("job.completed", to=people, idempotency_key="k")


def test_over_http_they_are_ids(publisher, people):
    sent = {"event_type": "job.completed", "to": [people[1].pk, float(people[0].pk)]}
    answer = as_(publisher).post(EVENTS, [sent, {"event_type": "job.completed", "to": None}])
    assert answer.status_code == 201
    assert [*Event.objects.order_by("pk").values_list("recipients", flat=True)] == [
        [people[0].pk, people[1].pk],
        None,
    ]


@pytest.mark.parametrize(
    ("to", "code"),
    [("alice", "not_a_list"), ([True], "invalid"), ([10**7], "unknown_user"), ([1] * 10_001, "max_length")],
    ids=["text", "true", "nobody", "many"],
)
def test_over_http_what_is_wrong_is_named(publisher, to, code):
    answer = as_(publisher).post(EVENTS, {"event_type": "job.completed", "to": to})
    assert answer.status_code == 400
    assert code in {*codes(answer).values(), answer.json()["code"]}
    assert not Event.objects.exists()


def test_whoever_may_publish_a_type_may_address_anyone(publisher, people):
    _key, text = api_keys.issue(publisher, publish_patterns=["job.*"])
    sent = {"event_type": "job.completed", "to": [people[2].pk]}
    assert bearing(text).post(EVENTS, sent).status_code == 201
    assert bearing(text).post(EVENTS, sent | {"event_type": "review.approved"}).status_code == 403
    assert as_(people[0]).post(EVENTS, sent).status_code == 403


def run(*words: str) -> str:
    out = StringIO()
    call_command("publish", *words, stdout=out)
    return out.getvalue()


def test_the_command_names_them_by_name_or_id(people):
    said = run("job.completed", "--to", people[0].get_username(), "--to", str(people[1].pk))
    assert Event.objects.get(pk=int(said)).recipients == [people[0].pk, people[1].pk]


def test_the_command_says_who_is_nobody(people, tmp_path):
    with pytest.raises(CommandError, match="no user 'nobody'; --to takes a username or a user id"):
        run("job.completed", "--to", "nobody")
    with pytest.raises(CommandError, match="--to is for one event"):
        run("--lines", str(tmp_path / "x"), "--to", people[0].get_username())


def test_lines_name_them_too(people, tmp_path):
    lines = tmp_path / "events.jsonl"
    lines.write_text(json.dumps({"event_type": "job.completed", "to": [people[0].pk]}))
    run("--lines", str(lines))
    assert Event.objects.get().recipients == [people[0].pk]
