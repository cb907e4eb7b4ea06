"""The running site as the browser tests use it: its address, its people, and things that happen from outside."""

from __future__ import annotations

import ast
import itertools
import time
from functools import cache, cached_property
from typing import Any

import httpx

from tests.processes import Serve, Service

_PEOPLE = "from django.contrib.auth.models import User; print(dict(User.objects.values_list('username', 'id')))"


class Stage:
    def __init__(self, house: Serve | Service) -> None:
        self.house = house
        self.urls = [house.url] if isinstance(house, Serve) else house.urls
        self.url = self.urls[0]
        self.numbers = itertools.count(1000)
        self.key = cache(self._key)

    def publish_from_another_process(self, *arguments: str) -> None:
        self.house.manage("publish", *arguments)

    def publish(self, event_type: str, *, actor: str = "", source: int | None = None, **payload: Any) -> None:
        """Over HTTP, as a service would."""
        event: dict[str, Any] = {"event_type": event_type, "payload": payload}
        if actor:
            event["actor_user_id"] = self.people[actor]
        if source is not None:
            event |= {"source_entity_type": "job", "source_entity_id": source}
        self.call("POST", "/events", who="admin", json=event)

    def publish_many(self, event_type: str, count: int, **payload: Any) -> None:
        self.call("POST", "/events", who="admin", json=[{"event_type": event_type, "payload": payload}] * count)

    def job_finished(self, name: str, *, for_: str) -> None:
        """A job of theirs, another one each time."""
        self.publish("job.completed", actor=for_, source=next(self.numbers), name=name, message="240 frames")

    def mention(self, who: str, *, text: str) -> None:
        self.publish("collab.mention", actor="bob", mentioned_user_ids=[self.people[who]], title="Shot 041", text=text)

    def set(self, who: str, **settings: Any) -> None:
        self.call("PUT", "/notifications/settings", who=who, json=settings)

    def unread_count(self, who: str) -> int:
        count: int = self.call("GET", "/notifications/unread-count", who=who).json()["count"]
        return count

    def wait_for_unread(self, who: str, count: int) -> None:
        deadline = time.monotonic() + 20
        while self.unread_count(who) != count:
            assert time.monotonic() < deadline, f"{who} never had {count} unread"
            time.sleep(0.05)

    def clear(self, who: str) -> None:
        """Nothing unread, nothing silenced."""
        self.call("POST", "/notifications/read-all", who=who, json={})
        self.set(who, dnd_enabled=False, digest_enabled=False, timezone="UTC")

    def call(self, method: str, path: str, *, who: str, json: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key(who)}"}
        answer = httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, json=json)
        answer.raise_for_status()
        return answer

    @cached_property
    def people(self) -> dict[str, int]:
        found: dict[str, int] = ast.literal_eval(self.house.manage("shell", "-c", _PEOPLE).splitlines()[-1])
        return found

    def _key(self, who: str) -> str:
        return self.house.manage("token", who).split()[-1]
