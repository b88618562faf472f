"""What the bot already knows, as a card for the agent, so that nobody asks twice. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover.core.model import Conversation

from .shapes import Fact

MAX_FACTS = 100
MAX_VALUE = 500
"""Longer values are cut: it is a card, not a dump."""


class _Run(Struct, frozen=True):
    """The part of a paused flow that is read here."""

    kept: dict[str, Any] = {}
    variables: dict[str, Any] = {}


def facts_of(conversation: Conversation) -> list[Fact]:
    """Context, flow variables and attributes of the user, flattened; a name comes once, the flow's value wins."""
    sources = (conversation.user.attributes, conversation.context, _variables(conversation))
    found = {name: value for source in sources for name, value in _flat("", source)}
    return [Fact(name, value) for name, value in list(found.items())[:MAX_FACTS]]


def _variables(conversation: Conversation) -> dict[str, Any]:
    if conversation.run is None:
        return {}
    try:
        run = msgspec.json.decode(conversation.run, type=_Run)
    except msgspec.ValidationError:
        return {}  # a run of a form that this version of the card does not know shows nothing
    return {**run.kept, **run.variables}


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            if not str(key).startswith("_"):
                yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list):
        plain = cast("list[Any]", value)
        if plain and all(isinstance(item, str | int | float) for item in plain):
            yield prefix, _cut(", ".join(str(item) for item in plain))
    elif isinstance(value, bool):
        yield prefix, "yes" if value else "no"
    elif value not in (None, ""):
        yield prefix, _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"
