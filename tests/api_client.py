"""Speaking to the API as somebody, and having been told of something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.test import APIClient

from events.bus import publish
from events.sweep import sweep
from notifications.inbox import feed

if TYPE_CHECKING:
    from events.accounts import User
    from notifications.models import Notification

V1 = "/api/v1"


def as_(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def bearing(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def tell(user: User, event_type: str = "job.completed", **more: Any) -> Notification:
    """Publish and route an event of this person: the notification in their feed."""
    publish(event_type, actor=user, **more)
    sweep()
    return feed.page(user.pk, limit=1)[0]


def codes(response: Any) -> dict[str, str]:
    """Refused fields, each with its code."""
    return {error["field"]: error["code"] for error in response.json()["errors"]}
