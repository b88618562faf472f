"""`openhandover migrate halo` as a person runs it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from openhandover.cli import main
from tests.migrate.legacy import TOKEN, output, spoiled, step


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """The guide's tool as a file."""
    path = tmp_path / "tool.json"
    path.write_text(json.dumps([step(), output()]))
    return path


def test_the_result_is_printed_and_the_report_beside_it(tool: Path) -> None:
    """YAML on stdout, the report on stderr, the token in neither; the input stays as it was."""
    before = tool.read_bytes()
    done = CliRunner().invoke(main, ["migrate", "halo", str(tool)])
    assert done.exit_code == 0, done.output
    assert "type: cm_msc" in done.stdout
    assert "kept:" in done.stderr
    assert "kept:" not in done.stdout
    assert TOKEN not in done.output
    assert tool.read_bytes() == before


def test_a_new_file_is_written_and_none_overwritten(tool: Path, tmp_path: Path) -> None:
    """`--out` takes a name that is free, which the input's is not."""
    out = tmp_path / "new.yaml"
    assert CliRunner().invoke(main, ["migrate", "halo", str(tool), "--out", str(out)]).exit_code == 0
    first = out.read_bytes()
    assert b"cm_msc" in first
    for taken in (out, tool):
        before = taken.read_bytes()
        done = CliRunner().invoke(main, ["migrate", "halo", str(tool), "--out", str(taken)])
        assert done.exit_code == 1
        assert "nothing is overwritten" in done.stderr
        assert taken.read_bytes() == before


def test_a_refusal_says_why_and_prints_nothing(tmp_path: Path) -> None:
    """Status 1, the reasons on stderr, no half result."""
    path = tmp_path / "tool.json"
    path.write_text(spoiled(lambda one: one["mutations"][0].update(action="Enable")))
    done = CliRunner().invoke(main, ["migrate", "halo", str(path), "--out", str(tmp_path / "new.yaml")])
    assert done.exit_code == 1
    assert "action is not Disable" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "new.yaml").exists()


def test_a_file_that_is_no_text_or_not_there(tmp_path: Path) -> None:
    """One line, no traceback."""
    done = CliRunner().invoke(main, ["migrate", "halo", str(tmp_path / "tool.json")])
    assert done.exit_code == 1
    assert "cannot be read: No such file" in done.stderr
    path = tmp_path / "tool.json"
    path.write_bytes(b"\xff\xfe\x00")
    done = CliRunner().invoke(main, ["migrate", "halo", str(path)])
    assert done.exit_code == 1
    assert "UTF-8" in done.stderr
