"""LibreTranslate and engines that speak its API: https://docs.libretranslate.com/api/operations/translate/"""

import msgspec

from openhandover.core.errors import ProviderError
from openhandover.core.settings import Secret
from openhandover.net.client import Request, Sender, encode_json

from .base import TranslationError

TIMEOUT_S = 3.0
"""Seconds; a user must not wait longer for a message because of its translation."""
MAX_TEXT = 32_768


class LibreTranslate:
    """One server; `key` where it asks for one."""

    def __init__(
        self, sender: Sender, url: str, key: Secret | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._sender = sender
        self._url = url.rstrip("/") + "/translate"
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
        body = {"q": text, "source": source, "target": target, "format": "text"}
        if self._key:
            body["api_key"] = str(self._key)
        request = Request(
            method="POST",
            url=self._url,
            headers={"Content-Type": "application/json"},
            body=encode_json(body),
            timeout_s=self._timeout_s,
        )
        try:
            reply = await self._sender.send(request)
        except ProviderError as error:
            raise TranslationError(str(error)) from error
        if not reply.is_success:
            raise TranslationError(f"the engine answered with status {reply.status}")
        try:
            return _decode(reply.body).translatedText
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TranslationError("the engine's answer holds no translatedText") from error


class _Answer(msgspec.Struct):
    translatedText: str  # noqa: N815  the API's own name


_decode = msgspec.json.Decoder(_Answer).decode
