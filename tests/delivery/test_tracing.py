"""One trace from the caller's span to the receiver of a webhook, as a collector of OTLP gets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from opentelemetry import trace
from opentelemetry.context import attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from delivery import addresses
from delivery.models import Address
from delivery.sender import drain
from events.api.cloudevents import as_event
from events.bus import publish
from events.models import Event, EventType
from events.monitoring.counting import Tally
from events.sweep import sweep
from notifications.routing import audiences, fanout
from tests.delivery.fakes.http_receiver import Receiver, Reply, receiving
from tests.notifications.factories.routing import store_preference
from tests.own_settings import own

TRACER = trace.get_tracer("caller")
OUTSIDE, STATE = f"00-{'4b' * 16}-{'ab' * 8}-01", "vendor=t61rcWkgMzE,other=1"
CLOUD = Address.Format.CLOUDEVENTS
# Only what is asked for is imported; a process of its own, for here all is.
WITHOUT = """
import sys, django
sys.modules["opentelemetry"] = None
django.setup()
from delivery.sender import drain
from events.bus import publish
from events.transport import tracing
assert tracing.current() == ("", "")
tracing.record("x", [])
assert [name for name in sys.modules if name.startswith("opentelemetry.")] == []
"""


@pytest.fixture(scope="module")
def provider() -> TracerProvider:
    """The process's own, of which there can be one."""
    made = TracerProvider()
    trace.set_tracer_provider(made)
    return made


@pytest.fixture
def collector(provider, settings) -> Iterator[Receiver]:
    """Traces are on, and each span goes there as it ends."""
    own(settings, TRACING=True)
    with receiving() as running:
        processor = SimpleSpanProcessor(OTLPSpanExporter(endpoint=f"{running.url}/v1/traces"))
        provider.add_span_processor(processor)
        yield running
        processor.shutdown()
        provider._active_span_processor._span_processors = ()


def all_spans(collector: Receiver) -> list[Any]:
    """Spans that have arrived, in their order."""
    requests = [ExportTraceServiceRequest.FromString(one.body) for one in collector.requests]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def spans(collector: Receiver) -> dict[str, Any]:
    """Last span of each name that has arrived."""
    return {span.name: span for span in all_spans(collector)}


def facts(span: Any) -> dict[str, str]:
    return {one.key: one.value.string_value or str(one.value.int_value) for one in span.attributes}


def broken(*_: Any, **__: Any) -> None:
    raise RuntimeError


def tell(user: Any, receiver: Receiver, *, form: str = "standard") -> Event:
    """Publish within a span, and let all that follows be done, as by other processes."""
    addresses.create(user, kind="webhook", target=receiver.url, format=form, now=timezone.now())
    store_preference(user, "job.completed", channels=["webhook"])
    with TRACER.start_as_current_span("render"):
        event = publish("job.completed", actor=user, to=[user.pk])
    sweep()
    drain.drain()
    return event


def test_one_trace_goes_from_the_caller_to_the_receiver(committed, owner, receiver, collector):
    event = tell(owner, receiver)
    found = spans(collector)
    assert found.keys() == {"render", "carillon.number", "carillon.route", "carillon.send"}
    assert len({span.trace_id for span in found.values()}) == 1
    caller = found.pop("render").span_id
    assert {span.parent_span_id for span in found.values()} == {caller}
    assert {facts(span)["carillon.event.id"] for span in found.values()} == {str(event.pk)}
    send = found["carillon.send"]
    assert receiver.last.headers["traceparent"].startswith(f"00-{send.trace_id.hex()}-{send.span_id.hex()}-")
    assert facts(send)["carillon.outcome"] == "sent"


def test_a_cloud_event_names_where_it_began(committed, owner, receiver, collector):
    event = tell(owner, receiver, form=CLOUD)
    render = spans(collector)["render"]
    assert json.loads(receiver.last.body)["traceparent"] == event.traceparent
    assert event.traceparent.startswith(f"00-{render.trace_id.hex()}-{render.span_id.hex()}-")


