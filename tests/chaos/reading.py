"""A person who reads while servers break: what was confirmed as read has to be read, and to count no more."""

from __future__ import annotations

import threading
import time
from typing import Self

import httpx

from tests.chaos.stack import Stack

PAUSE = 0.3


class Reader:
    """Reads one notification of `reader` after the other from entering to leaving. `confirmed`: ids of those read."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._ended = threading.Event()
        self.confirmed: set[int] = set()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(30)

    def _run(self) -> None:
        turn = 0
        headers = {"Authorization": f"Bearer {self._stack.people['reader'].key}"}
        with httpx.Client(timeout=5, headers=headers) as client:
            while not self._ended.wait(PAUSE):
                turn += 1
                try:
                    self._read_one(client, f"{self._stack.urls[turn % 2]}/api/v1/notifications")
                except httpx.HTTPError:
                    time.sleep(PAUSE)

    def _read_one(self, client: httpx.Client, url: str) -> None:
        answer = client.get(url, params={"unread_only": "true", "limit": 1})
        for row in answer.json() if answer.status_code == 200 else []:
            if client.post(f"{url}/{row['id']}/read").status_code == 204:
                self.confirmed.add(row["id"])
