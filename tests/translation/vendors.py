"""Small strict servers that speak each engine's API, as its documentation has it. They know two words of Dutch."""

from collections.abc import Callable
from typing import Any, NamedTuple

from aiohttp import web

from openhandover.core.settings import Secret
from openhandover.net.client import Sender
from openhandover.translation import Translator, translator

WORDS = {"hallo": "hello", "dag": "day"}
KEY = "k3y-of-the-account"


def in_english(text: str) -> str:
    """What every engine here makes of it."""
    return " ".join(WORDS.get(word, word) for word in text.split(" "))


async def libretranslate(request: web.Request) -> web.Response:
    """https://docs.libretranslate.com/api/operations/translate/"""
    body = await request.json()
    assert (request.method, request.path, request.content_type) == ("POST", "/translate", "application/json")
    assert body.keys() == {"q", "source", "target", "format", "api_key"}
    assert (body["source"], body["target"], body["format"], body["api_key"]) == ("nl", "en", "text", KEY)
    return web.json_response({"translatedText": in_english(body["q"])})


async def deepl(request: web.Request) -> web.Response:
    """https://developers.deepl.com/api-reference/translate"""
    body = await request.json()
    assert (request.method, request.path, request.content_type) == (
        "POST",
        "/v2/translate",
        "application/json",
    )
    assert request.headers["Authorization"] == f"DeepL-Auth-Key {KEY}"
    assert isinstance(body["text"], list)
    assert (body["source_lang"], body["target_lang"]) == ("NL", "EN-GB")
    found = [{"detected_source_language": "NL", "text": in_english(text)} for text in body["text"]]
    return web.json_response({"translations": found})


async def apertium(request: web.Request) -> web.Response:
    """https://wiki.apertium.org/wiki/Apertium-apy"""
    form = await request.post()
    assert (request.method, request.path) == ("POST", "/translate")
    assert request.content_type == "application/x-www-form-urlencoded"
    assert (form["langpair"], form["format"], form["markUnknown"], form["key"]) == ("nl|en", "txt", "no", KEY)
    data = {"translatedText": in_english(str(form["q"]))}
    return web.json_response({"responseData": data, "responseDetails": None, "responseStatus": 200})


async def openai(request: web.Request) -> web.Response:
    """https://platform.openai.com/docs/api-reference/chat/create"""
    body = await request.json()
    assert (request.method, request.path, request.content_type) == (
        "POST",
        "/chat/completions",
        "application/json",
    )
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert body["model"] == "small-model"
    system, user = body["messages"]
    assert system["role"] == "system" and "from nl to en" in system["content"]
    assert "{{placeholders}}" in system["content"]
    assert user["role"] == "user"
    message = {"role": "assistant", "content": in_english(user["content"])}
    return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


class Vendor(NamedTuple):
    """One engine: its server, and answers of status 200 that hold no translation."""

    serve: Callable[[web.Request], Any]
    useless: tuple[str, ...]

    def engine(self, sender: Sender, url: str) -> Translator:
        """As the configuration makes it."""
        model = "small-model" if self.serve is openai else None
        return translator(self.serve.__name__, sender, url=url, key=Secret(KEY), model=model)


VENDORS = [
    Vendor(libretranslate, ('{"translated": "hello"}', '{"translatedText": 7}', '{"translatedText": " "}')),
    Vendor(deepl, ('{"translations": []}', '{"translations": [{"text": null}]}', '{"message": "hello"}')),
    Vendor(apertium, ('{"responseData": null}', '{"responseData": {"translatedText": ""}}')),
    Vendor(openai, ('{"choices": []}', '{"choices": [{"message": {"content": null}}]}', '{"error": {}}')),
]
