"""What the user's own words tell before they are accepted: intents, language, and whether they must be translated."""

from typing import Any

import msgspec

from openhandover.config.model import Config
from openhandover.core import events as e
from openhandover.store.port import Store
from openhandover.texts import intents
from openhandover.texts.language import LanguageDetector, is_telling

from . import reads
from .preparing import Preparing


class Understanding:
    """Reads messages of users."""

    def __init__(self, config: Config, store: Store, preparing: Preparing) -> None:
        self._intents = config.intents
        self._store = store
        self._preparing = preparing
        self._detector = LanguageDetector(config.languages.supported)

    async def of(self, conversation_id: str, command: e.PostMessage) -> tuple[e.PostMessage, str | None]:
        """The message with what its text tells, and the reader's language where it must be prepared first.

        Raises:
            Refused: `not_found`.
        """
        changes: dict[str, Any] = {}
        if self._intents and (command.text or command.intent):
            changes["intents"] = intents.matching(self._intents, command.text, command.intent)
        state = await reads.conversation(self._store, conversation_id)
        translates = self._preparing.translator.is_active
        if (state.floor == "bot" or translates) and self._detector.is_needed and is_telling(command.text):
            evidence, language = await self._detector.observe(command.text, state.evidence, state.language)
            changes |= {"evidence": evidence, "language": language}
        language = changes.get("language", state.language)
        handover = state.open_handover
        target = handover.settings.agent_language if handover else language
        if self._preparing.is_needed(state, command.attachments, language, target):
            changes["prepare"] = True
        if not changes:
            return command, None
        return msgspec.structs.replace(command, **changes), target

    async def stop(self) -> None:
        """Let go of what is being loaded."""
        await self._detector.stop()
