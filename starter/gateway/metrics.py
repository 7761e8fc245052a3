"""Figures of the gateway for Prometheus, of this process."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """A registry of its own for each gateway, so that two in one process do not count together."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("holdfast_requests", "Requests answered", labels, registry=self._registry)
        self._seconds = Histogram(
            "holdfast_request_seconds",
            "Time until a request was answered; of a stream, until it ended",
            ("method", "route"),
            registry=self._registry,
        )
        self.viewers = Gauge("holdfast_viewers", "Viewers of questions' events", registry=self._registry)
        self.subscriptions = Gauge(
            "holdfast_subscriptions", "Questions whose events this gateway reads", registry=self._registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is the route's pattern, never a path: ids would make a series each."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)
