"""Values that know where they were written, whether they come from a file or from plain JSON data."""

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
MAX_DIGITS = 300
"""Longer numbers mean nothing here and would be slow or infinite."""

Path = tuple[str | int, ...]
Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the file, both counted from 1."""

    line: int
    column: int


NOWHERE = Mark(1, 1)


@dataclass(frozen=True, slots=True)
class TextNode:
    """A scalar: `text` as written, after replacement. `plain` = unquoted. `replaced` = holds a variable's value.

    `broken` = already reported; whatever it stands for gets no second report.
    """

    text: str
    mark: Mark
    plain: bool = False
    replaced: bool = False
    broken: bool = False

    @property
    def is_null(self) -> bool:
        """Whether an unquoted `null` or nothing at all was written."""
        return self.plain and self.text in {"", "null"} and not (self.replaced and self.text)

    def value(self) -> Scalar:
        """What the scalar means where any type is welcome; raises ValueError for an absurdly long number."""
        if not self.plain:
            return self.text
        if self.text in {"", "null"}:
            return None
        if self.text in {"true", "false"}:
            return self.text == "true"
        return number(self.text)


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    items: list["Node"]
    mark: Mark


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping; `key_marks` are the places of its keys."""

    entries: dict[str, "Node"]
    mark: Mark
    key_marks: dict[str, Mark] = field(default_factory=dict[str, Mark])

    def key_mark(self, key: str) -> Mark:
        """Where `key` is written; the mapping's own place when it is not."""
        return self.key_marks.get(key, self.mark)


Node = TextNode | ListNode | MapNode


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong: where, what, and how to mend it."""

    file: str
    line: int
    column: int
    path: str
    what: str
    mend: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{self.file}:{self.line}:{self.column}: {'warning: ' if self.warning else ''}{place}{self.what}{mend}"


def number(text: str) -> str | int | float:
    """The number that `text` spells by the rule of the file, else the text itself."""
    found = NUMBER.fullmatch(text)
    if not found:
        return text
    if len(text) > MAX_DIGITS:
        raise ValueError("the number is too long")
    return float(text) if found[2] else int(text)


def spell(path: Iterable[str | int]) -> str:
    """`flows.main[3].say`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str:
    """The mend of an unknown name: the closest known one, else the list of them."""
    names = list(known)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if close:
        return f'did you mean "{folded[close[0]]}"?'
    if not names:
        return "none is defined"
    return "known: " + ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")


def from_data(data: Any) -> Node:
    """Plain JSON data as nodes without places, so that one decoder serves files and requests."""
    if isinstance(data, Mapping):
        entries = cast("Mapping[Any, Any]", data)
        return MapNode({str(key): from_data(value) for key, value in entries.items()}, NOWHERE)
    if isinstance(data, list | tuple):
        items = cast("Iterable[Any]", data)
        return ListNode([from_data(item) for item in items], NOWHERE)
    if isinstance(data, str):
        return TextNode(data, NOWHERE)
    if data is None or isinstance(data, bool):
        return TextNode({None: "null", True: "true", False: "false"}[data], NOWHERE, plain=True)
    return TextNode(_number_text(data), NOWHERE, plain=True)


def to_data(node: Node) -> Any:
    """Plain data of a node, by the scalar rule; raises ValueError for an absurdly long number."""
    if isinstance(node, TextNode):
        return node.value()
    if isinstance(node, ListNode):
        return [to_data(item) for item in node.items]
    return {key: to_data(value) for key, value in node.entries.items()}


def _number_text(value: float) -> str:
    """A JSON number in the file's spelling (no exponent), so that it means the same."""
    if not math.isfinite(value):
        return repr(value)
    text = format(Decimal(repr(value)), "f")
    return text if isinstance(value, int) or "." in text else f"{text}.0"
