"""Hostile values in every field of every route: refused by name, no error of the server, and nobody's pages break.

PostgreSQL is who minds most of them: NUL in texts, numbers beyond their column, years beyond its own.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from delivery import signed_links
from delivery.models import Address, Delivery
from delivery.signed_links import Subscription
from notifications.models import Summary
from tests.api_client import V1, tell
from tests.delivery.factories.deliveries import destination
from tests.hostile import admin_requests, api_requests, faults, header_requests, page_requests
from tests.hostile.api_requests import Sent
from tests.hostile.faults import Caller

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def _no_log() -> Iterator[None]:
    """Thousands of refusals are a line each otherwise."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def asked(requests: Iterable[Sent], *, every: int = 1) -> Iterable[Sent]:
    """Some of the requests: pages are dear. Each field meets some of the values, each value some of the fields.

    SQLite takes nearly anything, and is asked fewer. With ALL_VALUES=1 in the environment all are asked.
    """
    if os.environ.get("ALL_VALUES"):
        return requests
    return islice(requests, 0, None, every if connection.vendor == "postgresql" else 7)


@pytest.fixture
def ids(admin) -> dict[str, Any]:
    """What stands in addresses: rows of the admin's own."""
    row = tell(admin)
    at = Address.objects.create(user=admin, kind="webhook", target="https://93.184.216.34/", verified_at=timezone.now())
    sent = Delivery.objects.create(address=at, kind="webhook", notification=row, state=Delivery.State.DEAD)
    summary = Summary.objects.create(user=admin, kind="dnd", window="2026-03-04T12:00Z", count=1, seq=1)
    shared = destination("job.*", kind="webhook")
    rows = {"notification": row.pk, "summary": summary.pk, "channel": at.pk, "delivery": sent.pk}
    rows |= {"destination": shared.pk}
    token = signed_links.unsubscribe_url(Subscription(admin.pk, row.event.event_type_id)).split("/")[-2]
    of_api = {f"{name}_id": pk for name, pk in rows.items()} | {"event_id": row.event_id, "user_id": admin.pk}
    return rows | of_api | {"unsubscribe": token}


def test_no_value_breaks_the_api(admin, ids):
    client = Caller(admin)
    requests = api_requests.requests(json.loads(client.get(f"{V1}/schema").content), ids=ids)
    assert faults.found(client, asked(requests)) == []


def test_no_value_breaks_a_page(admin, ids):
    assert faults.found(Caller(admin), asked(page_requests.requests(ids), every=3)) == []


def test_no_value_of_nobody_breaks_a_page(admin, ids):
    assert faults.found(Caller(), page_requests.requests(ids, only=page_requests.OPEN)) == []


def test_no_value_breaks_the_admin(admin, ids):
    assert faults.found(Caller(admin), asked(admin_requests.requests(admin), every=2)) == []


def test_no_header_breaks_anything(admin, ids):
    assert faults.found(Caller(admin), asked(header_requests.requests(), every=2)) == []


def test_every_name_that_a_page_reads_is_tried():
    tried = page_requests.names_tried() | {*admin_requests.OF_EXPLAIN}
    missed = [name for name in page_requests.names_in_code() if not any(re.fullmatch(name, one) for one in tried)]
    assert missed == []


def test_every_page_that_changes_something_has_its_form_tried():
    known = {name for name, _pattern in page_requests.addresses()}
    assert {name.partition(" ")[0] for name in (*page_requests.FORMS, *page_requests.QUERIES)} <= known
