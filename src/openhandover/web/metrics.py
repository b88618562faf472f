"""What `/metrics` shows of HTTP; the engine adds its own figures to the same registry."""

from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client import Counter, Histogram, generate_latest

if TYPE_CHECKING:
    from openhandover.engine import Engine

    from .endpoint import Endpoint

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Counts answers by call and status. Labels are paths as declared, never as requested."""

    def __init__(self, engine: "Engine") -> None:
        self._registry = engine.metrics.registry
        labels = ("method", "path", "status")
        requests = Counter(
            "openhandover_http_requests", "Answered API calls", labels, registry=self._registry
        )
        seconds = Histogram(
            "openhandover_http_seconds",
            "Time to the answer of API calls",
            ("method", "path"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._calls = Counter(
            "openhandover_channel_calls",
            "Calls of other companies' channels, by what became of them",
            ("channel", "part", "result"),
            registry=self._registry,
        )
        # Looking up labels is slow; the few combinations are looked up once.
        self._count = lru_cache(maxsize=4096)(requests.labels)
        self._time = lru_cache(maxsize=1024)(seconds.labels)

    def answered(self, endpoint: "Endpoint", status: int, seconds: float) -> None:
        """One call was answered after so many seconds."""
        self._count(endpoint.method, endpoint.path, str(status)).inc()
        self._time(endpoint.method, endpoint.path).observe(seconds)

    def called(self, channel: str, part: str, result: str) -> None:
        """A company called one of its channels here; `result` is one of our words for what became of it."""
        self._calls.labels(channel, part, result).inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self._registry)
