"""Numbers for Prometheus: those of this process, and those of the database read when asked.

They tell how much happens here, so they are for this machine, and for whoever has METRICS_TOKEN.
"""

import ipaddress
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from delivery.conf import conf
from delivery.monitoring.backlog import backlog
from events.db import clock
from notifications.websocket import hub

REFUSAL = "Metrics are read from this machine, or with the METRICS_TOKEN of the settings as a bearer token.\n"

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

Gauge("carillon_websockets", "Notification sockets open in this process.", registry=registry).set_function(
    hub.open_sockets
)
Gauge(
    "carillon_clock_ahead_seconds",
    "How far this machine's clock was ahead of the database's when it was last asked.",
    registry=registry,
).set_function(lambda: clock.ahead().total_seconds())


class Backlog(Collector):
    """Backlog in the database, the same from every process."""

    def collect(self) -> Iterator[Metric]:
        now = backlog(now=clock.now())
        yield CounterMetricFamily("carillon_events", "Events numbered in the log so far.", value=now.head)
        yield GaugeMetricFamily(
            "carillon_oldest_unnumbered_event_seconds",
            "Age of the oldest event that has no position yet; 0: none.",
            value=now.oldest_unnumbered_seconds,
        )
        yield GaugeMetricFamily(
            "carillon_oldest_undelivered_seconds",
            "How long the delivery that has been due longest has been so; 0: none is due.",
            value=now.oldest_undelivered_seconds,
        )
        failing = GaugeMetricFamily(
            "carillon_server_failing", "1: nothing gets further over this server of ours.", labels=["server"]
        )
        for name in now.failing_servers:
            failing.add_metric([name], 1)
        yield failing
        lag = GaugeMetricFamily(
            "carillon_subscriber_lag_events", "Events in the log that a subscriber has not done.", labels=["subscriber"]
        )
        parked = GaugeMetricFamily(
            "carillon_parked_events",
            "Events that are bad for a subscriber, parked for an admin.",
            labels=["subscriber"],
        )
        set_aside = GaugeMetricFamily(
            "carillon_set_aside_events",
            "Events that a subscriber tries again until they go well.",
            labels=["subscriber"],
        )
        for subscriber in now.subscribers:
            lag.add_metric([subscriber.name], subscriber.lag)
            parked.add_metric([subscriber.name], subscriber.parked)
            set_aside.add_metric([subscriber.name], subscriber.set_aside)
        yield from (lag, parked, set_aside)

    def describe(self) -> Iterator[Metric]:
        """Describe nothing: registering must not query the database."""
        return iter(())


registry.register(Backlog())


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_is_from_here(request) or _has_token(request)):
        return HttpResponseForbidden(REFUSAL, content_type="text/plain")
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_from_here(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _has_token(request: HttpRequest) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    token: str = conf.METRICS_TOKEN
    return bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)
