"""Patterns over type names: `job.completed`, `job.*`, `*`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase


def matches(name: str, patterns: Iterable[str]) -> bool:
    """True if one of the patterns covers the name. `*` stands for any run of characters."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
