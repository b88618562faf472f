"""What the engine counts for Prometheus."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter

from .work import Done


class Metrics:
    """Counters in a registry of their own, which `/metrics` shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._messages = Counter(
            "openhandover_messages", "Accepted messages", ("author",), registry=self.registry
        )
        self._handovers = Counter(
            "openhandover_handovers", "Handover events", ("provider", "event"), registry=self.registry
        )
        self._deliveries = Counter(
            "openhandover_deliveries", "Settled deliveries", ("receiver", "state"), registry=self.registry
        )
        self._unknown = Counter(
            "openhandover_unknown_events",
            "Events of contact centres of a kind that we do not know",
            ("provider",),
            registry=self.registry,
        )
        self._late = Counter("openhandover_late_events", "Events after the end", registry=self.registry)
        # Looking up labels is slow; the few combinations are looked up once.
        self._handover = lru_cache(maxsize=1024)(self._handovers.labels)
        self._delivery = lru_cache(maxsize=64)(self._deliveries.labels)
        self._by_author = {
            author: self._messages.labels(author) for author in ("user", "bot", "agent", "system")
        }

    def unknown(self, provider: str) -> None:
        """Count an event that means nothing to us; its kind is in the record of the handover's calls."""
        self._unknown.labels(provider).inc()

    def count(self, done: Done) -> None:
        """Count one turn."""
        turn = done.turn
        assert turn is not None
        for entry in turn.entries:
            if entry.type == "message.created" and entry.key:
                self._by_author[entry.key.partition(":")[0]].inc()
            elif entry.type.startswith("handover."):
                self._handover(turn.handover.target.provider, entry.type).inc()
        for mark in turn.marks:
            self._delivery(mark.receiver, mark.state).inc()
        if done.before is not None and turn.state.late > done.before.late:
            self._late.inc(turn.state.late - done.before.late)
