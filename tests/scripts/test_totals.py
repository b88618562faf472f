"""The closing line of a test run counts both halves, and a half that broke off is a failure."""

from pathlib import Path

import pytest

from scripts import totals


def report(folder: Path, name: str, **counts: int) -> str:
    """A JUnit report with these counts."""
    written = " ".join(f'{key}="{value}"' for key, value in counts.items())
    path = folder / name
    path.write_text(f"<testsuites><testsuite {written}/></testsuites>")
    return str(path)


def test_two_halves_are_added_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Passed, failed and skipped tests of both reports are counted together."""
    one = report(tmp_path, "one.xml", tests=5, failures=1, errors=1, skipped=0)
    two = report(tmp_path, "two.xml", tests=4, failures=0, errors=0, skipped=1)
    assert totals.main([one, two]) == 1
    assert capsys.readouterr().out == "6 passed, 2 failed, 1 skipped\n"


def test_all_green_is_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a failure the exit code is 0."""
    assert totals.main([report(tmp_path, "one.xml", tests=2, failures=0, errors=0, skipped=0)]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


def test_a_missing_report_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A half that broke off before it could report does not pass unseen."""
    assert totals.main([str(tmp_path / "none.xml")]) == 1
    assert capsys.readouterr().out.endswith("0 passed, 1 failed\n")


def test_no_test_at_all_is_a_failure(tmp_path: Path) -> None:
    """A run in which nothing was selected does not pass."""
    assert totals.main([report(tmp_path, "one.xml", tests=0, failures=0, errors=0, skipped=0)]) == 1
