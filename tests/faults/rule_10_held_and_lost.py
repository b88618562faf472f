"""What waited too long."""

from openhandover.core import inbound

BREAKS = "tests/core/test_order.py::test_what_an_ended_session_still_held_is_shown_late_in_order"


def plant() -> None:
    """Rule 10: events that an ended session still held are dropped silently."""

    def drop(turn: inbound.Turn) -> None:
        for lane in turn.state.lanes:
            if lane.ended_at is not None:
                turn.set_lane(lane.id, held=())

    inbound.count_held = drop
