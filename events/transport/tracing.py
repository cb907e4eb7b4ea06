"""Traces by OpenTelemetry's API, where `CARILLON["TRACING"]` asks for them; else nothing of it is imported.

An event keeps the `traceparent` and `tracestate` (W3C Trace Context) of whoever published it. What is done with it
later, in other processes, are spans of that trace, written as they end: the events of a batch belong to as many traces.
An event that came without one has no spans.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from django.db import transaction

from events.conf import conf


class Traced(Protocol):
    """An event, with its type."""

    pk: Any
    traceparent: Any
    tracestate: Any
    event_type: Any
    created_at: Any


class Context(NamedTuple):
    """Name of a span for others, as W3C's headers; empty without one."""

    traceparent: str = ""
    tracestate: str = ""


NO_CONTEXT = Context()


class Span:
    """Span that has begun, or none: then its context is empty."""

    def __init__(self, span: Any = None) -> None:
        self._span = span
        self.context = NO_CONTEXT if span is None else _context(span)

    def end(self, attributes: Mapping[str, Any], *, error: str = "") -> None:
        if self._span is None:
            return
        self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})
        if error:
            self._span.set_status(_trace().StatusCode.ERROR, error)
        self._span.end()


_NONE = Span()


def current() -> Context:
    """Return the context of the caller's span, empty without one."""
    return _context(_trace().get_current_span()) if conf.TRACING else NO_CONTEXT


def start(name: str, event: Traced | None, attributes: Mapping[str, Any]) -> Span:
    """Begin a span of an event's trace, for a call to somebody else."""
    if not conf.TRACING or event is None or not event.traceparent:
        return _NONE
    return Span(_started(name, event, attributes, kind=_trace().SpanKind.CLIENT))


def record(
    name: str,
    events: Iterable[Traced],
    *,
    since: datetime | None = None,
    attributes: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Write a span for each event: from its publication, or from `since`, until the commit."""
    if not conf.TRACING or not (traced := [event for event in events if event.traceparent]):
        return

    def write() -> None:
        for event in traced:
            began = since or event.created_at
            _started(name, event, attributes, start_time=int(began.timestamp() * 1_000_000_000)).end()

    transaction.on_commit(write, robust=True)


def _started(name: str, event: Traced, attributes: Mapping[str, Any], **more: Any) -> Any:
    of_event = {"carillon.event.id": event.pk, "carillon.event.type": event.event_type.name}
    context = _propagator().extract({"traceparent": event.traceparent, "tracestate": event.tracestate or ""})
    return _trace().get_tracer("carillon").start_span(name, context, attributes={**of_event, **attributes}, **more)


def _context(span: Any) -> Context:
    carrier: dict[str, str] = {}
    _propagator().inject(carrier, _trace().set_span_in_context(span))
    return Context(**carrier)


def _trace() -> Any:
    return import_module("opentelemetry.trace")


@cache
def _propagator() -> Any:
    return import_module("opentelemetry.trace.propagation.tracecontext").TraceContextTextMapPropagator()
