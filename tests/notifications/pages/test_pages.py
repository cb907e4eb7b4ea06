"""The pages' own rules: where they lead, what they refuse, whose rows they show."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.accounts import User
from events.entities import Entity, register_entity
from events.models import Event, EventType
from notifications.models import Inbox, Notification, NotificationPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings
from tests.accounts.factory import rename

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def told(user, event_type_name: str = "job.completed", *, url: str = "", seq: int = 1, **payload: Any) -> Notification:
    event_type = EventType.objects.get(name=event_type_name)
    if url:
        event_type.url_template = url
        event_type.save()
    source = Entity("job", 42)
    event = Event.objects.create(
        event_type=event_type, payload=payload, source_entity_type=source.type, source_entity_id=source.id, position=seq
    )
    Inbox.objects.update_or_create(user=user, defaults={"seq": seq, "unread_count": seq})
    return Notification.objects.create(event=event, user=user, seq=seq, feed_seq=seq, reason="owner")


def own_page(browser: Client, row: Notification) -> str:
    return browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()


def test_opening_reads_and_leads_to_what_it_is_about(browser, member):
    row = told(member, url="/notifications/preferences/")
    answer = browser.get(reverse("carillon:notification-open", args=[row.pk]))
    row.refresh_from_db()
    assert (answer.url, row.is_read) == ("/notifications/preferences/", True)


def test_what_is_gone_keeps_its_story(browser, member):
    register_entity("job", url=lambda _: None)
    row = told(member, name="Shot 042")
    page = browser.get(browser.get(reverse("carillon:notification-open", args=[row.pk])).url).content.decode()
    assert "Shot 042" in page
    assert "<bdi>Shot 042</bdi> no longer exists" in page


def test_what_nobody_has_a_page_for_is_said_to_have_none(browser, member):
    page = own_page(browser, told(member, name="Shot 042"))
    assert "There’s no page for job 42 in this app." in page
    assert "no longer exists" not in page


def test_what_fails_to_say_where_it_is_isn_t_said_to_be_gone(browser, member):
    register_entity("job", url=lambda number: str(1 // 0))
    assert "no longer exists" not in own_page(browser, told(member))


def test_a_page_of_its_own_speaks_of_people_and_things_by_name(browser, member, owner):
    rename(owner, "Olive Owens")
    page = own_page(browser, told(member, title="Shot 042", mentioned_user_ids=[owner.pk]))
    for text in (
        "<bdi>Shot 042</bdi></a>",
        "Olive Owens",
        "Why you got this",
        reverse("carillon:entity", args=["job", 42]),
    ):
        assert text in page


def test_a_page_of_its_own_leads_to_the_unread_before_and_after_it(browser, member):
    first, second, third, fourth, fifth = (told(member, seq=seq, name=f"Take {seq}") for seq in range(1, 6))
    now = timezone.now()
    for row, gone in ((second, {"done_at": now}), (fourth, {"snoozed_until": now})):
        Notification.objects.filter(pk=row.pk).update(**gone)
    page = own_page(browser, third)
    for row, word in ((fifth, "prev"), (first, "next")):
        assert f'rel="{word}" href="{reverse("carillon:notification-open", args=[row.pk])}?own=1"' in page


def test_the_way_to_the_next_unread_reads_it_and_stays_among_notifications(browser, member):
    register_entity("job")
    row = told(member)
    answer = browser.get(reverse("carillon:notification-open", args=[row.pk]), {"own": "1"})
    row.refresh_from_db()
    assert (answer.url, row.is_read) == (reverse("carillon:notification-detail", args=[row.pk]), True)


def test_no_page_leads_to_an_address_that_is_none(browser, member):
    row = told(member, url="/jobs/42/that-is-nowhere/")
    page = browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()
    assert "/jobs/42/" not in page


def test_a_link_in_a_mail_opens_and_reads_what_is_in_the_feed(browser, member):
    row = told(member)
    mailed = Notification.objects.create(event=row.event, user=member, channel="email")
    answer = browser.get(reverse("carillon:notification-open", args=[mailed.pk]))
    row.refresh_from_db()
    assert (answer.url, row.is_read) == (reverse("carillon:notification-detail", args=[row.pk]), True)
    assert Inbox.objects.get(user=member).unread_count == 0


def test_what_was_only_mailed_has_its_page_too(browser, member):
    row = told(member)
    Notification.objects.filter(pk=row.pk).update(channel="email")
    assert browser.get(reverse("carillon:notification-open", args=[row.pk])).url == reverse(
        "carillon:notification-detail", args=[row.pk]
    )
    page = browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()
    assert reverse("carillon:notification-unread", args=[row.pk]) not in page


def test_another_s_mail_opens_nothing(browser, owner):
    row = told(owner)
    Notification.objects.filter(pk=row.pk).update(channel="email")
    assert browser.get(reverse("carillon:notification-open", args=[row.pk])).status_code == 404


@pytest.mark.parametrize(
    "url", ["", "https://evil.example/", "//evil.example/", "/gone/for/good/", "/notifications/1/open/"]
)
def test_opening_what_leads_nowhere_here_tells_its_story(browser, member, url):
    row = told(member, url=url)
    answer = browser.get(reverse("carillon:notification-open", args=[row.pk]))
    assert answer.url == reverse("carillon:notification-detail", args=[row.pk])


def test_fetching_ahead_reads_nothing(browser, member):
    row = told(member)
    browser.get(reverse("carillon:notification-open", args=[row.pk]), headers={"Sec-Purpose": "prefetch;prerender"})
    row.refresh_from_db()
    assert not row.is_read


def test_asking_for_the_headers_alone_reads_nothing(browser, member):
    row = told(member)
    assert browser.head(reverse("carillon:notification-open", args=[row.pk])).status_code == 302
    row.refresh_from_db()
    assert not row.is_read


@pytest.mark.parametrize("name", ["inbox", "feed-panel", "feed-rows", "feed-summaries", "notifications-embed"])
def test_what_can_be_had_has_headers(browser, name):
    answer = browser.head(reverse(f"carillon:{name}"))
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("name", ["notification-open", "notification-detail"])
def test_another_person_s_notification_isn_t_there(browser, outsider, name):
    row = told(outsider)
    assert browser.get(reverse(f"carillon:{name}", args=[row.pk])).status_code == 404


@pytest.mark.parametrize("name", ["notification-read", "notification-unread"])
def test_another_person_s_notification_can_t_be_marked(browser, outsider, name):
    row = told(outsider)
    assert browser.post(reverse(f"carillon:{name}", args=[row.pk])).status_code == 404


def test_a_story_has_its_facts(browser, member):
    row = told(member, name="Shot 042", free_bytes=2048, nested={"deep": [1, 2]}, none=None)
    page = browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()
    for words in ("Shot 042 finished", "Because it&#x27;s your job", "2.0", "Nested / deep", "1, 2"):
        assert words in page


def test_what_a_payload_says_is_text(browser, member):
    told(member, name="<script>alert(1)</script>")
    assert "<script>alert" not in browser.get(reverse("carillon:inbox")).content.decode()


def test_each_row_says_its_own_whatever_is_in_it(browser, member):
    for seq, name in enumerate(("{id} {open_url}", "{", "{} <b>", "Shot 2"), start=1):
        told(member, name=name, seq=seq)
    page = browser.get(reverse("carillon:inbox")).content.decode()
    assert all(f">{name} finished</span>" in page for name in ("{id} {open_url}", "{", "{} &lt;b&gt;", "Shot 2"))


def test_reading_leads_back_only_to_this_site(browser, member):
    row = told(member)
    answer = browser.post(reverse("carillon:notification-read", args=[row.pk]), {"next": "https://evil.example/"})
    assert answer.url == reverse("carillon:inbox")


def test_reading_all_spares_what_surfaced_later(browser, member):
    first, later = told(member, seq=1), told(member, seq=2)
    browser.post(reverse("carillon:read-all"), {"up_to": "1"})
    first.refresh_from_db()
    later.refresh_from_db()
    assert (first.is_read, later.is_read) == (True, False)


@pytest.mark.parametrize("up_to", ["", "x", "-1", "1,2", "9" * 30])
def test_reading_all_needs_to_know_how_far(browser, up_to):
    assert browser.post(reverse("carillon:read-all"), {"up_to": up_to}).status_code == 400


@pytest.mark.parametrize("before", ["x", "1", "1-", "-1-2", "1-2-3"])
def test_a_page_that_we_never_wrote_is_refused(browser, before):
    assert browser.get(reverse("carillon:inbox"), {"before": before}).status_code == 400


def test_scripts_get_numbers_instead_of_a_page(browser, member):
    row = told(member)
    answer = browser.post(reverse("carillon:notification-read", args=[row.pk]), headers={"Accept": "application/json"})
    assert (answer.status_code, answer["X-Unread-Count"], answer["X-Inbox-Seq"]) == (204, "0", "2")


@pytest.mark.parametrize("rows", [1, 20])
def test_the_inbox_costs_the_same_however_full(browser, member, rows, django_assert_max_num_queries):
    for seq in range(1, rows + 1):
        told(member, seq=seq)
    with django_assert_max_num_queries(10):
        browser.get(reverse("carillon:inbox"))


@pytest.mark.parametrize("name", ["inbox", "feed-rows", "feed-panel", "feed-counts", "preferences", "publish"])
def test_nobody_is_sent_to_sign_in(client, name):
    answer = client.get(reverse(f"carillon:{name}"))
    assert answer.url.startswith(reverse("carillon:sign-in"))


def test_publishing_needs_its_permission(browser):
    assert browser.get(reverse("carillon:publish")).status_code == 403


def test_signing_out_is_a_post(browser):
    assert browser.get(reverse("carillon:sign-out")).status_code == 405


def test_signing_out_has_the_browser_forget_what_back_would_show(browser):
    assert browser.post(reverse("carillon:sign-out"))["Clear-Site-Data"] == '"cache"'


def test_back_is_where_it_was_as_the_browser_alone_may_keep_a_page(browser):
    assert browser.get(reverse("carillon:inbox"))["Cache-Control"] == "private, no-cache"


def test_a_locked_type_stays_as_it_is_whatever_a_form_says(browser, member):
    critical = EventType.objects.get(name="system.gpu_critical")
    browser.post(reverse("carillon:preferences"), {"types": [critical.pk], f"channels-{critical.pk}": ["email"]})
    row = member_preference(member, critical)
    assert set(row.channels) == {"in_app", "email"}


def test_a_form_speaks_only_for_the_types_it_names(browser, member):
    named, other = EventType.objects.filter(name__in=["job.completed", "job.failed"]).order_by("name")
    browser.post(reverse("carillon:preferences"), {"types": [named.pk]})
    assert not member_preference(member, named).is_enabled
    assert member_preference(member, other).is_enabled


def member_preference(user: User, event_type: EventType) -> NotificationPreference:
    return next(row for row in preferences.ensure(user.pk) if row.event_type_id == event_type.pk)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_pages_need_nothing_but_themselves(status):
    assert str(status) in render_to_string(f"{status}.html")


def test_times_are_on_the_person_s_clock(browser, member):
    change_settings(member.pk, now=timezone.now(), timezone="Asia/Kolkata")
    row = told(member)
    assert "(Asia/Kolkata)" in browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()


def test_an_error_page_keeps_the_bar_for_whoever_is_signed_in(browser):
    lost = browser.get("/nowhere/")
    assert (lost.status_code, lost.content.count(b'<header class="bar">')) == (404, 1)
    browser.logout()
    assert b"<header" not in browser.get("/nowhere/").content
