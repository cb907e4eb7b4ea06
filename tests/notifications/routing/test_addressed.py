"""People whom the publisher names are told beside those of the type's rules."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from events import accounts
from events.bus import publish
from events.memberships import grant
from events.models import EventType
from events.sweep import sweep
from events.testing import told
from notifications.inbox import feed, timeline
from notifications.models import Notification
from notifications.routing import audiences, fanout
from notifications.routing.reasons import why
from tests.accounts.factory import name_of, new_person
from tests.conftest import person
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    OTHER_JOB,
    change_type,
    define,
    notified,
    publish_and_route,
    queries,
    route,
    store_preference,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def test_they_are_told_beside_the_others(owner, outsider):
    event = publish_and_route("job.completed", source=JOB, to=[outsider])
    assert notified(event) == {"owner": "owner", "outsider": "addressed"}


def test_a_type_without_rules_is_for_them_alone(outsider):
    define("chat.hello", audience=[], category="chat")
    assert notified(publish_and_route("chat.hello", to=[outsider])) == {"outsider": "addressed"}


def test_who_owns_it_too_was_addressed(owner):
    assert notified(publish_and_route("job.completed", source=JOB, to=[owner])) == {"owner": "addressed"}


def test_the_actor_is_told_unless_the_type_leaves_them_out(owner):
    assert notified(publish_and_route("job.completed", actor=owner, to=[owner])) == {"owner": "addressed"}
    change_type("job.completed", exclude_actor=True)
    assert notified(publish_and_route("job.completed", actor=owner, to=[owner])) == {}


def test_scope_does_not_narrow_it(outsider):
    store_preference(outsider, "job.completed", scope="my_jobs")
    assert notified(publish_and_route("job.completed", source=JOB, to=[outsider]))["outsider"] == "addressed"


def test_who_switched_the_type_off_is_not_told(outsider):
    store_preference(outsider, "job.completed", is_enabled=False)
    assert "outsider" not in notified(publish_and_route("job.completed", source=JOB, to=[outsider]))


def test_who_is_deactivated_is_not_told(member):
    former = person("former", is_active=False)
    assert notified(publish_and_route("job.completed", to=[former, member])) == {"member": "addressed"}


@pytest.mark.parametrize("value", ['"all"', "7", "null", '{"a": 1}', '["7", true, null, 1.5, -1, 99999999999]'])
def test_a_stored_list_of_anything_tells_nobody_and_breaks_nothing(value):
    kind = EventType.objects.get(name="collab.mention")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO events (event_type_id, recipients) VALUES (%s, %s)", [kind.pk, value])
    sweep()
    assert not Notification.objects.exists()


def test_ten_thousand_cost_as_many_queries_as_one(outsider):
    for_one = queries(publish("job.completed", to=[outsider]))
    get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(9_990)])
    assert queries(publish("job.completed", to=accounts.everyone())) == for_one
    assert Notification.objects.filter(reason="addressed").count() > 9_990


def test_of_a_large_audience_they_are_told_in_their_chunk(owner, outsider, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 1)
    monkeypatch.setattr(fanout, "CHUNK", 1)
    define("job.note", audience=["watchers", "members"])
    event = publish("job.note", source=JOB, to=[owner, outsider])
    route(event)
    while fanout.advance(event.pk, now=NOON):
        pass
    reasons = {"owner": "addressed", "outsider": "addressed", "member": "member", "watcher": "watcher"}
    assert notified(event) == reasons


def test_the_kit_for_tests_knows_it(outsider):
    with told() as found:
        publish("job.completed", source=JOB, to=[outsider])
    found.assert_notified(outsider, "job.completed", reason="addressed")


def test_it_says_so_to_them(outsider):
    publish_and_route("job.completed", source=JOB, to=[outsider])
    [row] = feed.page(outsider.pk)
    assert why(row) == {
        "reason": "addressed",
        "rule": None,
        "explanation": "It was addressed to you.",
        "event_type": "job.completed",
    }


def test_a_page_of_the_feed_leaves_the_list_in_the_database(outsider, django_assert_num_queries):
    publish_and_route("job.completed", source=JOB, to=[outsider])
    with django_assert_num_queries(1):
        rows = [feed.as_json(row) for row in feed.page(outsider.pk)]
    assert len(rows) == 1
    assert "recipients" in feed.page(outsider.pk)[0].event.get_deferred_fields()


def test_what_is_for_them_alone_others_find_on_no_page(owner, outsider):
    grant(OTHER_JOB, user=owner, role="owner")
    grant(OTHER_JOB, user=outsider, role="member")
    define("chat.hello", audience=[], category="chat")
    publish_and_route("chat.hello", source=OTHER_JOB, to=[outsider])
    found = {
        name_of(user): len(read.entries) if (read := timeline.read(user, entity=OTHER_JOB)) else 0
        for user in (owner, outsider)
    }
    assert found == {"owner": 0, "outsider": 1}
