"""The dead speak."""

from openhandover.core.turn import Turn

BREAKS = "tests/core/test_order.py::test_after_other_ends_nothing_is_shown"


def plant() -> None:
    """Rule 6: an agent's late message is shown after any end, not only after a completed one."""
    finish_lane = Turn.finish_lane
    Turn.finish_lane = lambda turn, lane, vendor, reason, **_: finish_lane(
        turn, lane, vendor, reason, late_ok=True
    )
