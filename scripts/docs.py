"""Fill in the parts of the documentation that the program's own tables say. Usage: python -m scripts.docs [--check] [PAGE ...]

What the code decides by a table is documented by that table, so the two cannot differ. A page marks such a part:

    <!-- written from: errors -->
    <!-- end -->

The JSON Schema of the configuration is written whole, to docs/reference/openhandover.schema.json.

`--check` writes nothing and exits 1 when a part is not what the code says; tests/test_docs.py does the same. The names
are those in `scripts.docs_parts.PARTS`; `keys MODULE:CLASS` is the table of the keys of one configuration class,
`works TYPE` what a provider can do, `providers` all of them beside each other.
"""

import re
import sys
from pathlib import Path

from openhandover.config import schema
from scripts.docs_keys import keys_of
from scripts.docs_parts import PARTS
from scripts.docs_providers import matrix, works

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "reference" / "openhandover.schema.json"
PAGES = ("docs/**/*.md", "src/openhandover/providers/*/doc.md")
PART = re.compile(
    r"(?P<begin><!-- written from: (?P<name>[^\n]+?) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL
)


def render(name: str) -> str:
    """The current text of a part."""
    kind, _, argument = name.partition(" ")
    if kind == "keys":
        return keys_of(argument)
    if kind == "works":
        return works(argument)
    if name == "providers":
        return matrix()
    if name not in PARTS:
        known = ", ".join(("keys MODULE:CLASS", "works TYPE", "providers", *PARTS))
        raise SystemExit(f"no part is named {name!r}; there are: {known}")
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
    pages = (page for pattern in PAGES for page in sorted(ROOT.glob(pattern)))
    for page in chosen or [*pages, SCHEMA]:
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
