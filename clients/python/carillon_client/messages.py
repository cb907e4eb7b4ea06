"""Objects of the HTTP API, as they come and go."""

from typing import Any, Required, TypedDict

EntityId = int | str
Frame = dict[str, Any]


class NewEvent(TypedDict, total=False):
    event_type: Required[str]
    source_entity_type: str | None
    source_entity_id: EntityId | None
    actor_user_id: int | None
    project_id: int | None
    payload: dict[str, Any]
    idempotency_key: str | None
    to: list[int] | None


class Event(TypedDict):
    id: int
    position: int | None
    event_type: str
    category: str
    is_critical: bool
    source_entity_type: str | None
    source_entity_id: EntityId | None
    actor_user_id: int | None
    project_id: int | None
    payload: dict[str, Any]
    created_at: str


class Notification(TypedDict):
    id: int
    seq: int
    feed_seq: int
    event_id: int
    event_type: str
    category: str
    is_critical: bool
    is_over: bool
    title: str
    body: str
    display_title: str
    display_body: str
    initials: str
    progress: float | None
    url: str
    reason: str
    count: int
    actors: list[int]
    payload: dict[str, Any]
    source_entity_type: str | None
    source_entity_id: EntityId | None
    actor_user_id: int | None
    channel: str
    is_read: bool
    read_at: str | None
    done_at: str | None
    snoozed_until: str | None
    acknowledged_by: str | None
    is_delivered: bool
    delivered_at: str | None
    created_at: str


# Its fields are many and for people; what a program needs are `id` and `state`.
Delivery = dict[str, Any]
