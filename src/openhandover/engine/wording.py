"""The texts of a handover step in the user's language: written in it, or translated where an engine is configured."""

import asyncio

import msgspec

from openhandover.core.model import Settings
from openhandover.core.settings import Texts
from openhandover.core.step import HandoverStep
from openhandover.texts.variants import variant

from .preparing import Preparing

replace = msgspec.structs.replace


class Wording:
    """Puts what a step says into words; `default_language` is the one its texts are written in at least."""

    def __init__(self, preparing: Preparing, default_language: str) -> None:
        self._preparing = preparing
        self._default_language = default_language

    async def of(self, settings: Settings, step: HandoverStep, reader: str) -> Settings:
        """The rendered settings with the step's own texts in the reader's language; what the catalogue says is in
        it already. A text that cannot be translated in time stays as it was written."""
        alternative = step.queue.alternative
        words = step.words("voice" if settings.spoken else "text")
        message, accepted, failure, rating, instead = await asyncio.gather(
            self._text(settings.message, words, reader),
            self._text(settings.accepted, step.accepted_message, reader),
            self._text(settings.failure, step.failure_message, reader),
            self._text(settings.rating_text, step.rating.text, reader),
            self._text(settings.queue.alternative_text, alternative.text if alternative else None, reader),
        )
        queue = replace(settings.queue, alternative_text=instead)
        if settings.spoken and words is not None and message == settings.message:
            written = variant(words, reader, self._default_language).language
            settings = replace(settings, message_language=written)
        return replace(
            settings, message=message, accepted=accepted, failure=failure, rating_text=rating, queue=queue
        )

    async def _text(self, rendered: str, texts: Texts | None, reader: str) -> str:
        if texts is None:
            return rendered
        language = variant(texts, reader, self._default_language).language
        return await self._preparing.in_words(rendered, language, reader)
