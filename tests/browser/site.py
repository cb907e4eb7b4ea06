"""The running site as the browser tests use it: its address, its people, and things that happen from outside."""

from __future__ import annotations

import ast
import itertools
import time
from functools import cached_property
from typing import Any

import httpx

from tests.processes import Process, Serve, Service
from tests.processes.environment import wait_until_ready

# For a page: nobody looks at it, and somebody does again.
LEAVE = """
Object.defineProperty(document, "hidden", { configurable: true, get: () => window.isAway });
window.isAway = true;
document.dispatchEvent(new Event("visibilitychange"));
"""
COME_BACK = "window.isAway = false; document.dispatchEvent(new Event('visibilitychange'))"
# The start of a process takes longer than most tests.
_PEOPLE = """
from django.contrib.auth.models import User
from delivery.signed_links import Subscription, unsubscribe_url
from events import api_keys
link = unsubscribe_url(Subscription(User.objects.get(username="bob").pk, None))
print(({user.username: (user.pk, api_keys.issue(user)[1]) for user in User.objects.all()}, link))
"""


class Site:
    def __init__(self, processes: Serve | Service) -> None:
        self.processes = processes
        self.urls = [processes.url] if isinstance(processes, Serve) else processes.urls
        self.url = self.urls[0]
        self.numbers = itertools.count(1000)
        self.client = httpx.Client(timeout=30)

    def publish_from_another_process(self, *arguments: str) -> None:
        self.processes.manage("publish", *arguments)

    def publish(self, event_type: str, *, actor: str = "", source: int | str | None = None, **payload: Any) -> None:
        """Publish over HTTP, as a service would."""
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
        """Leave nothing unread, silenced or muted."""
        self.call("POST", "/notifications/read-all", who=who, json={})
        self.set(who, dnd_enabled=False, digest_enabled=False, timezone="UTC")
        for muted in self.call("GET", "/notifications/mutes?limit=100", who=who).json():
            self.call("DELETE", f"/entities/{muted['entity_type']}/{muted['entity_id']}/mute", who=who)

    def call(self, method: str, path: str, *, who: str, json: Any = None) -> httpx.Response:
        """Ask the last web process: the pages are at the first."""
        _, key = self.accounts[who]
        headers = {"Authorization": f"Bearer {key}"}
        answer = self.client.request(method, f"{self.urls[-1]}/api/v1{path}", headers=headers, json=json)
        answer.raise_for_status()
        return answer

    def stop(self) -> None:
        """The web process that the pages are at."""
        self._web.stop()

    def start(self) -> None:
        """Start the web process anew, at the same address."""
        old, processes = self._web, self.processes
        self._web = Process(*old.command, env=processes.env, folder=processes.folder)
        wait_until_ready(self._web, self.url)

    @property
    def _web(self) -> Process:
        return self.processes.process if isinstance(self.processes, Serve) else self.processes.webs[0]

    @_web.setter
    def _web(self, process: Process) -> None:
        if isinstance(self.processes, Serve):
            self.processes.process = process
        else:
            self.processes.webs[0] = process

    @property
    def people(self) -> dict[str, int]:
        return {name: number for name, (number, _) in self.accounts.items()}

    @property
    def accounts(self) -> dict[str, tuple[int, str]]:
        """Numbers and keys by name."""
        return self._found[0]

    @property
    def unsubscribe_link(self) -> str:
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[dict[str, tuple[int, str]], str]:
        found: tuple[dict[str, tuple[int, str]], str] = ast.literal_eval(
            self.processes.manage("shell", "-c", _PEOPLE).splitlines()[-1]
        )
        return found
