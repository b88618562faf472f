"""A promise before anybody made it."""

from openhandover.core import lifecycle

BREAKS = "tests/core/test_life.py::test_the_accepted_text_waits_for_the_provider"


def plant() -> None:
    """Rule 3: the accepted message is said when the handover is requested."""
    attempt = lifecycle._attempt

    def hasty(turn: lifecycle.Turn, gate: int = 0) -> None:
        lifecycle.say_accepted(turn)
        attempt(turn, gate)

    lifecycle._attempt = hasty
