"""Plans of the deliveries page: however much others got, a person's page reads their own, by an index."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.models import Address, Delivery
from delivery.reporting import groups
from events.accounts import User
from events.models import Event, EventType
from notifications.models import Notification
from tests.delivery.factories.deliveries import address

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]

# A type of which everybody but the member got much, and what the member got.
COMMON, THEIRS = "job.progress", "job.completed"
EVERYBODY, MANY = 8_000, 600
LARGE = ("deliveries", "notifications", "events")
TODAY = timezone.now().date().isoformat()
FILTERS: list[dict[str, str]] = [
    {},
    {"state": "dead"},
    {"state": "sent"},
    {"state": "held"},
    {"type": COMMON},
    {"type": COMMON, "state": "sent"},
    {"type": THEIRS},
    {"day": TODAY},
    {"day": "2026-01-02"},
    {"channel": "theirs"},
    {"channel": "theirs", "type": COMMON, "day": TODAY, "state": "dead"},
]


def told(to: Address, name: str, count: int, *, state: str = "sent") -> None:
    """Events of a type, each with a notification and a delivery."""
    kind, now = EventType.objects.get(name=name), timezone.now()
    events = Event.objects.bulk_create([Event(event_type=kind, payload={}) for _ in range(count)])
    rows = Notification.objects.bulk_create([Notification(user=to.user, event=one, channel=to.kind) for one in events])
    Delivery.objects.bulk_create(
        [Delivery(address=to, kind=to.kind, notification=row, state=state, settled_at=now) for row in rows]
    )


@pytest.fixture
def browser(client: Client, member: User, outsider: User) -> Client:
    theirs, elsewhere = address(member), address(outsider)
    for state in ("sent", "dead"):
        told(elsewhere, COMMON, EVERYBODY // 2, state=state)
        told(theirs, THEIRS, MANY // 2, state=state)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client.force_login(member)
    return client


class Plans:
    """Plans of all that was asked about deliveries. On PostgreSQL with the rows that were read: {table: how many}."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.read: list[dict[str, int]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if re.match("SELECT .*deliveries", sql):
            on_postgresql = connection.vendor == "postgresql"
            how = "ANALYZE, FORMAT JSON" if on_postgresql else ""
            execute(f"EXPLAIN {f'({how})' if how else 'QUERY PLAN'} {sql}", params, many, context)
            found = context["cursor"].fetchall()
            if on_postgresql:
                self.read.append(dict.fromkeys(LARGE, 0))
                self._add(found[0][0][0]["Plan"])
            else:
                self.lines += [detail for *_numbers, detail in found]
        return execute(sql, params, many, context)

    def _add(self, node: dict[str, Any]) -> None:
        table = node.get("Relation Name", "")
        self.lines.append(f"{node['Node Type']} {table} {node.get('Index Name', '')}")
        if table in LARGE:
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            self.read[-1][table] += rows * node["Actual Loops"]
        for inner in node.get("Plans", []):
            self._add(inner)


@pytest.fixture
def plans(browser, member) -> Callable[[dict[str, str]], Plans]:
    def ask(filters: dict[str, str]) -> Plans:
        theirs = {"channel": Address.objects.get(user=member).pk} if "channel" in filters else {}
        seen = Plans()
        with connection.execute_wrapper(seen):
            answer = browser.get(reverse("carillon:deliveries"), {**filters, **theirs})
        assert answer.status_code == 200
        assert seen.lines
        return seen

    return ask


def test_no_filter_reads_a_large_table_whole_or_what_others_got(plans):
    large = "|".join(LARGE)
    for filters in FILTERS:
        seen = plans(filters)
        whole = [line for line in seen.lines if re.match(rf"(Seq Scan|SCAN) ({large})\b", line)]
        # By its state alone it is everybody's.
        everybody_s = [line for line in seen.lines if "idx_deliveries_state" in line and "state=?" in line]
        assert (filters, whole, everybody_s) == (filters, [], [])
        assert [read for read in seen.read if max(read.values()) > 2 * MANY] == [], (filters, seen.lines)


def test_a_common_type_that_one_never_got_is_looked_for_among_one_s_own(plans):
    seen = plans({"type": COMMON})
    assert [
        line for line in seen.lines if "event_type_position" in line or re.search(r"event_type_id=\?\)", line)
    ] == []


def test_a_rare_type_may_be_found_by_its_events(plans, monkeypatch):
    monkeypatch.delattr(groups, "joined_by_index")
    assert plans({"type": "system.maintenance"}).lines
