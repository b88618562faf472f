"""What was done and what happened, in sentences, newest last."""

from collections import deque
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

KEPT = 200
Kind = Literal["done", "happened", "bad"]


class Line(Struct, frozen=True):
    """One sentence; `number` rises, so that a page can ask for what is new. `at` is RFC 3339."""

    number: int
    at: str
    kind: Kind
    text: str


class Journal:
    """The last lines."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self._count = 0

    def done(self, text: str) -> None:
        """Somebody pressed a button."""
        self._add("done", text)

    def happened(self, text: str) -> None:
        """Something came of it."""
        self._add("happened", text)

    def bad(self, text: str) -> None:
        """Something that must not be."""
        self._add("bad", text)

    def _add(self, kind: Kind, text: str) -> None:
        self._count += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.lines.append(Line(self._count, at, kind, text))
