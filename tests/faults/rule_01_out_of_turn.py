"""Whoever speaks is heard."""

from openhandover.core import commands

BREAKS = "tests/core/test_floor.py::test_the_bot_is_refused_while_a_human_has_the_floor"


def plant() -> None:
    """Rule 1: the bot's output passes without a look at floor and epoch."""
    commands.check_epoch = lambda *_, **__: None
