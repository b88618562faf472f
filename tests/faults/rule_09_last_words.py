"""The cancel overtakes what the user still said."""

from openhandover.core.turn import Turn

BREAKS = "tests/core/test_delivery.py::test_messages_before_the_end_stay_due_and_go_before_our_cancel"


def plant() -> None:
    """Rule 9: a message accepted before the end is no longer due after it."""
    finish_lane = Turn.finish_lane

    def hasty(turn: Turn, lane: object, *given: object, **named: object) -> None:
        finish_lane(turn, lane, *given, **named)
        turn.set_lane(lane.id, done=lane.last)

    Turn.finish_lane = hasty
