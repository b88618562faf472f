"""Which of a message's options an answer means."""

from collections.abc import Sequence

from openhandover.core.model import Button

from .intents import plain


def meant(options: Sequence[Button], answer: str) -> Button | None:
    """The option that a written answer means: by its words, else by its number."""
    return by_words(options, answer) or by_number(options, answer)


def by_words(options: Sequence[Button], answer: str) -> Button | None:
    """The option whose text or value was said, whatever its case and punctuation."""
    said = _said(answer)
    return next((one for one in options if said and said in (_said(one.text), _said(one.value))), None)


def by_number(options: Sequence[Button], answer: str) -> Button | None:
    """The option whose place was given, from 1, as in `2` or `2.`"""
    digits = answer.strip().rstrip(".)")
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 3 else 0
    return options[number - 1] if 0 < number <= len(options) else None


def _said(text: str) -> str:
    """As it is compared; a text of signs alone as it stands."""
    return plain(text) or text.strip()
