"""The feed over HTTP."""

from __future__ import annotations

import re

import pytest

from events.entities import Entity
from notifications.inbox import marking
from notifications.models import Notification
from tests.api_client import V1, as_, codes, tell

FEED = f"{V1}/notifications"


def unread(user) -> int:
    return marking.state(user.pk).unread_count


def test_a_notification_has_all_its_fields(owner):
    row = tell(owner, source=Entity("job", 7), payload={"name": "Shot 042", "message": "240 frames"})
    shown = as_(owner).get(FEED).json()[0]
    times = [shown.pop(name) for name in ("created_at", "delivered_at")]
    assert all(time.endswith("Z") for time in times)
    assert shown == {
        "id": row.pk,
        "seq": 1,
        "feed_seq": 1,
        "event_id": row.event_id,
        "event_type": "job.completed",
        "category": "job",
        "is_critical": False,
        "is_over": False,
        "title": "Shot 042 finished",
        "body": "240 frames",
        "display_title": "",
        "display_body": "",
        "initials": "",
        "progress": None,
        "url": "",
        "reason": "actor",
        "count": 1,
        "actors": [],
        "payload": {"name": "Shot 042", "message": "240 frames"},
        "source_entity_type": "job",
        "source_entity_id": 7,
        "actor_user_id": owner.pk,
        "channel": "in_app",
        "is_read": False,
        "read_at": None,
        "done_at": None,
        "snoozed_until": None,
        "acknowledged_by": None,
        "is_delivered": True,
    }


def test_nobody_sees_what_others_were_told(owner, member):
    tell(owner)
    assert as_(member).get(FEED).json() == []


def test_the_feed_is_read_to_its_end_by_its_links(owner):
    ids = [tell(owner).pk for _time in range(5)]
    client, url, seen = as_(owner), f"{FEED}?limit=2&unread_only=true", []
    while url:
        answer = client.get(url)
        seen += [row["id"] for row in answer.json()]
        following = re.search(r'<([^>]+)>; rel="next"', answer["Link"])
        url = following.group(1) if following else ""
        assert not url or "unread_only=true" in url
    assert seen == ids[::-1]


def test_the_feed_can_be_filtered_and_skipped(owner):
    first, second = tell(owner), tell(owner, "job.failed")
    client = as_(owner)
    client.post(f"{FEED}/{second.pk}/read")
    assert [row["id"] for row in client.get(FEED, {"unread_only": "true"}).json()] == [first.pk]
    assert [row["id"] for row in client.get(FEED, {"offset": 1}).json()] == [first.pk]
    assert client.get(FEED, {"category": "review"}).json() == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"category": "weather"}, {"category": "unknown_category"}),
        ({"unread_only": "yes"}, {"unread_only": "invalid"}),
        ({"limit": "1000"}, {"limit": "max_value"}),
        ({"limit": "ten"}, {"limit": "invalid"}),
        ({"offset": "-1"}, {"offset": "min_value"}),
        ({"cursor": "abc"}, {"cursor": "invalid_cursor"}),
        ({"cursor": "1-2-3"}, {"cursor": "invalid_cursor"}),
        ({"cursor": f"{2**63}-1"}, {"cursor": "invalid_cursor"}),
        ({"unread": "true"}, {"unread": "unknown_field"}),
    ],
)
def test_bad_query_parameters_are_named(owner, query, expected):
    answer = as_(owner).get(FEED, query)
    assert (answer.status_code, codes(answer)) == (400, expected)


def test_the_page_costs_the_same_queries_however_long(owner, django_assert_num_queries):
    client = as_(owner)
    tell(owner)
    with django_assert_num_queries(3):
        client.get(FEED)
    for _time in range(4):
        tell(owner, source=None)
    with django_assert_num_queries(3):
        client.get(FEED)


def test_reading_says_where_the_inbox_stands(owner):
    row = tell(owner)
    answer = as_(owner).post(f"{FEED}/{row.pk}/read")
    assert (answer.status_code, answer["X-Inbox-Seq"], answer["X-Unread-Count"]) == (204, "2", "0")
    again = as_(owner).post(f"{FEED}/{row.pk}/read")
    assert (again.status_code, again["X-Inbox-Seq"]) == (204, "2")


def test_unreading_brings_it_back(owner):
    row = tell(owner)
    client = as_(owner)
    client.post(f"{FEED}/{row.pk}/read")
    answer = client.post(f"{FEED}/{row.pk}/unread")
    assert (answer.status_code, answer["X-Unread-Count"]) == (204, "1")


