"""The permission table: table.txt, read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.permissions.cast import ROLES
from tests.permissions.routes import METHODS

TEXT = Path(__file__).with_name("table.txt").read_text()


@dataclass(frozen=True)
class Line:
    route: str
    methods: tuple[str, ...]
    who: str
    answer: str
    permission: str = ""

    def expected(self, role: str) -> str:
        return WHO[self.who][role].replace("ok", self.answer)

    def may_see_the_owner_s(self, role: str) -> bool:
        is_tied = role == "member" and self.who == "page tied/leave"
        is_let = role in ("with", "admin") and bool(self.permission)
        return role in ("owner", "key") or self.who == "link" or is_tied or is_let


def part(head: str) -> list[list[str]]:
    """Lines under this heading, up to the next, each as its cells."""
    lines = [re.split(r"\s{2,}", line.rstrip()) for line in TEXT.splitlines() if line.strip() and line[0] != "#"]
    start = next(number for number, cells in enumerate(lines) if cells[0] == head) + 1
    end = next((number for number, cells in enumerate(lines) if number >= start and cells[0].isupper()), len(lines))
    return lines[start:end]


WHO = {name: dict(zip(ROLES, cells, strict=True)) for name, *cells in part("WHO")}
MODELS = dict(part("MODEL"))
KINDS = ("look", "change", "edit", "users")


def lines() -> list[Line]:
    return [
        Line(route, METHODS if methods == "ANY" else tuple(methods.split()), *more)
        for route, methods, *more in part("ADDRESS")
    ]


def lines_of(model: str) -> Iterator[Line]:
    """The pages of a model in the admin."""
    app, name = model.split("/")
    for page, methods, verb, *who in part("PAGE"):
        route = f"/admin/{model}/{page.removeprefix('.')}"
        yield Line(route, tuple(methods.split()), who[KINDS.index(MODELS[model])], "ok", f"{app}.{verb}_{name}")


def routes() -> set[str]:
    """Every route that has a line."""
    pages = {line.route for model in MODELS for line in lines_of(model)}
    return pages | {line.route for line in lines()}
