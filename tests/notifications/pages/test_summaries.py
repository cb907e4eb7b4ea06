"""What was given back: above the feed, on its own page, over the socket; quiet hours and digests in the preferences."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from events.db.clock import instant
from notifications.holds import due
from notifications.inbox import marking, summaries
from notifications.models import Inbox, Summary
from notifications.preferences import digest_preview
from notifications.preferences.settings import settings_of
from notifications.presentation import summary_text
from tests.inline_code import INLINE
from tests.notifications.factories.holds import AFTERNOON, HOUR, hold, release_person
from tests.notifications.factories.routing import define, store_settings

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")
JSON = {"Accept": "application/json"}


@pytest.fixture
def summary(owner) -> Summary:
    now = timezone.now()
    hold(owner, *TWO, now=now, dnd_enabled=True, dnd_until=now + HOUR)
    [made] = release_person(owner, now=now + HOUR)
    return made


@pytest.fixture
def browser(client, owner):
    client.force_login(owner)
    return client


def text_of(page) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def shown_on(page) -> int:
    return len(re.findall(r'id="summary-\d+-title"', page.content.decode()))


@pytest.mark.usefixtures("summary")
@pytest.mark.parametrize("place", ["inbox", "feed-panel", "feed-summaries"])
def test_it_stands_above_the_feed(browser, place):
    assert "While do not disturb was on 1 job completed, 1 failed" in text_of(browser.get(reverse(f"carillon:{place}")))


def test_its_page_lists_what_was_held_and_reads_it(browser, owner, summary):
    page = browser.get(summary_text.url(summary.pk))
    assert shown_on(page) == 2
    assert not INLINE.search(page.content.decode())
    summary.refresh_from_db()
    assert summary.is_read
    assert marking.state(owner.pk).unread_count == 2
    assert "While do not disturb" not in text_of(browser.get(reverse("carillon:inbox")))


def test_fetching_ahead_reads_nothing(browser, summary):
    browser.get(summary_text.url(summary.pk), headers={"Sec-Purpose": "prefetch"})
    summary.refresh_from_db()
    assert not summary.is_read


def test_asking_for_the_headers_alone_reads_nothing(browser, summary):
    assert browser.head(summary_text.url(summary.pk)).status_code == 200
    summary.refresh_from_db()
    assert not summary.is_read


def test_a_long_one_comes_page_by_page(browser, owner):
    define("odd.usual", category="odd")
    hold(owner, *["odd.usual"] * 25, dnd_enabled=True)
    store_settings(owner, dnd_enabled=False)
    [made] = release_person(owner, now=timezone.now())
    first = browser.get(summary_text.url(made.pk))
    [older] = re.findall(r'rel="next" href="([^"]*)"', first.content.decode())
    second = browser.get(summary_text.url(made.pk) + older)
    assert (shown_on(first), shown_on(second)) == (20, 5)


def test_it_can_be_dismissed_without_a_script(browser, summary):
    answer = browser.post(reverse("carillon:summary-read", args=[summary.pk]), {"next": "/notifications/"})
    assert answer.url == "/notifications/"
    assert "While do not disturb" not in text_of(browser.get(reverse("carillon:inbox")))


def test_reading_it_twice_changes_once(browser, owner, summary):
    for _ in range(2):
        assert browser.post(reverse("carillon:summary-read", args=[summary.pk]), headers=JSON).status_code == 204
    assert marking.state(owner.pk).seq == summary.seq + 1


@pytest.mark.usefixtures("summary")
def test_reading_all_reads_it_too(browser, owner):
    marking.mark_all(owner.pk, now=timezone.now())
    assert Summary.objects.get().is_read


@pytest.mark.usefixtures("summary")
def test_one_whose_notifications_are_all_read_is_not_shown(browser, owner):
    hold(owner, dnd_enabled=False)
    ids = list(Summary.objects.get().held.values_list("id", flat=True))
    marking.mark(owner.pk, ids=ids, is_read=True, now=timezone.now())
    assert summaries.shown(owner.pk) == []


@pytest.mark.parametrize("name", ["summary", "summary-read"])
def test_another_persons_isn_t_there(client, outsider, summary, name):
    client.force_login(outsider)
    address = reverse(f"carillon:{name}", args=[summary.pk])
    assert (client.get if name == "summary" else client.post)(address).status_code == 404


class TestPreferences:
    def test_quiet_hours_are_a_form(self, browser, owner):
        form = {"sections": "hours", "hours-0-days": ["0", "4"], "hours-0-start": "22:00", "hours-0-end": "07:00"}
        blank = {"hours-1-start": "22:00", "hours-1-end": "07:00"}
        browser.post(reverse("carillon:preferences"), form | blank)
        assert settings_of(owner.pk).quiet_hours == [{"days": [0, 4], "start": "22:00", "end": "07:00"}]

    def test_a_window_without_a_day_is_taken_away(self, browser, owner):
        store_settings(owner, quiet_hours=AFTERNOON)
        browser.post(
            reverse("carillon:preferences"), {"sections": "hours", "hours-0-start": "11:00", "hours-0-end": "14:00"}
        )
        assert settings_of(owner.pk).quiet_hours == []

    @pytest.mark.parametrize("wrong", [{"hours-0-days": ["9"]}, {"hours-0-end": "late"}, {"hours-0-end": "22:00"}])
    def test_a_window_that_cannot_be_is_refused(self, browser, owner, wrong):
        form = {"sections": "hours", "hours-0-days": ["0"], "hours-0-start": "22:00", "hours-0-end": "07:00"}
        answer = browser.post(reverse("carillon:preferences"), form | wrong)
        assert (answer.status_code, settings_of(owner.pk).quiet_hours) == (400, [])

    def test_the_windows_there_are_can_be_edited(self, browser, owner):
        store_settings(owner, quiet_hours=[*AFTERNOON, "nonsense"])
        page = browser.get(reverse("carillon:preferences")).content.decode()
        assert page.count("data-window=") == 2
        assert 'name="hours-0-start" value="11:00"' in page

    def test_it_says_when_the_next_digest_comes_and_what_is_in_it(self, browser, owner):
        hold(owner, *TWO, now=timezone.now(), digest_enabled=True)
        text = text_of(browser.get(reverse("carillon:preferences")))
        assert re.search(r"Next: .*09:00 \(UTC\), 2 items: \w.*\.", text)

    def test_its_preview_lists_each_event_once_at_the_same_cost(self, owner, django_assert_num_queries):
        hold(owner, *TWO, now=timezone.now(), digest_enabled=True)
        with django_assert_num_queries(1):
            assert len(digest_preview.titles(owner.pk)) == 2

    def test_dnd_without_an_end_keeps_it_waiting(self, browser, owner):
        store_settings(owner, dnd_enabled=True, digest_enabled=True)
        assert "Waiting for do not disturb to end, 0 items." in text_of(browser.get(reverse("carillon:preferences")))

    def test_it_can_be_sent_now(self, browser, owner):
        hold(owner, *TWO, now=timezone.now(), digest_enabled=True)
        page = browser.post(reverse("carillon:digest-send"), follow=True)
        assert "Sent: 2 notifications" in text_of(page)
        assert "Nothing to send" in text_of(browser.post(reverse("carillon:digest-send"), follow=True))

    def test_its_channels_can_be_chosen(self, browser, owner):
        form = {"sections": "digest", "digest_enabled": "on", "digest_interval": "daily", "digest_hour": "9"}
        browser.post(reverse("carillon:preferences"), form | {"digest_weekday": "0", "digest_channels": ["in_app"]})
        assert settings_of(owner.pk).digest_channels == ["in_app"]


class TestApi:
    ADDRESS = "/api/v1/notifications/digest"

    def test_the_preview(self, browser, owner):
        hold(owner, *TWO, now=timezone.now(), digest_enabled=True)
        found = browser.get(self.ADDRESS).json()
        assert found["next_at"] == instant(Inbox.objects.get(pk=owner.pk).digest_at)
        assert (found["timezone"], found["count"]) == ("UTC", 2)
        assert found["by_type"] == {"job.completed": 1, "job.failed": 1}

    def test_sending_now(self, browser, owner):
        hold(owner, *TWO, now=timezone.now(), digest_enabled=True)
        answer = browser.post(self.ADDRESS)
        assert (answer.json()["count"], answer["X-Inbox-Seq"]) == (2, "3")
        assert answer.json()["url"] == summary_text.url(Summary.objects.get().pk)
        assert browser.post(self.ADDRESS).json() == {"count": 0, "by_type": {}, "url": None}

    def test_nobody_else_may(self, client, db):
        assert client.get(self.ADDRESS).status_code == client.post(self.ADDRESS).status_code == 401


class TestSocket:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_a_summary_arrives_as_a_frame(self, server, owner):
        now = timezone.now()
        hold(owner, *TWO, now=now, dnd_enabled=True, dnd_until=now + HOUR)
        socket = server.connect(owner)
        socket.frame()
        due.release_due(now=now + HOUR)
        frame = socket.frame()
        made = Summary.objects.get()
        assert frame == {
            "type": "summary",
            "seq": 3,
            "id": made.pk,
            "kind": "dnd",
            "count": 2,
            "by_type": {"job.completed": 1, "job.failed": 1},
            "url": summary_text.url(made.pk),
            "title": "While do not disturb was on",
            "text": "1 job completed, 1 failed",
            "is_read": False,
        }

    def test_whoever_comes_back_is_told_of_it(self, server, owner):
        now = timezone.now()
        hold(owner, *TWO, now=now, dnd_enabled=True, dnd_until=now + HOUR)
        due.release_due(now=now + HOUR)
        hello = server.connect(owner, query="seq=2").frame()
        assert (hello["recovered"], [told["seq"] for told in hello["summaries"]]) == (True, [3])
        assert server.connect(owner, query="seq=3").frame()["summaries"] == []

    def test_hello_says_whether_news_is_held(self, server, owner):
        assert server.connect(owner).frame()["is_held"] is False
        store_settings(owner, digest_enabled=True)
        assert server.connect(owner).frame()["is_held"] is True
