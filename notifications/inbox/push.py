"""Frames for people, pushed over the channel layer to the hubs of all web processes.

A message on the layer carries frames for many people at once; nothing here is needed for a notification to exist.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from django.db import transaction

from events.transport import channel_layer
from notifications.inbox.frames import Frame

GROUP = "carillon.hubs"
BATCH = 500
SHARED_BYTES = 512 * 1024


class Push(NamedTuple):
    """A frame for all of a person's sockets. `shared`: the key of what the hub adds to it, the same for many."""

    user_id: int
    frame: Frame
    shared: int | None = None


def push_on_commit(pushes: Sequence[Push]) -> None:
    # No partial: it has no __qualname__, on which Django's robust hooks trip when they log a failure.
    transaction.on_commit(lambda: push(pushes, shared={}), robust=True)


def push(pushes: Iterable[Push], *, shared: Mapping[int, Frame]) -> None:
    """Send the frames now. Never blocks or raises for the layer: a lost frame is a gap that the client resumes from.

    The body is JSON text: what the layer's own encoding refuses (whole numbers over 64 bits) passes.
    """
    sizes = {key: len(json.dumps(frame)) for key, frame in shared.items()}
    for batch in _batches(pushes, sizes=sizes):
        needed = {str(key): shared[key] for _, _, key in batch if key is not None}
        body = json.dumps({"shared": needed, "frames": batch})
        channel_layer.send(GROUP, {"type": "hub.frames", "body": body})


def _batches(pushes: Iterable[Push], *, sizes: Mapping[int, int]) -> Iterator[list[Push]]:
    """Batches of at most BATCH frames, which share at most SHARED_BYTES (or one piece that is larger)."""
    batch: list[Push] = []
    keys: set[int | None] = {None}
    size = 0
    for push in pushes:
        more = 0 if push.shared in keys else sizes[push.shared or 0]
        if batch and (len(batch) == BATCH or size + more > SHARED_BYTES):
            yield batch
            batch, keys, size = [], {None}, 0
            more = sizes.get(push.shared or 0, 0)
        batch.append(push)
        keys.add(push.shared)
        size += more
    if batch:
        yield batch


def end_sessions(*, session: str) -> None:
    """Close the sockets that were opened with this session (by its digest)."""
    channel_layer.send(GROUP, {"type": "hub.end_session", "session": session})
