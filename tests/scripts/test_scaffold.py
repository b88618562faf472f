"""`scripts/new-provider`: what it writes runs at once, and its checklist is open."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.quality import POINTS, checklist
from scripts.scaffold import scaffold

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """As much of the repository as a provider's tests need."""
    for folder in ("src", "scripts", "examples", "tests"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def run(folder: Path, *command: str) -> str:
    """The output of a program that must succeed, in the copy."""
    # What runs in the copy says nothing of how much of the project is tested.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    environment["PYTHONPATH"] = f"{folder / 'src'}{os.pathsep}{folder}"
    done = subprocess.run(command, check=False, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_runs_at_once(copy: Path) -> None:
    """The new provider keeps the suite's promises about talking, is typed and formatted, and knows nothing of its origin."""
    written = scaffold("big_desk", copy)
    ours = [str(path) for path in written if path.suffix == ".py"]
    run(copy, "ruff", "check", "--fix-only", "--quiet", "--select", "I", *ours)
    run(copy, "ruff", "format", "--quiet", *ours)
    run(copy, "ruff", "check", *ours)
    run(copy, sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "tests/providers/big_desk", "-k",
        "wire or recording or agent_message or joins or wrong or retried")  # fmt: skip
    assert not [path for path in written if "acme" in path.read_text("utf-8").lower()]
    assert "emulate big_desk" in run(
        copy, sys.executable, "-m", "openhandover", "emulate", "big_desk", "--help"
    )


def test_its_checklist_is_open(copy: Path) -> None:
    """Every point is still to be done: nothing was seen at the real vendor."""
    scaffold("big_desk", copy)
    answers = checklist("big_desk", copy / "src/openhandover/providers")
    assert answers.level == "none"
    assert [name for name, _ in answers.open_points()] == [
        name for points in POINTS.values() for name in points
    ]


@pytest.mark.parametrize("name", ["Big", "big-desk", "big__desk", "1desk", "", "../desk"])
def test_a_name_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    """It says what a name looks like, and writes nothing."""
    with pytest.raises(SystemExit, match="cannot be a type"):
        scaffold(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(copy: Path) -> None:
    """A provider that is there stays as it is."""
    with pytest.raises(SystemExit, match="providers/http is there already"):
        scaffold("http", copy)
