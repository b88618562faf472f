"""Write the reference pages that are generated from the program's own tables. Usage: python -m scripts.docs [--check]

What the code decides by a table is documented by that table, so the two cannot differ. `--check` writes nothing and
exits 1 when a page is not what the tables say; tests/test_docs.py does the same.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from openhandover.core.errors import CODES

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
HEADER = "<!-- Written by `python -m scripts.docs` from {source}; edit that instead. -->\n\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; a bar inside a cell is escaped, a line break becomes a space."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    lines = [[" ".join(cell.replace("|", "\\|").split()) for cell in line] for line in lines]
    rule = ["---"] * len(lines[0])
    return "".join("| " + " | ".join(line) + " |\n" for line in [lines[0], rule, *lines[1:]])


def code(value: object) -> str:
    """A value as code, nothing as a dash."""
    return f"`{value}`" if value not in (None, "") else "-"


def errors() -> str:
    """Every refusal that a client can get."""
    rows = ((code(name), entry.status, entry.title) for name, entry in CODES.items())
    return (
        HEADER.format(source="`core/errors.py`")
        + "# Error codes\n\n"
        + "A refused request is answered with `application/problem+json`: `type`, `title`, `status`, `detail` and `code`. Nothing of it\n"
        + "was done. `invalid` also carries `errors`, a list of `{path, detail}`; `handover_open` carries `handover_id`.\n\n"
        + table(("Code", "Status", "Meaning, and what to do"), rows)
    )


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors,
}
"""File in docs/reference -> what writes it."""


def main(arguments: list[str]) -> int:
    """The process exit code."""
    check = arguments == ["--check"]
    stale = [name for name, write in PAGES.items() if _current(name) != write()]
    for name in stale:
        if check:
            print(f"docs/reference/{name} is not what the code says; run `python -m scripts.docs`")
        else:
            (REFERENCE / name).write_text(PAGES[name](), "utf-8")
            print(f"wrote docs/reference/{name}")
    return int(check and bool(stale))


def _current(name: str) -> str | None:
    path = REFERENCE / name
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
