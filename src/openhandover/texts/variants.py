"""Texts that exist in one language or in several."""

from collections.abc import Mapping
from typing import NamedTuple


class Variant(NamedTuple):
    """A text as written, and the language it is in."""

    text: str
    language: str


def variant(texts: str | Mapping[str, str], language: str, default: str) -> Variant:
    """The text in `language`, else in the default language, else the first one. A single text is in the default
    language."""
    if isinstance(texts, str):
        return Variant(texts, default)
    for wanted in (language, language.split("-")[0], default):
        if wanted in texts:
            return Variant(texts[wanted], wanted)
    first = next(iter(texts), default)
    return Variant(texts.get(first, ""), first)
