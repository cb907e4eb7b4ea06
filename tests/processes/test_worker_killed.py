"""A worker that dies in the middle of a large batch, within a burst, leaves nothing half-done, and nothing twice."""

from __future__ import annotations

import pytest

from tests.events.concurrency import until
from tests.processes.environment import Service

pytestmark = [pytest.mark.process, pytest.mark.service]

PEOPLE, EVENTS = 12_000, 5
TOLD = PEOPLE * EVENTS

NEW_PEOPLE = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined)
SELECT 'crowd' || n, '', '', '', '', true, false, false, now() FROM generate_series(1, %s) n
"""
CROWD = """
INSERT INTO memberships (entity_type, entity_id, user_id, role)
SELECT 'review', 777, id, 'watcher' FROM auth_user WHERE username LIKE 'crowd%%'
"""
COMMENTS = """
INSERT INTO events (event_type_id, source_entity_type, source_entity_id, payload)
SELECT id, 'review', 777, jsonb_build_object('text', n::text) FROM event_types, generate_series(1, %s) n
WHERE name = 'review.comment'
"""
WRITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND query LIKE 'INSERT INTO notifications%%'
"""
ROWS = (
    "SELECT count(*), count(DISTINCT user_id) FROM notifications n JOIN events e ON e.id = n.event_id "
    "WHERE e.source_entity_id = 777"
)
WRONG = """
SELECT count(*) FROM inboxes i JOIN auth_user u ON u.id = i.user_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE folded_into IS NULL) AS heads, max(seq) AS seq FROM notifications n
  WHERE n.user_id = i.user_id
) n ON true
WHERE u.username LIKE 'crowd%%' AND (i.unread_count, i.seq) IS DISTINCT FROM (n.heads, n.seq)
"""
HEADS = """
SELECT count(*), sum(n.count) FROM notifications n JOIN events e ON e.id = n.event_id
WHERE e.source_entity_id = 777 AND n.folded_into IS NULL
"""


@pytest.fixture
def crowd(service: Service) -> None:
    service.sql(NEW_PEOPLE, PEOPLE)
    service.sql(CROWD)
    service.sql("ANALYZE memberships")


def told(service: Service) -> int:
    count: int = service.sql(ROWS)[0][0]
    return count


@pytest.mark.usefixtures("crowd")
def test_each_person_s_rows_are_complete_and_single_after_a_kill_in_mid_batch(service):
    [worker] = [process for process in service.others if "worker" in process.command]
    service.sql(COMMENTS, EVENTS)
    until(lambda: service.sql(WRITING)[0][0])
    worker.kill()
    service.others.remove(worker)
    left = told(service)
    assert left < TOLD, "it was through before it was killed"
    service.start_worker()
    until(lambda: told(service) >= TOLD)
    assert service.sql(ROWS) == [(TOLD, PEOPLE)]
    assert service.sql(WRONG) == [(0,)]
    assert service.sql(HEADS) == [(PEOPLE, TOLD)]
    assert service.sql("SELECT count(*) FROM parked_events") == [(0,)]
