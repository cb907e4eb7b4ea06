"""Pulse, the page for staff: figures, bars and events in words, whole without scripts."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.monitoring import pulse as figures
from delivery.pages.pulse import HEIGHT, WIDTH, percent, plot
from events.models import Event
from tests.delivery.factories.deliveries import address, delivery, notification
from tests.inline_code import INLINE

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client: Client, admin) -> Client:
    figures.forget()
    client.force_login(admin)
    return client


def page(browser: Client, name: str = "pulse", **query: str) -> str:
    answer = browser.get(reverse(f"carillon:{name}"), query)
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>|\s+", " ", answer.content.decode())
    return re.sub(r"\s+", " ", text)


def test_an_empty_site_says_so(browser):
    shown = page(browser)
    assert "nobody was told" in shown
    assert "No event yet" in shown


def test_figures_bars_and_events_are_in_words(browser, fake, member):
    to = address(member)
    delivery(to, state="sent", settled_at=timezone.now())
    delivery(to, state="dead", settled_at=timezone.now())
    notification(member, channel="in_app", delivered_at=timezone.now())
    shown = page(browser)
    for words in (
        "3 / min",
        "50 %",
        "1 failed, 0 waiting",
        "Job completed · 1 told · in app",
        "1 told · fake · fake failed",
    ):
        assert words in shown


def test_an_event_of_failure_and_one_that_did_not_arrive_look_apart(browser, fake, member):
    delivery(address(member), state="dead", settled_at=timezone.now())
    notification(member, name="job.failed")
    text = browser.get(reverse("carillon:pulse-live")).content.decode()
    marks = [re.findall(r"data-(failed|undelivered)", line) for line in re.findall(r"<li data-id[^>]*>", text)]
    assert marks == [["failed"], ["undelivered"]]


def test_the_part_that_is_read_anew_is_no_whole_page(browser):
    text = browser.get(reverse("carillon:pulse-live")).content.decode()
    assert 'data-part="figures"' in text
    assert 'data-part="stream"' in text
    assert "<html" not in text


def test_nothing_is_inline(browser, member):
    notification(member)
    assert not INLINE.search(browser.get(reverse("carillon:pulse")).content.decode())


def test_filters_are_in_the_address(browser, member):
    notification(member, name="review.approved")
    assert "Review approved ·" in page(browser, category="review", over="day")
    assert "Review approved ·" not in page(browser, category="job")
    assert "Only job 42" in page(browser, source="job:42")


def test_what_is_about_a_text_is_found_and_named_as_it_is(browser, member):
    row = notification(member, name="review.approved")
    Event.objects.filter(pk=row.event_id).update(
        source_entity_type="render_job", source_entity_id=None, source_entity_key="a_b:c"
    )
    for source, times in (("render_job:a_b:c", 1), ("render_job:a_b:d", 0)):
        text = page(browser, source=source)
        assert f"Only {source.replace('render_job:', 'render job ')}" in text
        assert text.count("Review approved ·") == times


@pytest.mark.parametrize("query", [{"over": "year"}, {"source": "job"}, {"source": "job:a b"}])
def test_what_no_page_has_written_is_refused(browser, query):
    assert browser.get(reverse("carillon:pulse"), query).status_code == 400


def test_ten_who_look_cost_one(browser, django_assert_num_queries):
    page(browser)
    figures.figures("hour", now=(now := timezone.now()))
    with django_assert_num_queries(0):
        figures.figures("hour", now=now)


def test_a_plot_stays_in_its_box_and_leaves_gaps():
    numbers = [float(each) for each in re.findall(r"[\d.]+", plot([0, 3, None, 9])["line"].replace("h.1", ""))]
    assert max(numbers[::2]) <= WIDTH
    assert max(numbers[1::2]) <= HEIGHT
    assert plot([0, 3, None, 9])["line"].count("M") == 2


def test_what_is_not_quite_all_does_not_read_as_all():
    assert (percent(99_999, 100_000), percent(5, 5)) == ("99.9 %", "100 %")
