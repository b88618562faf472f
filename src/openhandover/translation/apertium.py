"""Apertium behind its own HTTP server, APy: https://wiki.apertium.org/wiki/Apertium-apy"""

from urllib.parse import urlencode

import msgspec

from openhandover.net.client import Request

from .engine import Engine


class _Data(msgspec.Struct):
    translatedText: str  # noqa: N815  the API's own name


class _Answer(msgspec.Struct):
    responseData: _Data  # noqa: N815  the API's own name


class Apertium(Engine):
    """`url` is the server's address. Words that it does not know stay as they are, without its asterisk."""

    reads = _Answer

    def _request(self, text: str, source: str, target: str) -> Request:
        form = {"langpair": f"{source}|{target}", "q": text, "format": "txt", "markUnknown": "no"}
        if self._key:
            form["key"] = str(self._key)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._post("/translate", urlencode(form).encode(), headers)

    def _text(self, answer: _Answer) -> str:
        return answer.responseData.translatedText

    def _why(self, status: int) -> str:
        return ": is this pair of languages installed?" if status == 400 else super()._why(status)
