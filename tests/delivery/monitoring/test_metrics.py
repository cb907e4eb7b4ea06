"""Metrics say what happened, by its outcome: in the log, in feeds, at addresses, over sockets and in requests."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from delivery.channels import Outcome, Whose
from delivery.models import Delivery
from delivery.outbox import rescue
from events.bus import Entity
from events.monitoring import families
from events.monitoring.counting import compact
from events.sources import service_runs
from notifications.models import Notification
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.fakes.channel import FAILED, SENT
from tests.delivery.manual_sender import claim, settle
from tests.delivery.monitoring.scraped import scraped
from tests.notifications.factories.holds import HOUR, hold, release_due
from tests.notifications.factories.routing import define, publish_and_route

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
JOB = Entity("job", 42)


def test_an_event_is_counted_from_its_publishing_to_the_feed(owner):
    before = scraped()
    publish_and_route("job.completed", source=JOB, actor=owner)
    found = scraped()
    for name in ("published", "numbered", "routed"):
        assert found[f"carillon_events_{name}_total"] == before[f"carillon_events_{name}_total"] + 1
    assert found["carillon_notifications_total{channel=in_app,hold=none}"] == 1
    assert found["carillon_feed_seconds_count"] == found["carillon_feed_seconds_bucket{le=+Inf}"] == 1


def test_whoever_is_not_told_is_counted_by_the_reason(owner):
    define("job.silent", default_channels=[])
    publish_and_route("job.silent", source=JOB, actor=owner)
    assert scraped()["carillon_people_not_notified_total{reason=no_channels}"] == 1


def test_a_burst_is_counted_as_folded(owner):
    define("job.noisy", burst_seconds=60)
    for _ in range(3):
        publish_and_route("job.noisy", source=JOB, actor=owner)
    assert scraped()["carillon_notifications_folded_total{channel=in_app}"] == 2


def test_what_is_held_and_its_summary_are_counted(owner):
    hold(owner, "job.completed", dnd_enabled=True, dnd_until=NOON + HOUR)
    release_due(now=NOON + HOUR)
    assert scraped()["carillon_summaries_total{kind=dnd}"] == 1


OURS = Outcome("retry", "our_dns", whose=Whose.OURS)


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (SENT, {"attempts": "fault=,outcome=sent", "deliveries": "fault=,outcome=sent"}),
        (FAILED, {"attempts": "fault=theirs,outcome=retry"}),
        (OURS, {"attempts": "fault=ours,outcome=retry"}),
        (Outcome("dead", "gone"), {"attempts": "fault=theirs,outcome=dead", "deliveries": "fault=theirs,outcome=dead"}),
    ],
)
def test_an_attempt_is_counted_by_its_outcome_and_whose_fault_it_was(owner, fake, outcome, expected):
    delivery(address(owner))
    settle(claim(fake), outcome)
    names = {"attempts": "carillon_delivery_attempts_total", "deliveries": "carillon_deliveries_total"}
    found = {key for key, count in scraped().items() if count and key.startswith(tuple(names.values()))}
    assert found == {f"{names[what]}{{channel=fake,{labels}}}" for what, labels in expected.items()}


def test_failed_deliveries_are_counted_from_0(fake):
    found = scraped()
    assert [found[f"carillon_deliveries_total{{channel=fake,fault={one},outcome=dead}}"] for one in Whose] == [0, 0, 0]


def test_a_second_attempt_is_a_retry(owner, fake):
    delivery(address(owner))
    settle(claim(fake), FAILED)
    settle(claim(fake, now=after(60)), SENT, now=after(61))
    assert scraped()["carillon_delivery_retries_total{channel=fake}"] == 1


def test_what_nobody_wants_any_more_is_counted_by_the_reason(owner, fake):
    delivery(address(owner), of=notification(owner, is_read=True))
    assert claim(fake) == []
    assert scraped()["carillon_deliveries_skipped_total{channel=fake,reason=read}"] == 1


def test_what_took_its_workers_along_is_counted_as_nobody_s_fault(owner, fake, monkeypatch):
    monkeypatch.setattr(rescue, "MOST_UNKNOWN", 1)
    delivery(address(owner))
    claim(fake)
    rescue.rescue(now=after(60))
    assert scraped()["carillon_deliveries_total{channel=fake,fault=unknown,outcome=dead}"] == 1


def test_the_seconds_for_which_it_was_held_are_left_out(owner, fake):
    row = notification(owner)
    made = delivery(address(owner), of=row)
    Notification.objects.filter(pk=row.pk).update(created_at=row.event.created_at + timedelta(seconds=2))
    Delivery.objects.filter(pk=made.pk).update(created_at=NOON)
    settle(claim(fake), SENT, now=after(1))
    assert scraped()["carillon_sent_seconds_sum{channel=fake}"] == 3.0


def test_pruning_takes_nothing_from_a_counter(owner, fake):
    delivery(address(owner))
    settle(claim(fake), SENT)
    Delivery.objects.all().delete()
    compact()
    assert scraped()["carillon_deliveries_total{channel=fake,fault=,outcome=sent}"] == 1


def test_a_request_is_counted_by_its_route_and_status(client):
    def count(route: str, status: int) -> float:
        return scraped().get(f"carillon_requests_total{{route={route},status={status}}}", 0)

    before = count("healthz", 200), count("-", 404)
    client.get("/healthz")
    client.get("/no-such-page")
    assert (count("healthz", 200), count("-", 404)) == (before[0] + 1, before[1] + 1)


def test_addresses_that_are_left_alone_are_counted(owner, fake):
    address(owner, failures=9, open_until=after(10**9))
    assert scraped()["carillon_breakers_open{channel=fake}"] == 1


def test_each_process_shows_its_memory_until_it_ends():
    runs = [service_runs.start("worker", host=host, pid=os.getpid(), version="1") for host in "ab"]
    series = [f"carillon_process_memory_bytes{{host={host},pid={os.getpid()},role=worker}}" for host in "ab"]
    found = scraped()
    assert min(found[one] for one in series) > 10_000_000
    service_runs.end(runs[0])
    assert [one in scraped() for one in series] == [False, True]


def documented() -> dict[str, str]:
    rows = re.findall(r"^\| `(carillon_\w+)` \|(.*?)\|", DOCUMENT.read_text(), re.M)
    return {name: labels.replace("`", "").strip() for name, labels in rows}


def test_each_metric_is_documented_with_its_labels():
    figures = [value for value in vars(families).values() if isinstance(value, families.Stored | families.Figure)]
    named = {one.name: ", ".join(one.labels) for one in figures}
    named |= {
        one._name: ", ".join(one._labelnames)
        for one in (families.REQUESTS, families.FRAMES_SENT, families.FRAMES_DROPPED, families.SOCKETS_RESUMED)
    }
    assert documented() == named | {families.FRAME_SECONDS._name: ""}


def test_all_that_is_shown_is_of_a_family_that_is_named(client):
    shown = {family.name for family in text_string_to_metric_families(client.get("/metrics").content.decode())}
    ours = {name for name in shown if name.startswith("carillon_")}
    assert {name for name in ours if not name.endswith("_created")} == set(documented())
