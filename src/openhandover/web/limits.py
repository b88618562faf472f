"""So many requests in so many seconds, per whoever asks."""

from openhandover.config.model import Rate
from openhandover.core.errors import Refused

REMEMBERED = 10_000
"""So many callers are remembered at most; the one that was silent for longest is forgotten first."""


class RateLimit:
    """A token bucket per name: `rate.count` at once, refilled over `rate.per_s` seconds. None never refuses."""

    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, now: float) -> None:
        """Count one request at `now` (monotonic seconds).

        Raises:
            Refused: `rate_limited` with `retry_after_s`.
        """
        if self._rate is None:
            return
        speed = self._rate.count / self._rate.per_s
        left, at = self._buckets.pop(name, (float(self._rate.count), now))
        left = min(float(self._rate.count), left + (now - at) * speed)
        self._buckets[name] = (max(0.0, left - 1), now) if left >= 1 else (left, now)
        if len(self._buckets) > REMEMBERED:
            del self._buckets[next(iter(self._buckets))]
        if left < 1:
            raise Refused("rate_limited", retry_after_s=max(0.001, round((1 - left) / speed, 3)))
