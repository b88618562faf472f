"""Messages as the agent's side may see them: redacted, with links that open, what was said before in its language."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from openhandover.core.model import Message
from openhandover.core.view import message_of
from openhandover.store.port import LogRow
from openhandover.texts.redaction import Kind, redact

from .preparing import PREPARE_S, Preparing
from .present import Link, linked

AT_ONCE = 8
"""Translations of one transcript that are under way together: an engine serves others too."""

replace = msgspec.structs.replace


class ForAgents:
    """`hidden` are the kinds of data that agents do not see."""

    def __init__(self, link: Link, preparing: Preparing, hidden: Sequence[Kind]) -> None:
        self._link = link
        self.preparing = preparing
        self._hidden = tuple(hidden)

    def message(self, message: Message) -> Message:
        """One message, redacted, with links that open."""
        changes: dict[str, Any] = {}
        if self._hidden and message.text:
            changes["text"] = redact(message.text, self._hidden)
            if message.translation:
                redacted = redact(message.translation.text, self._hidden)
                changes["translation"] = replace(message.translation, text=redacted)
        if message.attachments:
            changes["attachments"] = linked(message.attachments, self._link)
        return replace(message, **changes) if changes else message

    async def transcript(self, rows: Sequence[LogRow], language: str) -> list[Message]:
        """What was said before, translated where an engine is configured. The latest first, because the time for all
        together is that for one message; what is not ready then stays as it was written."""
        messages = [self.message(message_of(row.entry)) for row in rows]
        foreign = [
            place
            for place, message in enumerate(messages)
            if message.text and self.preparing.is_foreign(message.language, language)
        ]
        if not foreign:
            return messages
        turn = asyncio.Semaphore(AT_ONCE)

        async def translated(place: int) -> None:
            message = messages[place]
            async with turn:
                found = await self.preparing.translation(message.text, message.language or "", language)
            if found:
                messages[place] = replace(message, translation=found)

        tasks = [asyncio.create_task(translated(place)) for place in reversed(foreign)]
        _, late = await asyncio.wait(tasks, timeout=PREPARE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return messages
