"""How deep JSON from outside may be."""

from typing import Any, cast

import msgspec

MAX_DEPTH = 100
"""Levels of lists and objects. What is kept is walked through again and again, for agents, bots and templates: a value
that can be read but not walked through would hide every list that it is in."""


def is_too_deep(raw: bytes) -> bool:
    """Whether JSON that can be read has more than `MAX_DEPTH` levels."""
    return raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(msgspec.json.decode(raw)) > MAX_DEPTH


def _depth(value: Any) -> int:
    """How many lists and objects lie in each other; one more than `MAX_DEPTH` stands for any more."""
    levels, level = 0, [value]
    while level and levels <= MAX_DEPTH:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += cast("dict[str, Any]", one).values()
            elif isinstance(one, list):
                inner += cast("list[Any]", one)
        level = list(filter(_is_container, inner))
        levels += 1
    return levels


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)
