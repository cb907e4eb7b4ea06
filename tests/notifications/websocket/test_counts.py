"""What a web process counts of its sockets: how old events are when they reach them, and what slow ones lose."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from prometheus_client import Counter, Histogram

from events.db import clock
from events.monitoring import families
from notifications.websocket import hub
from notifications.websocket.authentication import Identity

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def value(metric: Counter | Histogram, sample: str) -> float:
    return next(one.value for family in metric.collect() for one in family.samples if one.name == sample)


def test_a_queue_that_overflows_counts_all_that_it_loses():
    before = value(families.FRAMES_DROPPED, "carillon_frames_dropped_total")
    socket = hub.Socket(Identity(1), lost=False)
    for seq in range(hub.QUEUE + 1):
        socket.offer(seq, "{}")
    assert value(families.FRAMES_DROPPED, "carillon_frames_dropped_total") == before + hub.QUEUE + 1


def test_the_age_of_an_event_counts_once_for_each_person_who_is_here(monkeypatch):
    monkeypatch.setattr(clock, "known", lambda: NOW + timedelta(seconds=0.5))
    before = value(families.FRAME_SECONDS, "carillon_frame_seconds_sum")
    here = hub.Hub()
    here.sockets[1] = {hub.Socket(Identity(1)), hub.Socket(Identity(1))}
    event = {"event": {"event_type": "job.completed", "payload": {}}, "timestamp": NOW.isoformat()}
    frames = [(user, {"seq": 1, "unread_count": 1, "toast": True, "own": {}}, 7) for user in (1, 2)]
    here._deliver(json.loads(json.dumps({"shared": {"7": event}, "frames": frames})))
    assert value(families.FRAME_SECONDS, "carillon_frame_seconds_sum") == before + 0.5
