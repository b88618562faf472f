"""Please hold the line."""

from openhandover.core.turn import Turn

BREAKS = "tests/core/test_limits.py::test_queue_s_counts_per_attempt"


def plant() -> None:
    """Rule 7: no limit is ever armed."""
    Turn.arm_limit = lambda *_: None
