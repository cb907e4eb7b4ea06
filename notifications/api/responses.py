"""Answers that change the inbox say where it stands now."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from notifications.inbox.marking import State


def changed(state: State, *, body: Any = None) -> Response:
    """204 without a body, with the inbox's number and count in headers."""
    headers = {"X-Inbox-Seq": str(state.seq), "X-Unread-Count": str(state.unread_count)}
    return Response(body, status=204 if body is None else 200, headers=headers)
