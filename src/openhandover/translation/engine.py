"""What all engines behind HTTP share: what is not asked at all, the time limit, and one kind of error."""

from typing import Any

import msgspec

from openhandover.core.errors import ProviderError
from openhandover.core.settings import Secret
from openhandover.net.client import Request, Sender

from .base import TranslationError

TIMEOUT_S = 2.5
"""Seconds; a user must not wait longer for a message because of its translation."""
MAX_TEXT = 32_768


class Engine:
    """One server. `key` where it asks for one; a kind of engine says how it is asked and how it answers."""

    reads: Any
    """The msgspec type of an answer."""

    def __init__(
        self, sender: Sender, url: str, key: Secret | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._sender = sender
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_s = timeout_s

    @property
    def is_active(self) -> bool:
        """Always."""
        return True

    async def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language. Raises TranslationError."""
        source, target = (code.split("-", 1)[0].lower() for code in (source, target))
        if source == target or not text.strip():
            return text
        if len(text) > MAX_TEXT:
            raise TranslationError("the text is too long to translate")
        try:
            reply = await self._sender.send(self._request(text, source, target))
        except ProviderError as error:
            raise TranslationError(str(error)) from error
        if not reply.is_success:
            raise TranslationError(f"the engine answered with status {reply.status}{self._why(reply.status)}")
        try:
            translated = self._text(msgspec.json.decode(reply.body, type=self.reads))
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError) as error:
            raise TranslationError("the engine's answer holds no translation") from error
        if not translated.strip():
            raise TranslationError("the engine answered with an empty text")
        return translated

    def _request(self, text: str, source: str, target: str) -> Request:
        """How this kind is asked."""
        raise NotImplementedError

    def _text(self, answer: Any) -> str:
        """The translation in its answer. Raises LookupError where there is none."""
        raise NotImplementedError

    def _why(self, status: int) -> str:
        """What a status means to its owner."""
        return {401: ": check the key", 403: ": check the key", 429: ": too many requests"}.get(status, "")

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Request:
        return Request(
            method="POST", url=self._url + path, headers=headers, body=body, timeout_s=self._timeout_s
        )
