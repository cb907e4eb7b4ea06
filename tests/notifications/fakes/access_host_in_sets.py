"""Host of `access_host` that is asked of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.notifications.fakes import access_host

if TYPE_CHECKING:
    from events.accounts import User
    from events.entities import Entity

PATH = f"{__name__}.may_see"
calls: list[int] = []


def may_see(user: User, entity: Entity) -> bool:
    raise AssertionError("asked one by one")


def may_see_many(pairs: Sequence[tuple[User, Entity]]) -> list[bool]:
    calls.append(len(pairs))
    return [access_host.may_see(user, entity) for user, entity in pairs]
