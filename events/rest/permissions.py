from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from events import api_keys
from events.errors import shown
from events.models import ApiKey


def key_of(request: Request) -> ApiKey | None:
    """The Bearer key of the request; None for a session."""
    return request.auth if isinstance(request.auth, ApiKey) else None


def check_members_covered(request: Request, entity_type: str) -> None:
    """PermissionDenied for a key that may not write memberships of this entity type."""
    key = key_of(request)
    if key is not None and not api_keys.may_write_members(key, entity_type):
        covered = ", ".join(api_keys.member_types(key) or ["none"])
        detail = f"This key may not write memberships of {shown(entity_type)}; it covers {covered}."
        raise PermissionDenied(detail, code="key_restricted")


class Unrestricted(BasePermission):
    """Allows people who are signed in, and keys that were not made for publishing only."""

    code = "key_restricted"
    message = "This key may only publish its event types and write the memberships it covers."

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
