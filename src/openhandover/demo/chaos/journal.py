"""What was done and what happened, newest last; the page has the sentences, in its language."""

from collections import deque
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct

KEPT = 200
Kind = Literal["done", "happened", "bad"]


class Line(Struct, frozen=True):
    """One sentence: its name and what it is about. `number` rises, so that a page knows what is new; `at` is RFC 3339."""

    number: int
    at: str
    kind: Kind
    what: str
    values: dict[str, str | int | bool]


class Journal:
    """The last lines."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)
        self._count = 0

    def done(self, what: str, **values: str | int | bool) -> None:
        """Somebody pressed a button."""
        self._add("done", what, values)

    def happened(self, what: str, **values: str | int | bool) -> None:
        """Something came of it."""
        self._add("happened", what, values)

    def bad(self, what: str, **values: str | int | bool) -> None:
        """Something that must not be."""
        self._add("bad", what, values)

    def _add(self, kind: Kind, what: str, values: dict[str, str | int | bool]) -> None:
        self._count += 1
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        self.lines.append(Line(self._count, at, kind, what, values))
