"""What agents say among themselves."""

from openhandover.core import table

BREAKS = "tests/core/test_agents.py::test_a_note_never_reaches_the_user"


def plant() -> None:
    """Rule 5: a private note goes to the channel."""
    table.WHO_GETS["agent note"] = table.Gets(channel=True)