@pytest.mark.parametrize("form", ["standard", CLOUD])
def test_the_state_of_the_trace_goes_along_to_the_receiver(committed, owner, receiver, collector, form):
    context = TraceContextTextMapPropagator().extract({"traceparent": OUTSIDE, "tracestate": STATE})
    token = attach(context)
    event = tell(owner, receiver, form=form)
    detach(token)
    assert event.tracestate == receiver.last.headers["tracestate"] == STATE
    assert json.loads(receiver.last.body).get("tracestate") == (STATE if form == CLOUD else None)
    assert {span.trace_state for span in all_spans(collector)} == {STATE}


@pytest.mark.parametrize(
    ("attributes", "kept"),
    [
        ({"traceparent": OUTSIDE, "tracestate": STATE}, STATE),
        ({"traceparent": OUTSIDE, "tracestate": "a=" + "b" * 511}, ""),
        ({"traceparent": OUTSIDE, "tracestate": "a=b\r\nx: y"}, ""),
        ({"traceparent": "else", "tracestate": STATE}, ""),
    ],
    ids=["kept", "too long", "of two lines", "without a trace"],
)
def test_a_cloud_event_that_comes_in_may_bring_the_state_of_its_trace(attributes, kept):
    given = as_event({"type": "job.completed", "source": "/render", "id": "1"} | attributes)
    assert given["tracestate"] == kept


def test_an_attempt_that_failed_says_so(committed, owner, receiver, collector):
    receiver.reply = Reply(500)
    tell(owner, receiver)
    send = spans(collector)["carillon.send"]
    assert (send.status.code, facts(send)["http.response.status_code"]) == (2, "500")


def test_each_chunk_of_a_large_audience_is_a_span_of_the_trace(
    committed, owner, member, watcher, collector, monkeypatch
):
    monkeypatch.setattr(audiences, "LARGE", 2)
    monkeypatch.setattr(fanout, "CHUNK", 2)
    # Or people with high ids are several parts.
    monkeypatch.setattr(fanout, "PARTS", 1)
    EventType.objects.create(name="news.all", category="system", audience=["everyone"])
    with TRACER.start_as_current_span("render"):
        publish("news.all")
    sweep()
    while fanout.advance_each(now=timezone.now()):
        pass
    caller = spans(collector)["render"]
    chunks = [span for span in all_spans(collector) if span.name == "carillon.fan_out"]
    assert {(span.trace_id, span.parent_span_id) for span in chunks} == {(caller.trace_id, caller.span_id)}
    assert [facts(span)["carillon.people"] for span in chunks] == ["2", "1"]
    assert chunks[0].end_time_unix_nano <= chunks[1].end_time_unix_nano


def test_a_chunk_that_fails_leaves_no_span(committed, owner, member, collector, monkeypatch):
    monkeypatch.setattr(audiences, "LARGE", 1)
    EventType.objects.create(name="news.all", category="system", audience=["everyone"])
    with TRACER.start_as_current_span("render"):
        event = publish("news.all")
    sweep()
    monkeypatch.setattr(Tally, "write", broken)
    with pytest.raises(RuntimeError):
        fanout.advance(event.pk, now=timezone.now())
    assert "carillon.fan_out" not in spans(collector)


def test_what_rolls_back_leaves_no_span(committed, owner, collector):
    with TRACER.start_as_current_span("render"), transaction.atomic():
        publish("job.completed", actor=owner)
        transaction.set_rollback(True)
    sweep()
    assert spans(collector).keys() == {"render"}


def test_without_a_span_there_is_no_trace(committed, owner, collector):
    publish("job.completed", actor=owner)
    sweep()
    assert (Event.objects.get().traceparent, spans(collector)) == ("", {})


def test_switched_off_nothing_is_kept_or_sent(committed, owner, receiver, collector, settings):
    own(settings, TRACING=False)
    assert tell(owner, receiver, form=CLOUD).traceparent == ""
    assert "traceparent" not in receiver.last.headers | json.loads(receiver.last.body)
    assert spans(collector).keys() == {"render"}


def test_without_opentelemetry_everything_goes_on():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
