"""Failed, and nobody was told."""

from openhandover.core import lanes, machine
from openhandover.core.events import NotSent

BREAKS = "tests/core/test_delivery.py::test_a_message_refused_for_good_is_failed_and_its_sender_told"


def plant() -> None:
    """Rule 10: a message refused for good is passed over without a word."""
    machine.HANDLERS[NotSent] = lambda turn, event: lanes._passed(turn, event.lane, event.seq)
