"""The end overtakes the last word."""

from openhandover.core import inbound

BREAKS = "tests/core/test_order.py::test_an_unnumbered_end_waits_one_second_for_an_overtaken_message"


def plant() -> None:
    """Rule 6: an end without a number is applied at once."""
    inbound._is_end = lambda _: False
