"""The fault runner tells a test that notices from one that does not."""

from dataclasses import replace

from tests.faults import faults, subject
from tests.faults.examine import examine

OWN = next(fault for fault in faults() if fault.name == "rule_00_machinery")


def test_the_subject_adds_up() -> None:
    """Two and two make four, unless the machinery's own fault is planted."""
    assert subject.add(2, 2) == 4


def test_a_test_that_notices_is_accepted() -> None:
    """A test that is green without the fault and red with it passes the examination."""
    assert examine(OWN) is None


def test_a_test_that_does_not_notice_is_found() -> None:
    """A test that stays green with the fault planted is reported."""
    blind = replace(OWN, breaks="tests/faults/test_machinery.py::test_faults_are_found_by_name")
    assert "does not notice" in (examine(blind) or "")


def test_a_test_that_does_not_exist_is_found() -> None:
    """A misspelt test name is reported, not taken for red."""
    misspelt = replace(OWN, breaks="tests/faults/test_machinery.py::test_that_is_not_there")
    assert "without the fault" in (examine(misspelt) or "")


def test_faults_are_found_by_name() -> None:
    """Each fault says what it breaks and which test must notice."""
    assert all(fault.says and "::test_" in fault.breaks for fault in faults())
