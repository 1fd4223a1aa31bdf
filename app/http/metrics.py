"""Counts and times of requests for Prometheus, by route template; nothing about persons."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=0.0.4"
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)  # seconds
_READING = frozenset({"GET", "HEAD"})


class Metrics:
    """A registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "portecarte_requests_total",
            "Requests answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        # Looking a child up by its labels costs more than counting; routes and statuses are few.
        self._children: dict[tuple[str, str, int], Counter] = {}
        self._seconds = Histogram(
            "portecarte_request_seconds",
            "Time from the request to its last byte",
            ["kind"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._reads, self._writes = (self._seconds.labels(kind) for kind in ("read", "write"))
        self.in_flight = Gauge(
            "portecarte_requests_in_flight",
            "Requests being answered",
            ["kind"],
            registry=self.registry,
        )

    def answered(self, *, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count one answer; `seconds` None: it stayed open as long as its reader liked."""
        child = self._children.get((method, route, status))
        if child is None:
            child = self._requests.labels(method, route, str(status))
            self._children[method, route, status] = child
        child.inc()
        if seconds is None:
            return
        (self._reads if method in _READING else self._writes).observe(seconds)

    def watch_deliveries(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Show what the outside answered to what was delivered, as counted elsewhere."""
        self.registry.register(_Deliveries(read))

    def text(self) -> bytes:
        """Write all figures in Prometheus's text form."""
        return generate_latest(self.registry)


class _Deliveries(Collector):
    def __init__(self, read: Callable[[], Mapping[str, int]]) -> None:
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Read the counts of now."""
        found = CounterMetricFamily(
            "portecarte_deliveries", "Answers to what was delivered", labels=["answer"]
        )
        for answer, count in sorted(self._read().items()):
            found.add_metric([answer], count)
        yield found
