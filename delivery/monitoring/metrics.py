"""Numbers for Prometheus: those of this process, those that workers counted, and those of the database read when asked.

They tell how much happens here, so they are for this machine, and for whoever has METRICS_TOKEN.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from delivery import channels
from delivery.channels import Whose
from delivery.conf import conf
from delivery.monitoring import health
from delivery.monitoring.backlog import backlog, breakers_open
from events.db import clock
from events.monitoring import counting, families
from events.monitoring.families import Figure, Stored, registry
from events.sources import service_runs
from notifications.websocket import hub

REFUSAL = "Metrics are read from this machine, or with the METRICS_TOKEN of the settings as a bearer token.\n"

ProcessCollector(registry=registry)
PlatformCollector(registry=registry)


class Here(Collector):
    """Figures of this process that are read when asked."""

    def collect(self) -> Iterator[Metric]:
        yield _family(families.SOCKETS, [([], hub.open_sockets())])
        yield _family(families.CLOCK_AHEAD, [([], clock.ahead().total_seconds())])


class Everywhere(Collector):
    """Figures in the database, alike from every process: twelve queries."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        found = backlog(now=now)
        checks = health.checks(health.problem_of_writes())
        yield _family(families.READY, [([name], not problem) for name, problem in checks.items()])
        yield _family(families.PUBLISHED, [([], found.head + found.unnumbered)])
        yield _family(families.NUMBERED, [([], found.head)])
        yield _family(families.OLDEST_UNNUMBERED, [([], found.oldest_unnumbered_seconds)])
        yield _family(families.OLDEST_UNDELIVERED, [([], found.oldest_undelivered_seconds)])
        yield _family(families.SERVER_FAILING, [([name], 1) for name in found.failing_servers])
        yield _family(families.BREAKERS_OPEN, [([name], count) for name, count in breakers_open(now=now).items()])
        yield _family(families.LAG, [([one.name], one.lag) for one in found.subscribers])
        yield _family(families.PARKED, [([one.name], one.parked) for one in found.subscribers])
        yield _family(families.SET_ASIDE, [([one.name], one.set_aside) for one in found.subscribers])
        yield _family(
            families.MEMORY, [(list(labels), held) for labels, held in service_runs.memory_by_process().items()]
        )
        # From 0: the first that die would be no increase else.
        dead = [(name, "dead", fault) for name in channels.installed() if name != "in_app" for fault in Whose]
        counted = {(families.DELIVERIES.name, *labels): 0.0 for labels in dead} | dict(counting.read())
        for stored in families.STORED:
            yield _histogram(stored, counted) if stored.buckets else _counter(stored, counted)

    def describe(self) -> Iterator[Metric]:
        """Describe nothing: registering must not query the database."""
        return iter(())


def _family(figure: Figure, values: Iterable[tuple[list[str], float]]) -> Metric:
    kind = CounterMetricFamily if figure.is_counter else GaugeMetricFamily
    family = kind(figure.name, figure.help, labels=figure.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _counter(stored: Stored, counted: Mapping[counting.Series, float]) -> Metric:
    family = CounterMetricFamily(stored.name, stored.help, labels=stored.labels)
    # A counter without labels begins at 0.
    values = {(): 0.0} if not stored.labels else {}
    for labels, value in (values | _series(stored, counted)).items():
        family.add_metric(labels, value)
    return family


def _histogram(stored: Stored, counted: Mapping[counting.Series, float]) -> Metric:
    family = HistogramMetricFamily(stored.name, stored.help, labels=stored.labels)
    by_labels: dict[counting.Series, dict[str, float]] = {} if stored.labels else {(): {}}
    for (*labels, bucket), value in _series(stored, counted).items():
        by_labels.setdefault(tuple(labels), {})[bucket] = value
    bounds = [*map(str, stored.buckets), counting.ABOVE_ALL]
    for its_labels, values in by_labels.items():
        upto = list(accumulate(values.get(bound, 0) for bound in bounds))
        family.add_metric(its_labels, list(zip(bounds, upto, strict=True)), values.get(counting.SUM, 0))
    return family


def _series(stored: Stored, counted: Mapping[counting.Series, float]) -> dict[counting.Series, float]:
    return {tuple(labels): value for (name, *labels), value in counted.items() if name == stored.name}


registry.register(Here())
registry.register(Everywhere())


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
