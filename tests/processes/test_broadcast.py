"""A broadcast to a hundred thousand: what is urgent passes it, and one of two workers dies without harm."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.events.concurrency import until
from tests.processes.environment import Service

pytestmark = [pytest.mark.process, pytest.mark.service]

PEOPLE = 100_000

NEW_PEOPLE = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined)
SELECT 'hearer' || n, '', '', '', '', true, false, false, now() FROM generate_series(1, %s) n
"""
NEW_TYPES = """
INSERT INTO event_types (name, category, is_critical, audience)
VALUES ('news.all', 'news', false, '["everyone"]'), ('news.urgent', 'news', true, '["actor"]')
"""
PUBLISH = """
INSERT INTO events (event_type_id, actor_user_id, payload)
SELECT t.id, (SELECT max(id) FROM auth_user WHERE is_active), '{}' FROM event_types t WHERE t.name = %s
"""
TOLD = """
SELECT count(*), count(DISTINCT user_id) FROM notifications n JOIN events e ON e.id = n.event_id
JOIN event_types t ON t.id = e.event_type_id WHERE t.name = %s
"""
# Hearers whose inbox doesn't say what their rows say, or whose rows leave a gap.
WRONG = """
SELECT count(*) FROM auth_user u LEFT JOIN inboxes i ON i.user_id = u.id LEFT JOIN LATERAL (
    SELECT count(*) AS rows, max(seq) AS seq FROM notifications n WHERE n.user_id = u.id
) n ON true
WHERE u.username LIKE 'hearer%%' AND (i.unread_count IS DISTINCT FROM n.rows OR i.seq IS DISTINCT FROM n.seq)
"""


@pytest.fixture
def hearers(service: Service) -> Iterator[int]:
    """How many people the broadcast concerns."""
    service.sql(NEW_PEOPLE, PEOPLE)
    service.sql(NEW_TYPES)
    service.sql("ANALYZE auth_user")
    yield service.sql("SELECT count(*) FROM auth_user WHERE is_active")[0][0]
    service.sql("UPDATE auth_user SET is_active = false WHERE username LIKE 'hearer%%'")


def test_what_is_urgent_passes_a_broadcast_and_a_kill_in_the_middle_leaves_it_whole(service, hearers):
    def told(name: str) -> int:
        return int(service.sql(TOLD, name)[0][0])

    [worker] = [process for process in service.others if "worker" in process.command]
    service.start_worker()
    service.sql(PUBLISH, "news.all")
    until(lambda: told("news.all") > 0)
    service.sql(PUBLISH, "news.urgent")
    until(lambda: told("news.urgent") == 1)
    worker.kill()
    service.others.remove(worker)
    assert 0 < told("news.all") < hearers
    assert service.sql("SELECT count(DISTINCT event_id) FROM fanouts") == [(1,)]
    until(lambda: told("news.all") >= hearers, timeout=120)
    assert service.sql(TOLD, "news.all") == [(hearers, hearers)]
    assert service.sql(WRONG) == [(0,)]
