"""Nobody waits for the open call."""

from openhandover.core import inbound

BREAKS = "tests/core/test_order.py::test_events_during_the_open_call_wait_for_it"


def plant() -> None:
    """Rule 2: what comes before our own call has returned is dropped."""
    inbound._hold = lambda *_: None
