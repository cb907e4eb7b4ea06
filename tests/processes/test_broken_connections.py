"""Connections of the database that break between two requests: whoever comes next gets a new one."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.processes import Service
from tests.processes.environment import address

pytestmark = [pytest.mark.process, pytest.mark.service]
REQUESTS, AT_ONCE = 60, 5


def ask(service: Service, *, key: str) -> Counter[int]:
    """Statuses of requests that come five at a time, as many as one client has worked on at once."""
    with (
        httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=30) as client,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        url = f"{service.urls[0]}/api/v1/notifications/unread-count"
        return Counter(pool.map(lambda _: client.get(url).status_code, range(REQUESTS)))


def test_no_more_requests_fail_than_were_on_their_way_when_every_connection_broke():
    with Service(webs=1) as service:
        key = service.key("alice")
        assert ask(service, key=key) == {200: REQUESTS}
        with psycopg.connect(address("postgres"), autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [service.name])
        assert ask(service, key=key)[200] >= REQUESTS - AT_ONCE
        assert ask(service, key=key) == {200: REQUESTS}
