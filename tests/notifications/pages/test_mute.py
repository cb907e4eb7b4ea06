"""Mute and its end on pages: the control of an entity, and the list among the preferences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, RequestContext, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.html import escape

from events.accounts import User
from events.entities import Entity
from events.memberships import follow, grant
from events.models import EventType
from notifications.models import Mute, Notification
from notifications.pages.inbox_status import status_of
from notifications.pages.preferences import follow_view, mute_view
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, mute, publish_and_route, store_settings
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db
FORM, PREFERENCES, PAGE = "/notifications/mute/", "/notifications/preferences/", "/entities/job/42/"
CONTROL = "/notifications/follow/control/"
BEGIN, END = 'name="mute" value="job:42"', 'name="unmute" value="job:42"'


@pytest.fixture
def browser(client: Client, outsider: User) -> Client:
    client.force_login(outsider)
    return client


@pytest.fixture
def _known(outsider) -> None:
    publish_and_route("job.completed", source=JOB, actor=outsider, payload={"name": "Shot 042"})


def text(browser: Client, address: str = PAGE) -> str:
    return browser.get(address).content.decode()


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize("until", ["", "1h", "tomorrow"])
def test_the_page_of_an_entity_mutes_and_unmutes_it(browser, until):
    assert (BEGIN in text(browser), END in text(browser)) == (True, False)
    answer = browser.post(FORM, {"mute": "job:42", "until": until, "next": PAGE}, follow=True)
    shown = answer.content.decode()
    assert (answer.redirect_chain, BEGIN in shown, END in shown) == ([(PAGE, 302)], False, True)
    assert bool(Mute.objects.get().until) == bool(until)
    assert BEGIN in browser.post(FORM, {"unmute": "job:42", "next": PAGE}, follow=True).content.decode()


@pytest.mark.usefixtures("_known")
def test_tomorrow_is_eight_o_clock_where_they_are(browser, outsider):
    store_settings(outsider, timezone="Asia/Tokyo")
    browser.post(FORM, {"mute": "job:42", "until": "tomorrow"})
    until = Mute.objects.get().until
    assert until is not None
    assert (until.hour, until.minute) == (23, 0)


@pytest.mark.usefixtures("_known")
@pytest.mark.parametrize(
    ("sent", "status"),
    [({}, 400), ({"mute": "job"}, 404), ({"unmute": "Job:1"}, 404), ({"mute": "job:42", "until": "monday"}, 400)],
)
def test_what_names_no_entity_or_no_moment_is_refused(browser, sent, status):
    assert (browser.post(FORM, sent).status_code, Mute.objects.exists()) == (status, False)


def test_what_one_may_not_see_is_not_there(browser, outsider, settings):
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)
    access_host.closed.add((name_of(outsider), JOB))
    assert (browser.post(FORM, {"mute": "job:42"}).status_code, Mute.objects.exists()) == (404, False)
    assert browser.get(CONTROL, {"of": "job:42"}).status_code == 404


@pytest.mark.usefixtures("_known")
def test_the_control_alone_calls_it_by_its_name_and_leads_back(browser, outsider):
    assert "Mute <bdi>Shot 042</bdi>" in text(browser, f"{CONTROL}?of=job:42")
    number = Notification.objects.get(user=outsider).pk
    assert "Mute <bdi>Shot 042</bdi>" in text(browser, f"/notifications/{number}/follow/")
    assert 'name="next" value="/shots/42/"' in text(browser, f"{CONTROL}?of=job:42&next=/shots/42/")


def test_of_a_notification_about_nothing_the_control_is_empty(browser, outsider):
    publish_and_route("job.completed", actor=outsider)
    assert text(browser, f"/notifications/{Notification.objects.get().pk}/follow/").strip() == ""


@pytest.mark.parametrize("query", [{}, {"of": "job"}, {"of": "job:42"}])
def test_of_nothing_that_one_knows_there_is_no_control(browser, query):
    assert browser.get(CONTROL, query).status_code == 404


@pytest.mark.parametrize("key", [7, "a/b", "x:y?z#%2F", '"><b>'])
def test_the_preferences_list_what_one_mutes_and_end_it(browser, outsider, key):
    entity = Entity("prompt", key)
    mute(outsider, of=entity)
    shown = browser.get(PREFERENCES)
    assert [one["entity"] for one in shown.context["mutes"]] == [entity]
    assert f'value="{escape(entity)}"' in shown.content.decode()
    answer = browser.post(FORM, {"unmute": str(entity), "next": f"{PREFERENCES}#muted"}, follow=True)
    assert (answer.context["mutes"], "You mute nothing." in answer.content.decode()) == ([], True)


def test_the_list_has_pages_and_leaves_out_what_has_ended(browser, outsider, monkeypatch):
    monkeypatch.setattr(mute_view, "PAGE_SIZE", 2)
    for number in range(3):
        mute(outsider, of=Entity("job", number))
    mute(outsider, of=Entity("job", 9), until=timezone.now() - timedelta(seconds=1))
    first = browser.get(PREFERENCES).context
    second = browser.get(PREFERENCES + first["more_mutes"]).context
    assert [[one["name"] for one in page["mutes"]] for page in (first, second)] == [["Job 2", "Job 1"], ["Job 0"]]


@pytest.mark.parametrize("entities", [0, 1, 9])
def test_the_list_is_one_query(outsider, django_assert_num_queries, entities):
    for number in range(entities):
        mute(outsider, of=Entity("job", number))
    inbox = status_of(outsider.pk, now=datetime.now(UTC))
    with django_assert_num_queries(1):
        assert len(mute_view.shown(outsider, query={}, inbox=inbox)["mutes"]) == entities


def test_the_list_of_follows_says_what_each_brings(outsider):
    for entity in (JOB, Entity("project", 7)):
        follow(entity, user=outsider)
    EventType.objects.filter(name="job.failed").update(audience=["project"])
    types = EventType.objects.filter(name__in=["review.comment", "job.failed", "job.completed"]).order_by("name")
    project, job = follow_view.shown(outsider, query={}, types=types)["follows"]
    assert job["brings"] == "Tells you of: Comment"
    assert project["brings"] == "Tells you of: Failed, Comment"


def in_template(user: User | None, about: object) -> str:
    request = RequestFactory().get("/shots/42/")
    if user is not None:
        request.user = user
    template = Template("{% load carillon %}{% carillon_follow about %}")
    return template.render(RequestContext(request, {"about": about}) if user else Context({"about": about}))


class TestInATemplate:
    def test_a_model_instance_has_the_forms_and_comes_back_to_its_page(self, outsider, owner):
        grant(Entity(owner._meta.model_name, owner.pk), user=outsider, role="member")
        shown = in_template(outsider, owner)
        assert f'value="{owner._meta.model_name}:{owner.pk}"' in shown
        assert ("csrfmiddlewaretoken" in shown) == ('name="next" value="/shots/42/"' in shown)

    def test_an_entity_has_them_too(self, outsider):
        follow(JOB, user=outsider)
        assert all(part in in_template(outsider, JOB) for part in ('name="unfollow" value="job:42"', BEGIN))

    def test_nobody_has_none(self):
        assert in_template(None, JOB).strip() == ""

    def test_who_may_not_follow_it_has_none(self, outsider):
        assert in_template(outsider, JOB).strip() == ""
