"""Rates."""

import pytest

from openhandover.config.model import Rate
from openhandover.core.errors import Refused
from openhandover.web.limits import REMEMBERED, RateLimit


def test_a_burst_and_then_a_trickle() -> None:
    """The whole count at once, then one per refill; the refusal says how long to wait."""
    limit = RateLimit(Rate(count=2, per_s=10))
    limit.take("a", 0.0)
    limit.take("a", 0.0)
    with pytest.raises(Refused) as refused:
        limit.take("a", 1.0)
    assert refused.value.extra["retry_after_s"] == 4.0
    limit.take("a", 5.0)
    with pytest.raises(Refused):
        limit.take("a", 5.1)
    limit.take("b", 5.1)


def test_no_rate_never_refuses() -> None:
    """Without a rate nothing is counted."""
    limit = RateLimit(None)
    for _ in range(10_000):
        limit.take("a", 0.0)


def test_memory_is_bounded() -> None:
    """Names that were silent longest are forgotten, so that many callers cost no memory."""
    limit = RateLimit(Rate(count=1, per_s=1000))
    for number in range(REMEMBERED + 5):
        limit.take(str(number), 0.0)
    limit.take("0", 0.0)
    with pytest.raises(Refused):
        limit.take(str(REMEMBERED + 4), 0.0)
