"""The port of translation engines. A failed translation never holds anything up: the caller sends the original."""

from typing import Protocol


class TranslationError(Exception):
    """The engine did not translate; the text names the kind of failure and never what was to be translated."""


class Translator(Protocol):
    """A translation engine."""

    @property
    def is_active(self) -> bool:
        """Whether it translates at all; False saves the caller the work around it."""
        ...

    async def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language. `source` and `target` are ISO 639-1 codes. Raises TranslationError."""
        ...
