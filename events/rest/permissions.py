from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from events import api_keys
from events.models import ApiKey


def key_of(request: Request) -> ApiKey | None:
    """The Bearer key of the request; None for a session."""
    return request.auth if isinstance(request.auth, ApiKey) else None


class Unrestricted(BasePermission):
    """Allows people who are signed in, and keys that were not made for publishing only."""

    code = "key_restricted"
    message = "This key may only publish its event types and write memberships."

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated) and not api_keys.is_restricted(key_of(request))


class MayPublish(BasePermission):
    code = "permission_denied"
    message = "This needs the permission carillon_events.publish_event."

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.has_perm("carillon_events.publish_event")


class MayReadLog(BasePermission):
    code = "permission_denied"
    message = "This needs the permission carillon_events.view_event."

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.has_perm("carillon_events.view_event")
