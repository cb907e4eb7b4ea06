"""Turns of publishers at being numbered, so that much of one delays another's by no more than a batch. Pure."""

from collections.abc import Sequence

# A publisher may fill what others leave of a batch, up to so many times an even share.
MOST_SHARES = 10


def depth(publishers: int, *, room: int) -> int:
    """Number of events at the head of each publisher's queue that are looked at."""
    return min(room, max(1, MOST_SHARES * room // max(publishers, 1)))


def take(queues: Sequence[Sequence[int]], *, room: int, depth: int) -> tuple[list[int], int]:
    """Take the first of each queue, then the second of each, the older first, until there is no room.

    The ids in order, and an id below which nothing that waits was left behind.
    """
    turns = sorted((turn, event_id) for queue in queues for turn, event_id in enumerate(queue))
    taken = sorted(event_id for _turn, event_id in turns[:room])
    left = [event_id for _turn, event_id in turns[room:]]
    left += [queue[-1] + 1 for queue in queues if len(queue) == depth]
    return taken, min(left, default=taken[-1] + 1 if taken else 0)
