"""The client: one site, one key."""

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import urlencode

from carillon_client.messages import Delivery, EntityId, Event, NewEvent, Notification
from carillon_client.transport import Transport

# Events that one request may hold.
BATCH = 1000
_NEXT = re.compile(r'<[^>?]*(\?[^>]*)>; rel="next"')


class Carillon:
    """`url`: of the site; `deadline`: seconds for each request, with all its repeats.

    Its methods raise RefusedError and UnavailableError. Threads may share it.
    """

    def __init__(self, url: str, *, key: str, deadline: float = 30.0, api: str = "/api/v1") -> None:
        self._transport = Transport(url, key=key, deadline=deadline)
        self._api = api

    def publish(
        self,
        event_type: str,
        *,
        source: tuple[str, EntityId] | None = None,
        actor: int | None = None,
        payload: dict[str, Any] | None = None,
        project_id: int | None = None,
        to: list[int] | None = None,
        key: str | None = None,
    ) -> Event:
        """Publish one event. `key`: the idempotency key, by which a repeat is known; without one a random one, which
        holds for the repeats of this call alone."""
        event: NewEvent = {"event_type": event_type, "payload": payload or {}}
        if source is not None:
            event |= {"source_entity_type": source[0], "source_entity_id": source[1]}
        if actor is not None:
            event["actor_user_id"] = actor
        if project_id is not None:
            event["project_id"] = project_id
        if to is not None:
            event["to"] = to
        return cast("Event", self._publish(event, key=key or uuid.uuid4().hex))

    def publish_many(self, events: Iterable[NewEvent], *, key: str | None = None) -> list[Event]:
        """Publish these in their order: each thousand whole or not at all. `key`: as of `publish`, for all of them; the
        same key asks for the same events."""
        published: list[Event] = []
        key, waiting = key or uuid.uuid4().hex, iter(events)
        for number in itertools.count():
            batch = list(itertools.islice(waiting, BATCH))
            if not batch:
                return published
            published += self._publish(batch, key=f"{key}.{number}" if number else key)
        raise AssertionError("an endless loop has ended")

    def events(self, *, after: int = 0, event_type: str = "") -> Iterator[Event]:
        """Read the log behind a position, to its end; `event_type` may be a pattern such as job.*. A page at a time."""
        asked: dict[str, Any] = {"after": after, "limit": 100} | ({"type": event_type} if event_type else {})
        return self._pages("/events", asked)

    def feed(self, *, unread_only: bool = False, category: str = "") -> Iterator[Notification]:
        """Read the feed of the key's person, the newest first. A page at a time."""
        asked = {"unread_only": "true"} if unread_only else {}
        return self._pages("/notifications", asked | ({"category": category} if category else {}))

    def deliveries(self, *, state: str = "") -> Iterator[Delivery]:
        """Read what was sent, the newest first; `state` such as dead. A page at a time."""
        return self._pages("/deliveries", {"state": state} if state else {})

    def resend(self, delivery_id: int) -> Delivery:
        """Send a delivery again."""
        return cast("Delivery", self._transport.call("POST", f"{self._api}/deliveries/{delivery_id}/resend").json())

    def _publish(self, content: Any, *, key: str) -> Any:
        return self._transport.call(
            "POST", f"{self._api}/events", content=content, headers={"Idempotency-Key": key}
        ).json()

    def _pages(self, path: str, asked: dict[str, Any]) -> Iterator[Any]:
        query = f"?{urlencode(asked)}" if asked else ""
        while True:
            answer = self._transport.call("GET", f"{self._api}{path}{query}")
            yield from answer.json()
            # Only the query of the link: behind a proxy its host may be another.
            following = _NEXT.search(answer.headers.get("Link", ""))
            if following is None:
                return
            query = following[1]
