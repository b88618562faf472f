"""The parts of the documentation that tables of the program say: name -> what writes it."""

from collections.abc import Callable, Iterable

from openhandover.core.errors import CODES


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a bar inside a cell is escaped, a line break becomes a space."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    lines = [[" ".join(cell.replace("|", "\\|").split()) for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "".join("| " + " | ".join(line) + " |\n" for line in [lines[0], rule, *lines[1:]])


def code(value: object) -> str:
    """A value as code, nothing as nothing."""
    return "" if value in (None, "") else f"`{value}`"


def errors() -> str:
    """Every refusal that a client can get."""
    rows = ((code(name), entry.status, entry.title) for name, entry in CODES.items())
    return table(("Code", "Status", "Meaning, and what to do"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "errors": errors,
}
