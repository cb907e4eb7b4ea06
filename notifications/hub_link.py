"""From anywhere in the platform to the hubs of all web processes: frames for people, over the channel layer.

A message on the layer carries frames for many people at once; nothing here is needed for a notification to exist.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from django.db import transaction

from events import layer
from notifications.frames import Frame

GROUP = "carillon.hubs"
BATCH = 500


def push_on_commit(pairs: Sequence[tuple[int, Frame]]) -> None:
    """Send each person's frame to all of their sockets once the transaction is committed."""
    if pairs:
        transaction.on_commit(partial(push, pairs), robust=True)


def push(pairs: Sequence[tuple[int, Frame]]) -> None:
    """Now. Never blocks, never raises for the layer: a lost frame is a gap that the client resumes from."""
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        layer.hand(GROUP, {"type": "hub.frames", "frames": [(user_id, json.dumps(frame)) for user_id, frame in batch]})


def end_sessions(*, session: str) -> None:
    """Close the sockets that were opened with this session (by its digest)."""
    layer.hand(GROUP, {"type": "hub.end_session", "session": session})
