"""What this process has done, for Prometheus: requests, jobs, timers.

What the whole site's tables say is asked of the database at each scrape (`store/figures.py`).  Labels are route
templates, job kinds and outcomes: never an id, never a value.  docs/reference/metrics.md has a line for each name.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()

REQUESTS = Histogram(
    "kt_flows_request_seconds",
    "Requests answered, by the route's template.",
    ("method", "route", "status"),
    registry=REGISTRY,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30),
)
JOBS = Histogram(
    "kt_flows_job_seconds",
    "Jobs run, by kind and what came of it: done, failed.",
    ("kind", "outcome"),
    registry=REGISTRY,
    buckets=(0.01, 0.05, 0.1, 0.3, 1, 3, 10, 30),
)
TIMER_LAG = Histogram(
    "kt_flows_timer_lag_seconds",
    "How long after its time a timer was fired.",
    registry=REGISTRY,
    buckets=(0.05, 0.2, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)


def text(gauges: Iterator[tuple[str, str, str | None, dict[str, float]]]) -> bytes:
    """All figures in the text format; a gauge is name, help, label name (None: no label) and values."""

    class Now(Collector):
        def collect(self) -> Iterator[Metric]:
            for name, about, label, values in gauges:
                family = GaugeMetricFamily(name, about, labels=[label] if label else None)
                for value, number in values.items():
                    family.add_metric([value] if label else [], number)
                yield family

    now = CollectorRegistry()
    now.register(Now())
    return generate_latest(REGISTRY) + generate_latest(now)
