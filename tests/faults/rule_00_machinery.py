"""The machinery's own fault: a rule that nobody needs, broken in the plainest way."""

from tests.faults import subject

BREAKS = "tests/faults/test_machinery.py::test_the_subject_adds_up"


def plant() -> None:
    """Two and two make five."""
    subject.add = lambda *_: 5
