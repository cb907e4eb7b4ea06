"""One site of its own for these tests: two thousand hostile rows would be in everybody's way."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.browser.site import Site
from tests.processes import Serve


@pytest.fixture(scope="session")
def filled() -> tuple[Serve, dict[str, int]]:
    """The site before its start, when nobody else writes, and numbers that addresses of its pages hold."""
    process = Serve("--demo")
    process.manage("migrate", "--verbosity", "0")
    told = process.manage("shell", "-c", "from tests.browser.hostile.data import fill; print(fill())")
    numbers: dict[str, int] = ast.literal_eval(told.splitlines()[-1])
    return process, numbers


@pytest.fixture(scope="session")
def site(filled: tuple[Serve, dict[str, int]]) -> Iterator[Site]:
    with filled[0] as process:
        yield Site(process)


@pytest.fixture(scope="session")
def made(filled: tuple[Serve, dict[str, int]]) -> dict[str, int]:
    return filled[1]
