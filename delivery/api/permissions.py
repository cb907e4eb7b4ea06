"""Whose deliveries somebody may see and send again."""

from __future__ import annotations

from rest_framework.request import Request

from events.rest.strict import user_id_of


def may_view_all(request: Request) -> bool:
    return request.user.has_perm("carillon_delivery.view_delivery")


def whose(request: Request, *, permission: str) -> int | None:
    """None (everybody's) with the permission, the asker's own without."""
    return None if request.user.has_perm(permission) else user_id_of(request)
