"""Metrics as a Prometheus would have them."""

from __future__ import annotations

from django.test import Client
from prometheus_client.parser import text_string_to_metric_families


def scraped() -> dict[str, float]:
    """Map each series of `/metrics`, as `name{label=value,...}` without quotes, to its value."""
    text = Client().get("/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {_series(sample.name, sample.labels): sample.value for sample in samples}


def _series(name: str, labels: dict[str, str]) -> str:
    return name + (f"{{{','.join(f'{key}={value}' for key, value in labels.items())}}}" if labels else "")
