"""A new provider, copied from examples/acme-provider. Usage: python -m scripts.scaffold NAME

What comes out runs: the suite passes against the copied emulator of a vendor that does not exist. Its checklist does not
pass: every point is still to be done, until the vendor is the real one.
"""

import re
import sys
from pathlib import Path

from scripts.quality import POINTS

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = Path("examples/acme-provider")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PLACES = {
    "src/openhandover_acme": "src/openhandover/providers/{name}",
    "acme_emulator.py": "src/openhandover/emulators/{name}/__init__.py",
    "tests": "tests/providers/{name}",
}
"""What is copied, and where to."""
GENERATED = """<!-- written from: keys openhandover.providers.{name}.settings:Settings -->
<!-- end -->

Route:

<!-- written from: keys openhandover.providers.{name}.settings:Route -->
<!-- end -->

## Webhook set-up"""


def scaffold(name: str, root: Path) -> list[Path]:
    """The files that were written below `root`.

    Raises:
        SystemExit: the name cannot be one, or something of it is there already.
    """
    if not NAME.fullmatch(name):
        raise SystemExit(
            f"{name!r} cannot be a type: lower-case letters, digits and single underscores, such as big_desk"
        )
    folders = [root / place.format(name=name) for place in PLACES.values()]
    for folder in folders:
        if folder.exists():
            raise SystemExit(f"{folder.relative_to(root)} is there already")
    written: list[Path] = []
    for source, place in PLACES.items():
        target = root / place.format(name=name)
        for path in _files(root / EXAMPLE / source):
            to = (
                target
                if path == root / EXAMPLE / source
                else target / path.relative_to(root / EXAMPLE / source)
            )
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(_renamed(path.read_text("utf-8"), name), "utf-8")
            written.append(to)
    provider = root / PLACES["src/openhandover_acme"].format(name=name)
    (provider / "quality.toml").write_text(_checklist(), "utf-8")
    page = provider / "doc.md"
    page.write_text(_page(page.read_text("utf-8"), name), "utf-8")
    return written


def _files(source: Path) -> list[Path]:
    if source.is_file():
        return [source]
    return [path for path in sorted(source.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]


def _renamed(text: str, name: str) -> str:
    title = "".join(part.title() for part in name.split("_"))
    text = text.replace("from openhandover_acme import", f"from openhandover.providers.{name} import")
    text = text.replace("from acme_emulator import", f"from openhandover.emulators.{name} import")
    text = text.replace("Acme Desk", title).replace("Acme", title)
    return text.replace("ACME", name.upper()).replace("acme", name)


def _checklist() -> str:
    parts = [
        f"[{level}]\n" + "".join(f'{point} = "todo: look at the real vendor"\n' for point in points)
        for level, points in POINTS.items()
    ]
    return "# done | todo: what | exempt: why\n" + "\n".join(parts)


def _page(text: str, name: str) -> str:
    works = f"## What works\n\n<!-- written from: works {name} -->\n<!-- end -->\n"
    return text.replace("## Webhook set-up", GENERATED.format(name=name), 1).replace(
        "## What works\n", works, 1
    )


def main(arguments: list[str]) -> int:
    """The process exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    for path in scaffold(arguments[0], ROOT):
        print(path.relative_to(ROOT))
    print(
        f"\nNext: docs/howto/write-a-provider.md; `python -m scripts.quality {arguments[0]}` says what is still open."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
