"""The parts of the documentation that tables of the program say: name -> what writes it."""

from collections.abc import Callable, Iterable

from openhandover.core.errors import CODES
from openhandover.texts.catalogue import FALLBACK, shipped


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    lines = [[_cell(cell) for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "".join("| " + " | ".join(line) + " |\n" for line in [lines[0], rule, *lines[1:]])


def _cell(text: str) -> str:
    """One line; no bar ends the cell, and outside of code nothing is taken for a tag."""
    pieces = " ".join(text.replace("|", "\\|").split()).split("`")
    return "`".join(piece if at % 2 else piece.replace("<", "&lt;") for at, piece in enumerate(pieces))


def code(value: object) -> str:
    """A value as code, nothing as nothing."""
    return "" if value in (None, "") else f"`{value}`"


def errors() -> str:
    """Every refusal that a client can get."""
    rows = ((code(name), entry.status, entry.title) for name, entry in CODES.items())
    return table(("Code", "Status", "Meaning, and what to do"), rows)


def system_texts() -> str:
    """What the program itself says, in the language that every other one is translated from."""
    rows = ((code(key), text) for key, text in shipped(FALLBACK).items())
    return table(("Name", "English"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "errors": errors,
    "system texts": system_texts,
}
