"""Plays the server's side of the pages' sockets, so that frames can be lost, doubled, late and out of order."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page, WebSocketRoute


class FakeServer:
    """Sockets of all tabs of a browser, answered by the test."""

    def __init__(self, where: Page | BrowserContext) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.heard: list[dict[str, Any]] = []
        where.route_web_socket("**/ws/notifications/**", self._connected)

        self.refusal: int | None = None

    def turn_away(self, *, code: int = 1011) -> None:
        """Refuse sockets: as a proxy does that knows none, or with a code of ours."""
        self.refusal = code

    def let_in(self) -> None:
        self.refusal = None

    def _connected(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        if self.refusal:
            socket.close(code=self.refusal)
            return
        socket.on_message(lambda text: self.heard.append(json.loads(text)))

    @property
    def asked_from(self) -> list[str]:
        return [socket.url.partition("seq=")[2] for socket in self.sockets]

    def say(self, **frame: Any) -> None:
        self.sockets[-1].send(json.dumps(frame))

    def hello(self, seq: int, *, unread_count: int = 0, rows: tuple[dict[str, Any], ...] = ()) -> None:
        self.say(
            type="hello",
            seq=seq,
            unread_count=unread_count,
            now="2026-11-22T12:00:00Z",
            settings={"dnd_enabled": False, "dnd_until": None},
            recovered=True,
            notifications=list(rows),
        )

    def ring(self, seq: int, *, unread_count: int = 1, toast: bool = True, **changes: Any) -> None:
        self.say(type="notification", seq=seq, unread_count=unread_count, toast=toast, notification=row(seq) | changes)


def row(seq: int) -> dict[str, Any]:
    return {
        "id": 10_000_000 + seq,
        "seq": seq,
        "feed_seq": seq,
        "event_type": "job.completed",
        "category": "job",
        "is_critical": False,
        "title": f"Shot {seq} finished",
        "body": "",
        "url": "",
        "reason": "actor",
        "is_read": False,
        "created_at": "2026-11-22T11:59:50Z",
    }


def until(page: Page, found: Callable[[], object]) -> None:
    """Playwright's loop has to run for anything to arrive."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found():
            return
        page.wait_for_timeout(20)
    raise AssertionError("it never came")
