"""LibreTranslate and engines that speak its API: https://docs.libretranslate.com/api/operations/translate/"""

import msgspec

from openhandover.net.client import Request, encode_json

from .engine import Engine


class _Answer(msgspec.Struct):
    translatedText: str  # noqa: N815  the API's own name


class LibreTranslate(Engine):
    """`url` is the server's address."""

    reads = _Answer

    def _request(self, text: str, source: str, target: str) -> Request:
        body = {"q": text, "source": source, "target": target, "format": "text"}
        if self._key:
            body["api_key"] = str(self._key)
        return self._post("/translate", encode_json(body), {"Content-Type": "application/json"})

    def _text(self, answer: _Answer) -> str:
        return answer.translatedText
