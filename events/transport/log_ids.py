"""Ids of what a thread or task works on, for the lines that it logs meanwhile (`events.monitoring.json_log`)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# Of a batch so many are named.
MOST_EVENTS = 20
_ids: ContextVar[Mapping[str, Any]] = ContextVar("log_ids", default={})  # noqa: B039  nobody changes it in place


@contextmanager
def working_on(*, events: Sequence[int] | None = None, **ids: Any) -> Iterator[None]:
    """Name these until the block ends, beside what is named already."""
    named = {} if events is None else {"events": list(events[:MOST_EVENTS])}
    token = _ids.set({**_ids.get(), **named, **ids})
    try:
        yield
    finally:
        _ids.reset(token)


def current() -> Mapping[str, Any]:
    return _ids.get()
