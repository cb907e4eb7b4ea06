"""Frames of the WebSocket: JSON text, one `type` each."""

from typing import Any

Frame = dict[str, Any]


def notification(*, event: Frame, timestamp: str, seq: int, unread_count: int, toast: bool, own: Frame) -> Frame:
    """Frame with the seed's four fields (its task 3.1) and ours: the event as the feed shows it, and what is the
    person's `own` in it."""
    return {
        "type": "notification",
        "seq": seq,
        "unread_count": unread_count,
        "toast": toast,
        "notification": event | own,
        "event_type": event["event_type"],
        "payload": event["payload"],
        "timestamp": timestamp,
    }


def read(*, seq: int, unread_count: int, ids: list[int], is_read: bool) -> Frame:
    return {"type": "read", "seq": seq, "ids": ids, "is_read": is_read, "unread_count": unread_count}


def read_all(*, seq: int, unread_count: int, up_to: int, category: str | None) -> Frame:
    return {"type": "read_all", "seq": seq, "up_to": up_to, "category": category, "unread_count": unread_count}


def removed(*, seq: int, unread_count: int, ids: list[int], reason: str = "deleted") -> Frame:
    return {"type": "removed", "seq": seq, "ids": ids, "reason": reason, "unread_count": unread_count}


def settings(*, seq: int, settings: dict[str, Any]) -> Frame:
    return {"type": "settings", "seq": seq, **settings}


def resync(*, seq: int, unread_count: int) -> Frame:
    """Order to fetch page one: too much changed, or rows are gone."""
    return {"type": "resync", "seq": seq, "unread_count": unread_count}


def error(*, code: str, detail: str) -> Frame:
    return {"type": "error", "code": code, "detail": detail}


# For whoever watches: something happened, of which the page reads. With the seq of nothing in the inbox.
PULSE: Frame = {"type": "pulse", "seq": 0}

# Why the server closes (accept, an error frame, then the close: a reason doesn't pass through Daphne).
UNAUTHENTICATED = 4401
TOO_SLOW = 4408
TOO_LARGE = 4413
TOO_MANY = 4429
GOING_AWAY = 4503

CLOSE_REASONS = {
    UNAUTHENTICATED: error(code="unauthenticated", detail="Sign in, then connect again."),
    TOO_SLOW: error(code="too_slow", detail="This client reads too slowly; it may connect again."),
    TOO_LARGE: error(code="too_large", detail="A frame may have 16 KB at most."),
    TOO_MANY: error(code="too_many", detail="Too many frames or sockets; wait a while."),
    GOING_AWAY: error(code="going_away", detail="The server restarts; connect again in a moment."),
}
