"""The strip of an address: thirty days of what was sent, waits and failed, drawn and in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from delivery.models import Address, Delivery
from delivery.pages import day_strip
from events.accounts import User
from notifications.pages.inbox_status import status_of
from tests.delivery.factories.deliveries import address, delivery
from tests.inline_code import INLINE
from tests.notifications.factories.routing import store_settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]


def strip(user: User, row: Address) -> Any:
    return day_strip.strips_of([row.pk], inbox=status_of(user.pk, now=timezone.now()))[row.pk]


def several(row: Address, state: str, count: int) -> None:
    Delivery.objects.bulk_create([Delivery(address=row, kind=row.kind, state=state) for _number in range(count)])


def test_days_count_what_was_sent_waits_and_failed(member):
    row = address(member)
    for state in ("sent", "sent", "dead", "pending", "sending", "skipped"):
        delivery(row, state=state)
    drawn = strip(member, row)
    assert drawn["text"] == "Last 30 days: 2 sent, 2 waiting, 1 failed"
    assert drawn["rate"] == "66% sent"
    assert [bar["name"] for bar in drawn["days"][-1]["bars"]] == ["sent", "waiting", "failed"]
    assert [bar["name"] for day in drawn["days"][:-1] for bar in day["bars"]] == ["none"] * 29


def test_an_address_that_got_nothing_says_so(member):
    drawn = strip(member, address(member))
    assert (drawn["text"], drawn["rate"]) == ("Last 30 days: nothing", "")


def test_only_all_of_them_are_a_hundred(member):
    row = address(member)
    several(row, "sent", 250)
    several(row, "dead", 1)
    assert strip(member, row)["rate"] == "99% sent"


def test_a_day_is_one_on_the_person_s_clock(member):
    store_settings(member, timezone="Pacific/Kiritimati")
    row = address(member)
    delivery(row, state="sent")
    old = delivery(row, state="dead")
    Delivery.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    drawn = strip(member, row)
    assert drawn["text"] == "Last 30 days: 1 sent"
    assert drawn["days"][-1]["title"].endswith(": 1 sent")


def test_no_bar_leaves_the_picture(member):
    row = address(member)
    for state, count in (("sent", 40), ("pending", 1), ("dead", 41)):
        several(row, state, count)
    bars = strip(member, row)["days"][-1]["bars"]
    assert all(bar["y"] >= 0 and bar["height"] >= 2 and bar["y"] + bar["height"] <= 32 for bar in bars)


def test_the_channels_cost_the_same_however_many(client, member):
    client.force_login(member)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("carillon:channels"))
        return len(captured)

    delivery(address(member), state="dead")
    queries()
    few = queries()
    for _number in range(10):
        delivery(address(member), state="sent")
    assert queries() == few


def test_the_page_has_a_strip_with_words_for_each_address_and_nothing_inline(client, member):
    client.force_login(member)
    delivery(address(member), state="sent")
    page = client.get(reverse("carillon:channels")).content.decode()
    assert 'role="img" aria-label="Last 30 days: 1 sent"' in page
    assert not INLINE.findall(page)
