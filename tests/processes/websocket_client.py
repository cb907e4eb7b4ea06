"""A client that behaves as the page does: it resumes by seq after a gap, and connects again when it is cut off."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

RETRY_SECONDS = 0.3


class Listener:
    """A socket that is kept open; `told` has the names in the payloads that came over it."""

    def __init__(self, url: str, *, key: str) -> None:
        self.url, self.key = url, key
        self.seq: int | None = None
        self.frames: list[dict[str, Any]] = []
        self.told: set[str] = set()
        self.close_codes: list[int | None] = []
        self.greeted = threading.Event()
        self._changed = threading.Condition()
        self._stopping = self._is_resuming = False

    def run(self) -> None:
        while not self._stopping:
            address = f"{self.url.replace('http', 'ws', 1)}/ws/notifications/"
            address += "" if self.seq is None else f"?seq={self.seq}"
            try:
                with connect(address, additional_headers={"Authorization": f"Bearer {self.key}"}) as socket:
                    self._listen(socket)
            except ConnectionClosed as closed:
                self.close_codes.append(closed.rcvd.code if closed.rcvd else None)
            except (OSError, WebSocketException):
                pass
            time.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        self._stopping = True

    def wait_for(self, names: Iterable[str], *, timeout: float = 30) -> None:
        """Block until all of these were told."""
        wanted = set(names)
        with self._changed:
            has_all = self._changed.wait_for(lambda: wanted <= self.told, timeout)
        missing = sorted(wanted - self.told)
        assert has_all, f"{len(missing)} of {len(wanted)} not told within {timeout:.1f} s, such as {missing[:3]}"

    def wait_for_frame(self, kind: str, *, timeout: float = 30) -> dict[str, Any]:
        with self._changed:
            found = self._changed.wait_for(lambda: [one for one in self.frames if one["type"] == kind], timeout)
        assert found, f"no {kind} frame within {timeout} s; there were {[one['type'] for one in self.frames]}"
        return found[-1]

    def _listen(self, socket: ClientConnection) -> None:
        self._is_resuming = False
        while not self._stopping:
            with contextlib.suppress(TimeoutError):
                self._take(json.loads(socket.recv(0.2)), socket=socket)

    def _take(self, frame: dict[str, Any], *, socket: ClientConnection) -> None:
        seq = frame.get("seq")
        if seq is not None and frame["type"] != "hello" and self.seq is not None:
            if seq > self.seq + 1:
                if not self._is_resuming:
                    socket.send(json.dumps({"type": "resume", "seq": self.seq}))
                self._is_resuming = True
                return
            if seq <= self.seq:
                return
        self._is_resuming = self._is_resuming and frame["type"] != "hello"
        with self._changed:
            self.seq = self.seq if seq is None else seq
            self.frames.append(frame)
            rows = frame["notifications"] if frame["type"] == "hello" else [frame.get("notification", {})]
            for row in rows:
                self.told.add(str(row.get("payload", {}).get("name")))
            self._changed.notify_all()
        self.greeted.set()


@contextlib.contextmanager
def listeners(*urls: str, key: str) -> Iterator[list[Listener]]:
    """One on each of these, greeted."""
    found = [Listener(url, key=key) for url in urls]
    threads = [threading.Thread(target=one.run, daemon=True) for one in found]
    try:
        for thread in threads:
            thread.start()
        for one in found:
            assert one.greeted.wait(15), f"{one.url} sent no hello"
        yield found
    finally:
        for one in found:
            one.stop()
        for thread in threads:
            thread.join(10)
