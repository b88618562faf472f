"""DeepL: https://developers.deepl.com/api-reference/translate"""

import msgspec

from openhandover.core.settings import Secret
from openhandover.net.client import Request, encode_json

from .engine import Engine

TARGETS = {"en": "EN-GB", "pt": "PT-PT"}
"""Languages that DeepL takes as a target only with their region."""


class _Translated(msgspec.Struct):
    text: str


class _Answer(msgspec.Struct):
    translations: list[_Translated]


class DeepL(Engine):
    """`url` is the API's origin; `address_for` knows it from the key."""

    reads = _Answer

    def _request(self, text: str, source: str, target: str) -> Request:
        body = {
            "text": [text],
            "source_lang": source.upper(),
            "target_lang": TARGETS.get(target, target.upper()),
            "preserve_formatting": True,
        }
        headers = {"Content-Type": "application/json", "Authorization": f"DeepL-Auth-Key {self._key or ''}"}
        return self._post("/v2/translate", encode_json(body), headers)

    def _text(self, answer: _Answer) -> str:
        return answer.translations[0].text

    def _why(self, status: int) -> str:
        return ": the quota of the account is used up" if status == 456 else super()._why(status)


def address_for(key: Secret) -> str:
    """Where an account lives: keys of the free plan end in `:fx` and have an address of their own."""
    return "https://api-free.deepl.com" if key.endswith(":fx") else "https://api.deepl.com"
