"""The code in the documentation works: Python runs, JSON parses, commands exist and take what is written."""

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from tests.docs_pages import ROOT, Block, blocks, pages

PROSE_LANGUAGES = {"mermaid", "text", "http", "html", "css", "diff"}
"""Shown, not run: diagrams, output, requests as they look on the wire, a page or style sheet of the reader's."""

TESTED_LANGUAGES = {"python", "bash", "yaml", "json", "toml"}
"""YAML is configuration, and has tests/test_docs_config.py."""


def where(block: Block) -> str:
    """The test id of a block."""
    return block.where


def test_every_block_says_its_language() -> None:
    """A code block is in a language that is tested here, or in one that is only shown."""
    known = PROSE_LANGUAGES | TESTED_LANGUAGES
    assert not [b.where for page in pages() for b in page.blocks() if b.language not in known]


@pytest.mark.parametrize("block", blocks("json"), ids=where)
def test_json_parses(block: Block) -> None:
    """A JSON block is one JSON value."""
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("toml"), ids=where)
def test_toml_parses(block: Block) -> None:
    """A TOML block is one TOML file, or a part of one."""
    tomllib.loads(block.text)


@pytest.mark.parametrize("block", blocks("python"), ids=where)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    """A Python block runs to its end on its own, in an empty folder, with warnings as errors."""
    script = tmp_path / "block.py"
    script.write_text(block.text, "utf-8")
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def commands(block: Block) -> list[list[str]]:
    """The command lines of a block, continued lines joined, comments and prompts left out."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.mark.parametrize("block", blocks("bash"), ids=where)
def test_commands_exist(block: Block, tmp_path: Path) -> None:
    """Every command is one of ours, with arguments that it takes, or one that a reader surely has."""
    for words in commands(block):
        program, *arguments = _without_assignments(words)
        if program == "openhandover":
            _check_openhandover(arguments, tmp_path)
        elif program.startswith("scripts/"):
            assert os.access(ROOT / program, os.X_OK), f"{program} is no program of the repository"
        elif program == "npm":
            assert arguments[-1] in json.loads((ROOT / "ui" / "package.json").read_text("utf-8"))["scripts"]
        else:
            assert program in {"cd", "curl", "docker", "export", "git", "kill", "openssl", "uv", "uvx"}, (
                f"unknown program {program}"
            )


def _without_assignments(words: list[str]) -> list[str]:
    return [word for at, word in enumerate(words) if at or "=" not in word.split("/")[0]] or ["export"]


def _check_openhandover(arguments: list[str], folder: Path) -> None:
    """Let the command line take the arguments; what needs no server and ends by itself is run."""
    from openhandover.cli import main

    command, rest = main, list(arguments)
    while isinstance(command, click.Group):
        inner = command.get_command(click.Context(command), rest[0])
        assert inner is not None, f"there is no command {rest[0]!r}"
        command, rest = inner, rest[1:]
    command.make_context("openhandover", rest)
    if arguments[0] in {"version", "init", "openapi"}:
        program = Path(sys.executable).with_name("openhandover")
        done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
