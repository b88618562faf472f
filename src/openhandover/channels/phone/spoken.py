"""A message as it is spoken, and an answer as it was meant."""

from typing import NamedTuple

from openhandover.core.model import Button, Message
from openhandover.texts.catalogue import Catalogue
from openhandover.texts.options import by_number, by_words

ONE_KEY = 9
"""So many options can be chosen by one key."""


class Line(NamedTuple):
    """Words in one language."""

    text: str
    language: str


def lines(message: Message, language: str, texts: Catalogue) -> list[Line]:
    """What the caller hears of a message: its text in their language, then its options by number."""
    told = Line(message.text, message.language or language)
    if message.translation is not None:
        told = Line(message.translation.text, message.translation.language)
    options = [
        Line(texts.text("call_option", told.language, option=button.text, number=number), told.language)
        for number, button in enumerate(message.buttons or (), 1)
    ]
    return [line for line in (told, *options) if line.text.strip()]


def keys_wanted(message: Message | None) -> int | None:
    """How many keys answer the message; None where the caller decides."""
    options = len(message.buttons or ()) if message else 0
    return 1 if 0 < options <= ONE_KEY else None


def chosen(message: Message | None, keys: str, speech: str) -> Button | None:
    """The option that the caller chose, by its number or by saying it."""
    options = (message.buttons or ()) if message else ()
    return by_number(options, keys) if keys else by_words(options, speech)
