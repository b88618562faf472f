"""The documentation as data: its pages, their code blocks, links and headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.docs import PAGES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^ *```\s*$", re.MULTILINE | re.DOTALL
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced code block; `where` is `path:line` for messages and test ids."""

    where: str
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path
    text: str

    @property
    def place(self) -> str:
        """Path from the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def prose(self) -> str:
        """The text without its code blocks."""
        return FENCE.sub("", self.text)

    def blocks(self) -> Iterator[Block]:
        """The fenced code blocks, their common indentation removed."""
        for match in FENCE.finditer(self.text):
            line = self.text.count("\n", 0, match.start()) + 1
            text = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
            yield Block(f"{self.place}:{line}", match["language"], text)

    def links(self) -> Iterator[str]:
        """The targets of its links."""
        return (match["target"] for match in LINK.finditer(self.prose))

    def anchors(self) -> set[str]:
        """What `#...` may name on this page, as GitHub makes it of headings."""
        titles = (
            re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", match["title"])
            for match in HEADING.finditer(self.prose)
        )
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def pages() -> tuple[Page, ...]:
    """Every page that a reader may open: those at the root, all of docs/, and one in each provider's folder."""
    paths = [path for pattern in ("*.md", *PAGES) for path in sorted(ROOT.glob(pattern))]
    return tuple(Page(path, path.read_text("utf-8")) for path in paths)


def blocks(*languages: str) -> list[Block]:
    """All code blocks in one of these languages."""
    return [block for page in pages() for block in page.blocks() if block.language in languages]
