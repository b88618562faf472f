"""Fill in the parts of the documentation that the program's own tables say. Usage: python -m scripts.docs [--check] [PAGE ...]

What the code decides by a table is documented by that table, so the two cannot differ. A page marks such a part:

    <!-- written from: errors -->
    <!-- end -->

The JSON Schema of the configuration is written whole, to docs/reference/openhandover.schema.json.

`--check` writes nothing and exits 1 when a part is not what the code says; tests/test_docs.py does the same. The names
are those in `scripts.docs_parts.PARTS`; `keys MODULE:CLASS` is the table of the keys of one configuration class.
"""

import re
import sys
from pathlib import Path

from openhandover.config import schema
from scripts.docs_keys import keys_of
from scripts.docs_parts import PARTS

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "reference" / "openhandover.schema.json"
PART = re.compile(
    r"(?P<begin><!-- written from: (?P<name>[^\n]+?) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL
)


def render(name: str) -> str:
    """The current text of a part."""
    kind, _, argument = name.partition(" ")
    if kind == "keys":
        return keys_of(argument)
    if name not in PARTS:
        raise SystemExit(f"no part is named {name!r}; there are: keys MODULE:CLASS, {', '.join(PARTS)}")
    return PARTS[name]()


def filled(text: str) -> str:
    """A page with all its parts as the code says them now."""
    return PART.sub(lambda part: f"{part['begin']}\n{render(part['name'])}\n{part['end']}", text)


def names(text: str) -> list[str]:
    """The names of the parts of a page."""
    return [part["name"] for part in PART.finditer(text)]


def main(arguments: list[str]) -> int:
    """The process exit code."""
    check = "--check" in arguments
    chosen = [Path(argument).resolve() for argument in arguments if argument != "--check"]
    stale = 0
    for page in chosen or [*sorted((ROOT / "docs").rglob("*.md")), SCHEMA]:
        text = page.read_text("utf-8") if page.exists() else ""
        current = schema.text() if page == SCHEMA else filled(text)
        if text == current:
            continue
        stale += 1
        if check:
            print(f"{page.relative_to(ROOT)} is not what the code says; run `python -m scripts.docs`")
        else:
            page.write_text(current, "utf-8")
            print(f"wrote {page.relative_to(ROOT)}")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
