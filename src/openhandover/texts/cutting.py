"""A text for whoever takes no more than so much at once."""

import re
from collections.abc import Callable

_BREAKS = (re.compile(r"(?<=[.!?;])\s|\n"), re.compile(r"\s"))
"""Where a text may be broken, the best places first."""


def beginning(text: str, most_bytes: int) -> str:
    """As much of the text as fits, in UTF-8; never half a character."""
    return text.encode()[:most_bytes].decode(errors="ignore")


def in_parts(text: str, beginning_of: Callable[[str], str]) -> list[str]:
    """The text in parts to be read one after the other; `beginning_of` is what one of them takes.

    It is broken behind a sentence or a line, else between words, but no part is less than half full for that.
    """
    parts: list[str] = []
    while (most := len(beginning_of(text))) < len(text):
        at = _break(text, most)
        if part := text[:at].rstrip():
            parts.append(part)
        text = text[at:].lstrip()
    return [*parts, text] if text or not parts else parts


def _break(text: str, most: int) -> int:
    for places in _BREAKS:
        found = [place.start() for place in places.finditer(text, most // 2, most + 1)]
        if found:
            return found[-1]
    return most
