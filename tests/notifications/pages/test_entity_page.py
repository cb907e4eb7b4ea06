"""An entity's own page: what it shows, to whom, and that it leads on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events import entities
from events.accounts import User
from events.entities import Entity, register_entity
from events.memberships import grant
from notifications.inbox import timeline
from notifications.inbox.timeline import Timeline
from notifications.presentation import access
from tests.accounts.factory import rename, saved_person
from tests.notifications.factories.routing import JOB, OTHER_JOB, publish_and_route

pytestmark = pytest.mark.django_db
PROJECT = Entity("project", 7)


@pytest.fixture
def browser(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def page(browser: Client, entity: Entity = JOB, **query: Any) -> str:
    answer = browser.get(reverse("carillon:entity", args=[entity.type, entity.id]), query)
    return answer.content.decode() if answer.status_code == 200 else str(answer.status_code)


def known(user: User) -> Timeline:
    found = timeline.read(user, entity=JOB)
    assert found is not None
    return found


def test_it_shows_name_state_timeline_and_people(browser, member, owner):
    rename(owner, "Olive Owens")
    grant(JOB, user=member, role="member")
    publish_and_route("job.submitted", source=JOB, actor=owner, payload={"name": "Shot 042"})
    publish_and_route("job.completed", source=JOB, payload={"name": "Shot 042"})
    shown = page(browser)
    for text in ("<bdi>Shot 042</bdi>", "Finished", "Shot 042 submitted", "Shot 042 finished", "Olive Owens", "Owner"):
        assert text in shown


def test_a_comment_changes_no_state(browser, member, owner):
    grant(JOB, user=member, role="owner")
    publish_and_route("review.approved", source=JOB, payload={"title": "Harbour"})
    publish_and_route("review.comment", source=JOB, actor=owner, payload={"title": "Harbour"})
    assert 'data-tone="good">Approved' in page(browser)


def test_what_failed_has_a_sign_of_its_own(browser, member):
    grant(JOB, user=member, role="owner")
    publish_and_route("job.started", source=JOB, payload={"name": "Shot 042"})
    publish_and_route("job.failed", source=JOB, payload={"name": "Shot 042"})
    shown = page(browser)
    assert '<article class="card story" data-category="job" data-failed>' in shown
    assert shown.count('<li data-category="job" data-failed>') == 1


def test_each_entry_leads_to_the_person_s_own_notification(browser, member):
    grant(JOB, user=member, role="owner")
    event = publish_and_route("job.completed", source=JOB)
    [entry] = known(member).entries
    assert (entry.event.pk, entry.notification_id is not None) == (event.pk, True)
    assert reverse("carillon:notification-detail", args=[entry.notification_id]) in page(browser)


def test_who_has_nothing_to_do_with_it_finds_no_page(browser, owner):
    publish_and_route("job.completed", source=JOB, actor=owner)
    assert page(browser) == "404"


@pytest.mark.parametrize("path", ["/entities/Job/1/", "/entities/job/99999999999999999999/", "/entities/job/42/"])
def test_what_is_no_entity_or_knows_no_event_is_not_there(admin_client, path):
    assert admin_client.get(path).status_code == 404


def test_others_see_what_they_did_or_were_told_and_no_more(browser, member, owner):
    publish_and_route("job.started", source=JOB, actor=owner, payload={"name": "Secret"})
    publish_and_route("job.completed", source=JOB, actor=member, payload={"name": "Open"})
    assert "Open finished" in (shown := page(browser))
    assert "Secret" not in shown


def test_a_mention_is_shown_to_whom_it_names(browser, member, outsider):
    grant(JOB, user=member, role="owner")
    for user, text in ((member, "For you"), (outsider, "For another")):
        publish_and_route("collab.mention", source=JOB, payload={"mentioned_user_ids": [user.pk], "text": text})
    assert "For you" in (shown := page(browser))
    assert "For another" not in shown


def test_a_project_tells_of_what_is_in_it(browser, member):
    grant(PROJECT, user=member, role="member")
    publish_and_route("review.submitted", source=PROJECT, payload={"title": "Harbour film"})
    publish_and_route("job.failed", source=JOB, project_id=7, payload={"name": "Shot 042"})
    shown = page(browser, PROJECT)
    assert "<bdi>Harbour film</bdi>" in shown
    assert reverse("carillon:entity", args=["job", 42]) in shown
    assert reverse("carillon:entity", args=["project", 7]) in page(browser)


def test_what_the_host_hides_is_not_there(browser, member, monkeypatch):
    for entity in (JOB, OTHER_JOB):
        publish_and_route("job.failed", source=entity, actor=member, project_id=7, payload={"name": f"No. {entity.id}"})
    grant(PROJECT, user=member, role="member")
    monkeypatch.setattr(access, "is_asked", lambda: True)
    monkeypatch.setattr(access, "answers", lambda pairs: {pair: pair[1] != JOB for pair in pairs})
    assert page(browser) == "404"
    assert "No. 43" in (shown := page(browser, PROJECT))
    assert "No. 42" not in shown


def test_older_ones_are_on_the_next_page(browser, member):
    grant(JOB, user=member, role="owner")
    for number in range(timeline.PAGE_SIZE + 1):
        publish_and_route("job.progress", source=JOB, payload={"name": f"Take {number}"})
    first = known(member)
    assert "Take 0:" not in page(browser)
    assert "Take 0:" in page(browser, before=first.older)


@pytest.mark.parametrize("people", [1, 8])
def test_its_queries_don_t_grow_with_people_or_events(browser, member, django_assert_max_num_queries, people):
    grant(JOB, user=member, role="owner")
    for number in range(people):
        user = saved_person(f"user{number}")
        grant(JOB, user=user, role="watcher")
        publish_and_route("job.progress", source=JOB, actor=user, project_id=7)
    with django_assert_max_num_queries(17):
        page(browser)


def test_an_app_without_a_page_of_its_own_may_use_this_one(monkeypatch):
    monkeypatch.setattr(entities, "_resolvers", {})
    register_entity("job")
    assert JOB.url == "/entities/job/42/"
