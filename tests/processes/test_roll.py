"""A roll from the release before: its web process and worker beside new ones, on a database that is migrated."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import httpx
import pytest

from tests.events.concurrency import until
from tests.processes.environment import ROOT, Process, Service, free_port, wait_until_ready

# The last commit whose workers know an audience in one part only (notifications/0020).
BEFORE = "8802a93e8595"
pytestmark = [pytest.mark.process, pytest.mark.service, pytest.mark.history(BEFORE), pytest.mark.timeout(400)]

# More than audiences.LARGE, and fewer than make several parts.
PEOPLE, EVENTS = 11_000, 4

NEW_PEOPLE = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined)
SELECT 'crowd' || n, '', '', '', '', true, false, false, now() FROM generate_series(1, %s) n
"""
CROWD = """
INSERT INTO memberships (entity_type, entity_id, user_id, role)
SELECT 'review', 777, id, 'watcher' FROM auth_user WHERE username LIKE 'crowd%%'
"""
TOLD = """
SELECT e.payload->>'text', count(*), count(DISTINCT n.user_id) FROM events e JOIN notifications n ON n.event_id = e.id
WHERE e.source_entity_id = 777 GROUP BY e.id
"""
WRONG = """
SELECT count(*) FROM inboxes i JOIN auth_user u ON u.id = i.user_id
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE folded_into IS NULL) AS heads, max(seq) AS seq FROM notifications n
  WHERE n.user_id = i.user_id
) n ON true
WHERE u.username LIKE 'crowd%%' AND (i.unread_count, i.seq) IS DISTINCT FROM (n.heads, n.seq)
"""


@pytest.fixture(scope="module")
def before(tmp_path_factory) -> Path:
    """The code of the release before."""
    folder: Path = tmp_path_factory.mktemp("before")
    packed = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def rolling(before):
    """New processes and old ones side by side; the old ones come last in each list."""
    with Service(webs=1) as service:
        service.sql(NEW_PEOPLE, PEOPLE)
        service.sql(CROWD)
        service.sql("ANALYZE memberships")
        port = free_port()
        web = Process("manage.py", "web", "--port", str(port), env=service.env, folder=service.folder, cwd=before)
        service.webs.append(web)
        service.urls.append(f"http://127.0.0.1:{port}")
        wait_until_ready(web, service.urls[-1])
        worker = ("-m", "celery", "-A", "config", "worker", "--concurrency", "2")
        service.others.append(
            Process(*worker, env=service.env, folder=service.folder, program=sys.executable, cwd=before)
        )
        yield service


def publish(service: Service, url: str, *, text: str, key: str) -> None:
    body = {
        "event_type": "review.comment",
        "source_entity_type": "review",
        "source_entity_id": 777,
        "payload": {"text": text},
    }
    answer = httpx.post(f"{url}/api/v1/events", headers={"Authorization": f"Bearer {key}"}, json=body, timeout=20)
    assert answer.status_code == 201, answer.text


def told(service: Service) -> list[tuple[str, int, int]]:
    return sorted(service.sql(TOLD))


def rows(service: Service) -> int:
    return sum(count for _text, count, _people in told(service))


def test_what_old_and_new_processes_publish_is_told_to_everybody_once(rolling):
    key = rolling.key("admin")
    new_worker, old_worker = rolling.others
    for number in range(EVENTS):
        publish(rolling, rolling.urls[number % 2], text=f"{number:02}", key=key)
    until(lambda: len(told(rolling)) >= 2, timeout=60)
    # The old worker alone, in the middle of it; then the new one alone, as after the roll.
    new_worker.stop()
    publish(rolling, rolling.urls[0], text="published by a new one, for an old one", key=key)
    until(lambda: rows(rolling) == (EVENTS + 1) * PEOPLE, timeout=120)
    rolling.start_worker()
    old_worker.stop()
    publish(rolling, rolling.urls[1], text="published by an old one, for a new one", key=key)
    until(lambda: rows(rolling) >= (EVENTS + 2) * PEOPLE, timeout=120)
    assert {(count, people) for _text, count, people in told(rolling)} == {(PEOPLE, PEOPLE)}
    assert rolling.sql("SELECT count(*) FROM fanouts") == [(0,)]
    assert rolling.sql("SELECT count(*) FROM parked_events") == [(0,)]
    assert rolling.sql(WRONG) == [(0,)]
