"""Follow and its end on pages: the button of an entity's page, and the list among the preferences."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.html import escape

from events.accounts import User
from events.entities import Entity
from events.memberships import follow, grant, members_of
from notifications.pages.preferences import follow_view
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, publish_and_route
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db
FORM, PREFERENCES = "/notifications/follow/", "/notifications/preferences/"
PAGE = "/entities/job/42/"
BEGIN, END = 'name="follow" value="job:42"', 'name="unfollow" value="job:42"'


@pytest.fixture
def browser(client: Client, outsider: User) -> Client:
    client.force_login(outsider)
    return client


@pytest.fixture
def _known(outsider) -> None:
    publish_and_route("job.completed", source=JOB, actor=outsider, payload={"name": "Shot 042"})


def role_of(user: User, entity: Entity = JOB) -> str | None:
    return members_of(entity).filter(user=user).values_list("role", flat=True).first()


def text(browser: Client, address: str = PAGE) -> str:
    return browser.get(address).content.decode()


@pytest.mark.usefixtures("_known")
def test_the_page_of_an_entity_has_the_button_that_counts(browser):
    assert (BEGIN in text(browser), END in text(browser)) == (True, False)
    answer = browser.post(FORM, {"follow": "job:42", "next": PAGE}, follow=True)
    shown = answer.content.decode()
    assert (answer.redirect_chain, END in shown, BEGIN in shown) == ([(PAGE, 302)], True, False)
    assert "You follow this now." in shown


@pytest.mark.parametrize("role", ["owner", "member"])
def test_who_is_tied_otherwise_has_no_button(browser, outsider, role):
    grant(JOB, user=outsider, role=role)
    shown = text(browser)
    assert (BEGIN in shown, END in shown) == (False, False)


@pytest.mark.usefixtures("_known")
def test_stopping_leads_back_to_the_page(browser, outsider):
    follow(JOB, user=outsider)
    answer = browser.post(FORM, {"unfollow": "job:42", "next": PAGE})
    assert (answer["Location"], role_of(outsider)) == (PAGE, None)


def test_stopping_leads_to_the_list_where_the_page_is_gone(browser, outsider):
    follow(JOB, user=outsider)
    answer = browser.post(FORM, {"unfollow": "job:42", "next": PAGE}, follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([(PREFERENCES, 302)], 200)


def test_what_one_may_not_see_is_not_there(browser, outsider, settings):
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)
    access_host.closed.add((name_of(outsider), JOB))
    assert (browser.post(FORM, {"follow": "job:42"}).status_code, role_of(outsider)) == (404, None)


@pytest.mark.parametrize(("sent", "status"), [({}, 400), ({"follow": "job"}, 404), ({"unfollow": "Job:1"}, 404)])
def test_what_names_no_entity_is_refused(browser, sent, status):
    assert browser.post(FORM, sent).status_code == status


@pytest.mark.parametrize("key", [7, "a/b", "x:y?z#%2F", '"><b>'])
def test_the_preferences_list_what_one_follows_and_end_it(browser, outsider, key):
    entity = Entity("prompt", key)
    follow(entity, user=outsider)
    shown = browser.get(PREFERENCES)
    assert [one["entity"] for one in shown.context["follows"]] == [entity]
    assert f'value="{escape(entity)}"' in shown.content.decode()
    answer = browser.post(FORM, {"unfollow": str(entity), "next": f"{PREFERENCES}#following"}, follow=True)
    assert (answer.context["follows"], "You follow nothing yet." in answer.content.decode()) == ([], True)


def test_the_list_has_pages_the_latest_first(browser, outsider, monkeypatch):
    monkeypatch.setattr(follow_view, "PAGE_SIZE", 2)
    for number in range(3):
        follow(Entity("job", number), user=outsider)
    first = browser.get(PREFERENCES).context
    second = browser.get(PREFERENCES + first["more_follows"]).context
    assert [[one["name"] for one in page["follows"]] for page in (first, second)] == [["Job 2", "Job 1"], ["Job 0"]]
    assert second["more_follows"] == ""


def test_what_others_follow_is_not_in_the_list(browser, owner):
    follow(JOB, user=owner)
    assert browser.get(PREFERENCES).context["follows"] == []


@pytest.mark.parametrize("entities", [0, 1, 9])
def test_the_list_is_one_query(outsider, django_assert_num_queries, entities):
    for number in range(entities):
        follow(Entity("job", number), user=outsider)
    with django_assert_num_queries(1):
        assert len(follow_view.shown(outsider, query={}, types=[])["follows"]) == entities
