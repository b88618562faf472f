"""Every time is the first time."""

from dataclasses import replace

from openhandover.store.sqlite.batch import Batch

BREAKS = "tests/scenarios/test_the_desk_calls_us.py::test_the_same_event_has_one_effect"


def plant() -> None:
    """Rule 4: the unit of work does not see that an event was there before."""
    loaded = Batch._loaded
    Batch._loaded = lambda batch, unit: replace(loaded(batch, unit), claimed=False)
    Batch._claim_taken = lambda *_: False
