"""Nobody home."""

from openhandover.core import table

BREAKS = "tests/core/test_floor.py::test_a_user_message_goes_to_whoever_has_the_floor"


def plant() -> None:
    """Rule 9: a user message outside a handover does not reach the bot."""
    table.WHO_GETS["user message, floor bot"] = table.Gets()