@pytest.mark.parametrize("verb", ["read", "unread"])
def test_another_persons_row_is_404(owner, member, verb):
    row = tell(owner)
    answer = as_(member).post(f"{FEED}/{row.pk}/{verb}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert unread(owner) == 1


def test_read_all_can_be_undone(owner):
    tell(owner), tell(owner)
    client = as_(owner)
    read = client.post(f"{FEED}/read-all")
    assert (read.status_code, read["X-Unread-Count"]) == (200, "0")
    answer = client.post(f"{FEED}/undo", read.json())
    assert (answer.status_code, answer["X-Unread-Count"]) == (204, "2")


def test_reading_one_names_its_batch(owner):
    client, row = as_(owner), tell(owner)
    batch = client.post(f"{FEED}/{row.pk}/read")["X-Reading-Batch"]
    assert client.post(f"{FEED}/undo", {"batch": int(batch)})["X-Unread-Count"] == "1"


def test_reading_nothing_names_none(owner):
    answer = as_(owner).post(f"{FEED}/read-all")
    assert (answer.json(), answer.has_header("X-Reading-Batch")) == ({"batch": None}, False)


def test_undoing_another_persons_reading_is_404(owner, member):
    tell(owner)
    batch = as_(owner).post(f"{FEED}/read-all").json()
    answer = as_(member).post(f"{FEED}/undo", batch)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_several_are_marked_unread(owner):
    ids = [tell(owner).pk, tell(owner).pk]
    client = as_(owner)
    client.post(f"{FEED}/read-all")
    answer = client.post(f"{FEED}/unread", {"ids": ids})
    assert (answer.status_code, answer["X-Unread-Count"]) == (204, "2")


def test_of_ids_with_another_persons_nothing_is_changed(owner, member):
    mine, theirs = tell(owner), tell(member)
    client = as_(owner)
    client.post(f"{FEED}/read-all")
    assert client.post(f"{FEED}/unread", {"ids": [mine.pk, theirs.pk]}).status_code == 404
    assert unread(owner) == 0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"ids": "required"}),
        ({"ids": []}, {"ids": "min_length"}),
        ({"ids": ["1"]}, {"ids[0]": "invalid"}),
        ({"ids": [1, 1]}, {"ids": "repeated"}),
        ({"ids": [2**63]}, {"ids[0]": "max_value"}),
        ({"ids": 1}, {"ids": "not_a_list"}),
        ({"ids": [1], "all": True}, {"all": "unknown_field"}),
    ],
)
def test_bad_ids_are_named(owner, body, expected):
    answer = as_(owner).post(f"{FEED}/unread", body)
    assert (answer.status_code, codes(answer)) == (400, expected)


def test_read_all_stops_where_the_page_ended(owner):
    seen = tell(owner)
    later = tell(owner)
    as_(owner).post(f"{FEED}/read-all", {"up_to": seen.feed_seq})
    assert list(Notification.objects.filter(is_read=False).values_list("id", flat=True)) == [later.pk]


def test_read_all_of_one_category_leaves_the_others(owner):
    tell(owner)
    assert as_(owner).post(f"{FEED}/read-all", {"category": "review"})["X-Unread-Count"] == "1"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"up_to": "1"}, {"up_to": "invalid"}),
        ({"up_to": 2**63}, {"up_to": "max_value"}),
        ({"category": "weather"}, {"category": "unknown_category"}),
        ({"until": 1}, {"until": "unknown_field"}),
    ],
)
def test_bad_limits_of_read_all_are_named(owner, body, expected):
    assert codes(as_(owner).post(f"{FEED}/read-all", body)) == expected


def test_the_count_is_what_the_feed_has_unread(owner):
    tell(owner)
    assert as_(owner).get(f"{FEED}/unread-count").json() == {"count": 1}


def test_why_names_reason_rule_and_preference(owner):
    row = tell(owner)
    assert as_(owner).get(f"{FEED}/{row.pk}/why").json() == {
        "reason": "actor",
        "rule": "owner_or_actor",
        "explanation": "You did this.",
        "event_type": "job.completed",
        "preference_url": "/notifications/preferences/#type-job.completed",
    }


def test_why_of_a_rule_that_is_gone_still_names_the_reason(owner):
    row = tell(owner)
    row.event.event_type.audience = ["admins"]
    row.event.event_type.save()
    found = as_(owner).get(f"{FEED}/{row.pk}/why").json()
    assert (found["reason"], found["rule"]) == ("actor", None)


def test_why_of_another_persons_row_is_404(owner, member):
    row = tell(owner)
    assert as_(member).get(f"{FEED}/{row.pk}/why").status_code == 404
