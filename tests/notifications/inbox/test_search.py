"""Search among one's own notifications, in titles, names and by what they are about."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from events.db.session import joined_by_index
from events.models import Event
from notifications.inbox import feed, search, triage
from notifications.models import Notification
from tests.accounts.factory import rename
from tests.notifications.factories.routing import JOB, NOON, OTHER_JOB, define, publish_and_route
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]


def found(user, text: str, state: str = "") -> list[int]:
    return [row.pk for row in feed.page(user.pk, search_text=text, state=state)]


@pytest.fixture
def row(owner, member) -> int:
    """Id of one among others."""
    rename(member, "Carol Diaz")
    publish_and_route("job.failed", source=JOB, actor=member, payload={"name": "Harbour at night", "error": "Full"})
    publish_and_route("review.submitted", source=JOB, payload={"note": "Other"})
    return Notification.objects.get(user=owner, event__event_type__name="job.failed").pk


@pytest.mark.parametrize("text", ["harbour", "NIGHT harbour", "diaz", "failed", "harbour failed"])
def test_every_word_is_found_in_title_payload_or_name(owner, row, text):
    assert found(owner, text) == [row]


@pytest.mark.parametrize("text", ["nowhere", "harbour nowhere", "%", "_____________________", "\0nowhere", "job:43"])
def test_what_is_not_there_is_not_found(owner, row, text):
    assert found(owner, text) == []


def test_what_it_is_about_is_found(owner, row):
    assert len(found(owner, "job:42")) == 2
    publish_and_route("review.submitted", source=OTHER_JOB)
    assert found(owner, "job:43") == []


def test_done_and_snoozed_are_found_too_or_alone(owner, row):
    triage.done(owner.pk, ids=[row], now=NOON)
    assert (found(owner, "harbour"), found(owner, "harbour", "done"), found(owner, "harbour", "inbox")) == (
        [row],
        [row],
        [],
    )
    triage.snooze(owner.pk, ids=[row], until=NOON + timedelta(hours=1), now=NOON)
    assert found(owner, "harbour", "snoozed") == [row]


def test_the_number_of_queries_depends_on_no_number_of_words_or_rows(owner, row, django_assert_max_num_queries):
    for text in ("harbour", "harbour at night by diaz that failed"):
        with django_assert_max_num_queries(6):
            found(owner, text)


def test_a_search_looks_at_so_many_and_the_next_page_looks_on(owner, row, client, monkeypatch):
    monkeypatch.setattr(search, "LOOKED_AT", 1)
    newest = feed.page(owner.pk, search_text="harbour")
    assert (newest, feed.page(owner.pk, search_text="job:42").looked_to) == ([], None)
    assert newest.looked_to is not None
    older = feed.page(owner.pk, search_text="harbour", before=(newest.looked_to, 0))
    assert [one.pk for one in older] == [row]


@pytest.mark.parametrize("address", ["/notifications/?q=harbour", "/api/v1/notifications?q=harbour"])
def test_pages_and_the_api_lead_on_to_what_was_not_looked_at(owner, row, client, monkeypatch, address):
    monkeypatch.setattr(search, "LOOKED_AT", 1)
    client.force_login(owner)
    answer = client.get(address)
    said = answer.get("Link", "") + answer.content.decode()
    [following] = re.findall(r"(?:before|cursor)=([0-9]+-0)", said)[:1]
    name = "cursor" if "api" in address else "before"
    assert "Harbour at night" in client.get(f"{address}&{name}={following}").content.decode()


def test_nobody_finds_what_is_another_person_s(row, outsider):
    assert found(outsider, "harbour") == []


@pytest.fixture
def head(_tied, owner) -> int:
    """Id of a row that shows the last of three events."""
    define("odd.comment", audience=["owner"], burst_seconds=300)
    for text in ("Hold the harbour", "Brighter", "Done"):
        publish_and_route("odd.comment", source=JOB, payload={"text": text})
    return Notification.objects.get(user=owner, channel="in_app", event__payload__text="Done").pk


@pytest.mark.parametrize("text", ["harbour", "BRIGHTER", "done", "job:42"])
def test_a_burst_is_found_by_each_of_its_events(owner, head, text):
    assert found(owner, text) == [head]


def test_words_of_different_events_of_a_burst_are_not_found_together(owner, head):
    assert found(owner, "harbour brighter") == []


def test_what_was_withdrawn_from_a_burst_is_not_found(owner, head):
    Notification.objects.exclude(pk=head).update(withdrawn_at=NOON)
    assert found(owner, "harbour") == []


def test_what_one_may_not_see_in_a_storm_is_not_found_by_its_words(owner, head, settings):
    Event.objects.filter(payload__text="Brighter").update(source_entity_id=OTHER_JOB.id)
    assert found(owner, "brighter") == [head]
    own(settings, MAY_SEE="tests.notifications.inbox.test_search.sees_job_42")
    assert (found(owner, "brighter"), found(owner, "harbour")) == ([], [head])


def sees_job_42(_user, entity) -> bool:
    return bool(entity == JOB)


def test_what_one_may_not_see_is_not_found(owner, row, settings):
    own(settings, MAY_SEE="tests.notifications.inbox.test_search.sees_nothing")
    assert found(owner, "harbour") == []


def sees_nothing(_user, _entity) -> bool:
    return False


@pytest.mark.parametrize("text", ["harbour", "job:42"])
@pytest.mark.usefixtures("head")
def test_no_table_is_read_whole(owner, row, text):
    rows = search.narrowed(feed.rows(owner.pk), text=text).order_by("-feed_seq", "-id")[:21]
    with joined_by_index():
        plan = rows.explain()
    assert [line for line in plan.splitlines() if re.search(r"(Seq Scan on|SCAN) (events|notifications)\b", line)] == []
