"""Intents: what a whole message means, by phrases of the owner's configuration."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from .patterns import in_slashes, matches

Phrases = Mapping[str, Sequence[str]]
"""Language -> phrases; a phrase between slashes is a regular expression for the whole message."""

_PUNCTUATION = re.compile(r"[^\w\s]|_")


def plain(text: str) -> str:
    """The message without case, punctuation and doubled spaces."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_PUNCTUATION.sub(" ", letters).split())


def matching(intents: Mapping[str, Phrases], text: str, sent: str | None = None) -> frozenset[str]:
    """The names of all intents that the message has: by its text in any language, or by the `intent` sent with it."""
    found = {
        name for name, phrases in intents.items() if any(_fits(phrase, text) for phrase in _all(phrases))
    }
    if sent is not None and sent in intents:
        found.add(sent)
    return frozenset(found)


def _all(phrases: Phrases) -> list[str]:
    return [phrase for of_language in phrases.values() for phrase in of_language]


def _fits(phrase: str, text: str) -> bool:
    expression = in_slashes(phrase)
    if expression is not None:
        return matches(expression, text.strip()) or matches(expression, plain(text))
    wanted = plain(phrase)
    return bool(wanted) and wanted == plain(text)
