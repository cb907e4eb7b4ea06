"""Host that says who may see what: nobody sees what is closed to them, and it fails on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.accounts.factory import name_of

if TYPE_CHECKING:
    from events.accounts import User
    from events.entities import Entity

PATH = f"{__name__}.may_see"
closed: set[tuple[str, Entity]] = set()
broken: list[Exception] = []
asked: list[int] = []


def may_see(user: User, entity: Entity) -> bool:
    asked.append(1)
    if broken:
        raise broken[0]
    return (name_of(user), entity) not in closed


def reset() -> None:
    for kept in (closed, broken, asked):
        kept.clear()
