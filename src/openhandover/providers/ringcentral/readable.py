"""What an agent wrote as plain text: HTML without its tags, and what a structured message says."""

from html.parser import HTMLParser
from typing import Any

_LINES = frozenset({"br", "p", "div", "li", "tr"})
_SAYS = ("title", "subtitle", "body", "text", "center_body", "url")
"""Keys of structured messages whose texts are for people."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A new line where the browser would begin one."""
        if tag in _LINES and self.words:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """What stands between the tags; entities are characters by now."""
        self.words.append(data)


def of_html(text: str) -> str:
    """The words of an HTML body."""
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.words).strip()


def of_structure(value: Any) -> list[str]:
    """The texts of a structured message; only the words can be passed on, not what can be pressed."""
    if isinstance(value, list):
        return [text for one in value for text in of_structure(one)]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(value, dict):
        return []
    found: list[str] = []
    for key, inner in value.items():  # pyright: ignore[reportUnknownVariableType]
        found += [inner] if key in _SAYS and isinstance(inner, str) else of_structure(inner)
    return found
