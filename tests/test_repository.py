"""What may lie in the repository: no secrets, no traces of where it was made, no file that nobody can read at once."""

import json
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE_LINES = 400

LONG_FILES: dict[str, str] = {}
"""Path -> why this file is one thing although it is longer than FILE_LINES."""

SECRETS = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "an OpenAI-like key": re.compile(r"\bsk-[A-Za-z0-9_-]{32,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b"),
}

# Written in pieces, so that this file does not contain what it looks for.
TRACES = {
    "a path of one machine": re.compile(
        "(?<![A-Za-z0-9._~-])/(?:" + "|".join(("wor" + "k", "far" + "m", "roo" + "t")) + ")/"
    ),
    "a planning folder": re.compile("/tmp/" + "plan"),
    "a shell's job folder": re.compile("bash" + "_jobs"),
    "a folder of the workplace": re.compile(r"(?<![A-Za-z0-9])\." + r"library/"),
    "a hook of the workplace": re.compile("before" + "-stop"),
    "a word for who wrote it": re.compile("sub" + "agent", re.IGNORECASE),
    "a work order's number": re.compile(r"\bissue" + r" #?\d+\b", re.IGNORECASE),
}


@cache
def texts() -> dict[str, str]:
    """Path -> content of every tracked text file."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    found: dict[str, str] = {}
    for name in filter(None, names):
        path = ROOT / name
        if not path.is_file() or path.is_symlink():
            continue
        try:
            found[name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def findings(patterns: dict[str, re.Pattern[str]]) -> list[str]:
    """`path:line: what` for every match in a tracked file."""
    return [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {what}"
        for name, text in texts().items()
        for what, pattern in patterns.items()
        for match in pattern.finditer(text)
    ]


def test_the_walk_sees_the_files() -> None:
    """The list of tracked files is not empty, so that an empty walk cannot pass the rest."""
    assert {"LICENSE", "pyproject.toml", "uv.lock"} <= set(texts())


def test_no_secret_is_committed() -> None:
    """No tracked file holds something that looks like a real credential."""
    assert not findings(SECRETS)


def test_no_trace_of_where_it_was_made() -> None:
    """No tracked file names a machine, a work order or a tool of the place where it was written."""
    assert not findings(TRACES)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see /" + "work/notes", "a path of one machine"),
        ("AKIA" + "A" * 16, "an AWS access key"),
        ("-----BEGIN " + "PRIVATE KEY-----", "a private key"),
    ],
)
def test_the_patterns_match(text: str, what: str) -> None:
    """Each kind of pattern finds what it is made for."""
    assert (TRACES | SECRETS)[what].search(text)


def test_files_are_short() -> None:
    """Hand-written programs of any language stay under 400 lines; longer ones give their reason."""
    kinds = (".py", ".ts", ".tsx", ".mjs", ".sql", ".sh")
    found = {
        name: len(text.splitlines())
        for name, text in texts().items()
        if name.endswith(kinds) and "/static/" not in name and len(text.splitlines()) > FILE_LINES
    }
    new = {name: lines for name, lines in found.items() if name not in LONG_FILES}
    assert not new
    assert set(LONG_FILES) <= set(found), "an exception is listed that is none any more"


def test_the_licence_is_whole() -> None:
    """The licence file is the complete Apache License 2.0 and the package says the same."""
    assert "Version 2.0, January 2004" in texts()["LICENSE"]
    assert "END OF TERMS AND CONDITIONS" in texts()["LICENSE"]
    assert 'license = "Apache-2.0"' in texts()["pyproject.toml"]


def test_what_the_pages_contain_is_credited() -> None:
    """Every package that ends up inside the built pages has its licence in NOTICE."""
    only_for_building = {"typescript", "vite"}
    packages = json.loads(texts()["ui/package.json"])
    inside = {*packages.get("dependencies", {}), *packages.get("devDependencies", {})} - only_for_building
    assert inside
    assert not [name for name in inside if name not in texts()["NOTICE"]]
