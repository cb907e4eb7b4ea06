"""The pages of deliveries and channels: what they show, whose, and where their forms lead."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.models import Address, Attempt, Delivery
from events.accounts import User
from events.models import Event, EventType
from notifications.models import Summary
from notifications.presentation import labels
from tests.delivery.factories.deliveries import address, delivery, notification
from tests.inline_code import INLINE
from tests.notifications.factories.routing import store_settings
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]

URL = "https://93.184.215.14/hook"


@pytest.fixture
def browser(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


def text(browser: Client, name: str, *arguments: Any, **query: Any) -> str:
    answer = browser.get(reverse(f"carillon:{name}", args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(browser: Client, **query: Any) -> list[Any]:
    return list(browser.get(reverse("carillon:deliveries"), query).context["rows"])


def lines(browser: Client, **query: Any) -> list[Any]:
    return [line for row in rows(browser, **query) for line in row["lines"]]


def tried(one: Delivery, **fields: Any) -> Attempt:
    given = {"number": 1, "outcome": "retry", "started_at": timezone.now(), "ms": 84, "http_status": 503}
    return Attempt.objects.create(delivery=one, **(given | {"reason": "http_5xx"} | fields))


def event_named(name: str) -> Event:
    return Event.objects.create(event_type=EventType.objects.get(name="job.completed"), payload={"name": name})


def said(browser: Client) -> list[str]:
    """What each attempt of the newest delivery reads as."""
    return [one["text"] for one in lines(browser)[0]["tries"]]


def test_a_delivery_is_a_row_with_its_tries(browser, member):
    one, now = delivery(address(member, target="https://hooks.example/x"), due_at=timezone.now()), timezone.now()
    tried(one, started_at=now)
    tried(
        one,
        number=2,
        outcome="retry",
        http_status=None,
        reason="timeout",
        ms=10_000,
        started_at=now + timedelta(seconds=1.084),
    )
    first, second = said(browser)
    assert first == "503 Service Unavailable · 84 ms · tried again after 1 s"
    assert second.startswith("no answer in 10 s · next attempt ")
    page = text(browser, "deliveries")
    for words in ("Shot 042 finished", "hooks.example/x", "Attempts", "Next attempt"):
        assert words in page


@pytest.mark.parametrize(
    ("attempt", "reads"),
    [
        ({"outcome": "sent", "http_status": 204, "reason": ""}, "204 No Content · 84 ms"),
        ({"outcome": "sent", "http_status": 250, "reason": ""}, "250 · 84 ms"),
        ({"outcome": "sent", "http_status": None, "reason": ""}, "accepted · 84 ms"),
        ({"outcome": "dead", "http_status": None, "reason": "dns"}, "dns · 84 ms"),
        ({"outcome": "unknown", "http_status": None, "ms": None}, "interrupted; whether it arrived is not known"),
        ({"outcome": "started", "http_status": None, "ms": None}, "on its way"),
    ],
)
def test_a_try_in_words(browser, member, attempt, reads):
    one = delivery(address(member), state="dead")
    tried(one, **attempt)
    assert said(browser) == [reads]


@pytest.mark.parametrize(
    ("state", "pill"),
    [("sent", "Sent"), ("dead", "Failed after 1 attempt"), ("skipped", "Skipped"), ("sending", "Sending")],
)
def test_the_pill_says_how_it_stands(browser, member, state, pill):
    tried(delivery(address(member), state=state))
    assert lines(browser)[0]["pill"] == pill


def test_what_waits_for_its_first_try_is_waiting(browser, member):
    delivery(address(member))
    assert lines(browser)[0]["pill"] == "Waiting"


def test_what_went_well_at_once_has_no_more_to_tell(browser, member):
    tried(delivery(address(member), state="sent"), outcome="sent", http_status=200)
    assert lines(browser)[0]["tries"] == []


def test_a_held_one_says_until_when(browser, member):
    store_settings(member, digest_enabled=True, digest_hour=18)
    notification(member, channel="email", hold="digest")
    [row] = rows(browser)
    [line] = row["lines"]
    assert (row["state"], row["icon"], line["pill"], line["channel"]) == ("held", "moon", "Held", "E-mail")
    assert line["target"].startswith("in the digest at ")
    assert "18:00" in line["target"]


@pytest.mark.parametrize(
    ("most", "words"), [(30, "more than 30 in an hour, so one summary at "), (0, "one summary at the end")]
)
def test_one_that_is_more_than_the_cap_of_an_hour_says_when_it_comes(browser, member, settings, most, words):
    own(settings, HOURLY_CAPS={"email": most})
    notification(member, channel="email", hold="burst", hold_until=timezone.now() + timedelta(minutes=20))
    assert lines(browser)[0]["target"].startswith(words)


@pytest.mark.parametrize("gone", [{"is_read": True}, {"hold": "none"}, {"channel": "in_app"}])
def test_what_is_not_held_back_from_a_channel_is_not_there(browser, member, gone):
    notification(member, **({"channel": "email", "hold": "dnd"} | gone))
    assert rows(browser) == []


def test_chips_count_and_filter(browser, member):
    row = address(member)
    for state in ("sent", "sent", "dead", "pending", "sending"):
        delivery(row, state=state)
    notification(member, channel="email", hold="dnd")
    chips = browser.get(reverse("carillon:deliveries")).context["chips"]
    assert [(chip["label"], chip["count"]) for chip in chips] == [
        ("All", "5"),
        ("Waiting", "2"),
        ("Sent", "2"),
        ("Failed", "1"),
        ("Held", "1"),
    ]
    assert [row["state"] for row in rows(browser, state="waiting")] == ["waiting", "waiting"]
    assert [row["state"] for row in rows(browser, state="held")] == ["held"]


def test_counts_stop_where_nobody_reads_on(browser, member, monkeypatch):
    monkeypatch.setattr("delivery.reporting.history.MOST_COUNTED", 3)
    monkeypatch.setitem(labels.MOST, "list", 2)
    row = address(member)
    for _number in range(4):
        delivery(row, state="sent")
    assert browser.get(reverse("carillon:deliveries")).context["chips"][2]["count"] == "2+"


def test_pages_have_everything_once_and_in_order(browser, member):
    row = address(member)
    for number in range(30):
        delivery(row)
        notification(member, channel="email", hold="dnd", created_at=timezone.now() - timedelta(days=number % 3))
    seen, query = [], ""
    while True:
        context = browser.get(reverse("carillon:deliveries") + query).context
        seen += [(one["state"], one["title"], one["at"]) for one in context["rows"]]
        query = context["older"]
        if not query:
            break
    assert len(seen) == 60
    assert sum(state == "held" for state, _title, _at in seen) == 30


def test_one_notification_is_one_row_with_a_line_for_each_address(browser, member):
    mine, row = notification(member, channel="fake"), address(member)
    for to in (row, address(member), address(member)):
        delivery(to, of=mine, state="sent")
    notification(member, channel="email", hold="digest", event=mine.event)
    delivery(row, state="dead")
    assert [(one["state"], [line["state"] for line in one["lines"]]) for one in rows(browser)] == [
        ("dead", ["dead"]),
        ("held", ["sent", "sent", "sent", "held"]),
    ]


def test_a_page_has_no_notification_that_an_earlier_one_had(browser, member):
    first, late = address(member), address(member)
    told = [notification(member) for _number in range(25)]
    for to in (first, late):
        for one in told:
            delivery(to, of=one)
    older = browser.get(reverse("carillon:deliveries")).context["older"]
    following = browser.get(reverse("carillon:deliveries") + older).context
    assert [len(row["lines"]) for row in following["rows"]] == [2] * 5
    assert following["older"] == ""


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"type": "job.completed"}, 1),
        ({"type": "job.failed"}, 0),
        ({"day": "2026-03-04"}, 1),
        ({"day": "2026-03-05"}, 0),
    ],
)
def test_one_type_and_one_day_alone(browser, member, query, count):
    store_settings(member, timezone="Asia/Kolkata")
    one = delivery(address(member))
    Delivery.objects.filter(pk=one.pk).update(created_at="2026-03-03T18:31Z")
    assert len(rows(browser, **query)) == count


def test_one_address_alone(browser, member):
    wanted, other = address(member), address(member)
    delivery(wanted)
    delivery(other)
    assert len(rows(browser, channel=wanted.pk)) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"state": "lost"},
        {"before": "7"},
        {"before": "x-y"},
        {"channel": "mine"},
        {"day": "soon"},
        {"day": "9999-12-31"},
    ],
)
def test_an_address_that_we_never_wrote_is_refused(browser, query):
    assert browser.get(reverse("carillon:deliveries"), query).status_code == 400


@pytest.mark.parametrize("is_allowed", [False, True])
def test_addresses_connected_to_and_answers_are_for_those_who_may_see_deliveries(browser, member, is_allowed):
    tried(delivery(address(member)), connected_to="203.0.113.7:443", excerpt="inner words")
    if is_allowed:
        member.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    page = text(browser, "deliveries")
    assert ("203.0.113.7" in page) == ("inner words" in page) == is_allowed


def test_what_a_receiver_says_is_text(browser, member):
    member.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    tried(delivery(address(member)), excerpt="<script>alert(1)</script>")
    assert "<script>alert" not in text(browser, "deliveries")


def test_a_dead_one_is_sent_again(browser, member):
    one = delivery(address(member), state="dead")
    answer = browser.post(
        reverse("carillon:delivery-resend", args=[one.pk]), {"next": "/deliveries/?state=dead"}, follow=True
    )
    one.refresh_from_db()
    assert (one.state, answer.redirect_chain) == ("pending", [("/deliveries/?state=dead", 302)])
    assert b"1 delivery is on its way again." in answer.content


def test_one_that_was_sent_just_now_waits_and_the_page_says_so(browser, member):
    one = delivery(address(member), state="sent", settled_at=timezone.now())
    answer = browser.post(reverse("carillon:delivery-resend", args=[one.pk]), follow=True)
    one.refresh_from_db()
    assert one.state == "sent"
    assert b"Wait 60 seconds" in answer.content


def test_a_dead_test_is_not_offered_to_be_sent_again(browser, member):
    one = delivery(address(member), state="dead", purpose="test", of=None)
    assert reverse("carillon:delivery-resend", args=[one.pk]) not in text(browser, "deliveries")


def test_all_dead_ones_of_an_address_are_sent_again(browser, member):
    row = address(member)
    for state in ("dead", "dead", "sent"):
        delivery(row, state=state)
    other = delivery(address(member), state="dead")
    browser.post(reverse("carillon:channel-resend", args=[row.pk]))
    assert Delivery.objects.filter(state="pending").count() == 2
    other.refresh_from_db()
    assert other.state == "dead"


@pytest.mark.parametrize(("query", "count"), [({}, 3), ({"state": "dead"}, 3), ({"state": "sent"}, 0)])
def test_what_failed_is_retried_at_once(browser, member, query, count):
    several, single = address(member), address(member)
    for row in (several, several, single, address(member, is_enabled=False)):
        delivery(row, state="dead")
    assert (f"Retry {count} failed" in text(browser, "deliveries", **query)) == bool(count)


def test_only_what_the_list_shows_is_retried(browser, member):
    wanted, other = address(member), address(member)
    for row in (wanted, wanted, other):
        delivery(row, state="dead")
    answer = browser.post(reverse("carillon:deliveries-retry") + f"?channel={wanted.pk}", follow=True)
    assert b"2 deliveries are on their way again." in answer.content
    assert Delivery.objects.get(state="dead").address == other


@pytest.mark.parametrize("count", [1, 20])
def test_the_list_costs_the_same_however_long(browser, member, count, django_assert_max_num_queries):
    row = address(member)
    for _number in range(count):
        tried(delivery(row))
        notification(member, channel="email", hold="dnd")
    with django_assert_max_num_queries(21):
        browser.get(reverse("carillon:deliveries"))


@pytest.mark.parametrize("state", ["", "dead", "held", "sent"])
def test_an_empty_list_says_why(browser, state):
    page = text(browser, "deliveries", state=state)
    words = {
        "": "Nothing sent yet",
        "dead": "Nothing has failed",
        "held": "Nothing is held",
        "sent": "Nothing here",
    }
    assert words[state] in page


def test_the_channels_have_the_account_s_mail(browser, member):
    page = text(browser, "channels")
    assert member.email in page
    assert "your account&#x27;s" in page or "your account's" in page


@pytest.mark.parametrize(
    ("inbox", "word"),
    [
        ({}, "Ready"),
        ({"last_success_at": timezone.now()}, "Working"),
        ({"failing_since": timezone.now()}, "Failing"),
        ({"verified_at": None}, "Not confirmed"),
        ({"is_enabled": False, "disabled_reason": "by_owner"}, "Paused"),
    ],
)
def test_a_channel_says_how_it_stands(browser, member, inbox, word):
    row = address(member, **inbox)
    assert browser.get(reverse("carillon:channel", args=[row.pk])).context["card"]["state"] == word


def test_why_a_channel_was_switched_off_is_said(browser, member):
    row = address(member, is_enabled=False, disabled_reason="gone")
    assert "gone for good" in text(browser, "channel", row.pk)


def test_a_webhook_is_added_and_shows_its_secret_this_once(browser):
    answer = browser.post(
        reverse("carillon:channel-add"), {"kind": "webhook", "target": URL, "retry": "long", "format": "standard"}
    )
    row = Address.objects.get(kind="webhook")
    assert b"whsec_" in answer.content
    assert "no-store" in answer["Cache-Control"]
    assert "whsec_" not in text(browser, "channel", row.pk)
    assert row.retry == "long"


def test_the_schedules_of_a_webhook_are_said_as_they_are_set(browser, settings):
    own(settings, WEBHOOK_RETRY_DELAYS=[2.5, 60.0, 600.0])
    assert "After 2.5, 60 and 600 seconds" in text(browser, "channel-add", kind="webhook")


def test_a_refused_one_says_why_and_keeps_what_was_typed(browser):
    answer = browser.post(reverse("carillon:channel-add"), {"kind": "webhook", "target": "http://127.0.0.1/hook"})
    assert answer.status_code == 400
    assert b'role="alert"' in answer.content
    assert b'value="http://127.0.0.1/hook"' in answer.content


def test_the_form_asks_for_what_each_kind_needs(browser):
    for kind, label in (("webhook", "URL"), ("email", "E-mail address"), ("fake", "Url")):
        assert f'<label for="target">{label}</label>' in text(browser, "channel-add", kind=kind)


def test_a_kind_that_isn_t_installed_has_no_form(browser):
    assert "No such channel" in text(browser, "channel-add", kind="fax")


@pytest.mark.parametrize(
    ("name", "form", "words"),
    [
        ("channel-test", {}, "A test is on its way"),
        ("channel-switch", {"is_enabled": "false"}, "Paused. Its history stays."),
        ("channel-switch", {"is_enabled": "true"}, "Resumed."),
        ("channel-recover", {"since": "2026-03-04T12:00"}, "Nothing was missed since then"),
        ("channel-recover", {"since": "yesterday"}, "Choose a date and a time"),
        ("channel-recover", {"since": "9999-12-31T23:59"}, "accepted are times from 1970-01-01 to 2200-01-01"),
        ("channel-rotate", {}, "has no secret"),
        ("channel-change", {"retry": "long"}, "Retry is not for fake"),
    ],
)
def test_what_is_done_to_a_channel_is_said(browser, member, name, form, words):
    answer = browser.post(reverse(f"carillon:{name}", args=[address(member).pk]), form, follow=True)
    assert words in answer.content.decode()


def test_what_was_missed_is_sent_from_a_moment_on_the_person_s_clock(browser, member):
    store_settings(member, timezone="Asia/Kolkata")
    row = address(member)
    for at in ("2026-03-04T06:29Z", "2026-03-04T06:31Z"):
        one = delivery(row, state="dead")
        Delivery.objects.filter(pk=one.pk).update(created_at=at)
    browser.post(reverse("carillon:channel-recover", args=[row.pk]), {"since": "2026-03-04T12:00"})
    assert list(Delivery.objects.order_by("created_at").values_list("state", flat=True)) == ["dead", "pending"]


def test_a_link_can_be_sent_again(browser, member):
    row = address(member, verified_at=None)
    browser.post(reverse("carillon:channel-confirm", args=[row.pk]))
    assert Delivery.objects.get().purpose == "confirmation"


def test_a_webhook_s_options_are_saved_and_its_secret_is_made_anew(browser, member):
    browser.post(reverse("carillon:channel-add"), {"kind": "webhook", "target": URL})
    row = Address.objects.get(kind="webhook")
    browser.post(reverse("carillon:channel-change", args=[row.pk]), {"retry": "long", "format": "cloudevents"})
    row.refresh_from_db()
    assert (row.retry, row.format) == ("long", "cloudevents")
    assert b"whsec_" in browser.post(reverse("carillon:channel-rotate", args=[row.pk])).content


NAMES = ["channel-test", "channel-confirm", "channel-rotate", "channel-switch", "channel-recover", "channel-change"]


@pytest.mark.parametrize("name", NAMES)
def test_another_person_s_channel_isn_t_there(browser, outsider, name):
    assert browser.post(reverse(f"carillon:{name}", args=[address(outsider).pk])).status_code == 404


def test_nor_is_its_page_or_its_deliveries(browser, outsider):
    one = delivery(address(outsider), state="dead")
    assert browser.get(reverse("carillon:channel", args=[one.address_id])).status_code == 404
    assert browser.get(reverse("carillon:deliveries"), {"channel": one.address_id}).status_code == 404
    assert browser.post(reverse("carillon:delivery-resend", args=[one.pk])).status_code == 404
    assert browser.post(reverse("carillon:channel-resend", args=[one.address_id])).status_code == 404
    one.refresh_from_db()
    assert one.state == "dead"


@pytest.mark.parametrize("name", NAMES)
def test_what_changes_something_is_a_post(browser, member, name):
    assert browser.get(reverse(f"carillon:{name}", args=[address(member).pk])).status_code == 405


@pytest.mark.parametrize("name", ["deliveries", "channels", "channel-add"])
def test_nobody_is_sent_to_sign_in(client, name):
    assert client.get(reverse(f"carillon:{name}")).url.startswith(reverse("carillon:sign-in"))


def test_the_pages_have_nothing_inline(browser, member):
    row = address(member)
    tried(delivery(row))
    pages = [text(browser, name) for name in ("deliveries", "channels", "channel-add")]
    assert not INLINE.findall("".join([*pages, text(browser, "channel", row.pk)]))


def test_the_navigation_leads_there(browser):
    for name in ("deliveries", "channels"):
        assert f'href="/{name}/" aria-current="page"' in text(browser, name)


def test_a_title_is_one_line_with_what_was_filled_in_set_apart(browser, member):
    delivery(address(member), of=notification(member, event=event_named("שוט 42")))
    assert ' one" title="\u2068שוט 42\u2069 finished">\u2068שוט 42\u2069 finished</h2>' in text(browser, "deliveries")


def test_a_long_address_loses_its_middle(browser, member):
    delivery(address(member, kind="webhook", target="https://hooks.example.com/" + "services-" * 9 + "end"))
    assert "…" in lines(browser)[0]["target"]


def test_a_summary_reads_as_what_it_counts(browser, member):
    summary = Summary.objects.create(user=member, kind="digest", window="1", count=3, by_type={"job.completed": 3})
    row = address(member)
    Delivery.objects.create(address=row, kind=row.kind, summary=summary, purpose="summary")
    assert rows(browser)[0]["title"] == "3 jobs completed"
