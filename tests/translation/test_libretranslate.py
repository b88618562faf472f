"""Texts are translated by an engine over real HTTP; every failure is one error without the text."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient
from openhandover.translation import LibreTranslate, NoTranslator, TranslationError
from tests.net.loopback import serving

WORDS = {("nl", "en"): {"hallo": "hello", "dag": "day"}}


class Engine:
    """A small engine that speaks the API of LibreTranslate."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, str]], web.Response] = self.translated

    def translated(self, body: dict[str, str]) -> web.Response:
        words = WORDS[body["source"], body["target"]]
        return web.json_response(
            {"translatedText": " ".join(words.get(word, word) for word in body["q"].split(" "))}
        )

    async def handle(self, request: web.Request) -> web.Response:
        assert (request.method, request.path, request.content_type) == (
            "POST",
            "/lt/translate",
            "application/json",
        )
        self.bodies.append(await request.json())
        return self.answer(self.bodies[-1])


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    """The engine on a free loopback port."""
    found = Engine()
    async with serving(found.handle) as url:
        found.url = url + "/lt/"
        yield found


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """The one way out."""
    async with HttpClient() as client:
        yield client


async def test_a_text_is_translated(engine: Engine, http: HttpClient) -> None:
    """The request is what the API asks for, the key included."""
    translator = LibreTranslate(http, engine.url, Secret("k3y"))
    assert translator.is_active
    assert await translator.translate("hallo <b> {{ dag }}", "nl-BE", "en") == "hello <b> {{ day }}"
    assert engine.bodies == [
        {"q": "hallo <b> {{ dag }}", "source": "nl", "target": "en", "format": "text", "api_key": "k3y"}
    ]


async def test_nothing_is_asked_where_nothing_is_to_do(engine: Engine, http: HttpClient) -> None:
    """The same language and empty texts cost no call."""
    translator = LibreTranslate(http, engine.url)
    assert await translator.translate("hallo", "nl", "nl-BE") == "hallo"
    assert await translator.translate(" ", "nl", "en") == " "
    assert engine.bodies == []


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=400, text='{"error": "hallo is not supported"}'),
        web.Response(status=429),
        web.Response(status=500),
        web.Response(text="hello"),
        web.Response(body=b"\xff\xfe"),
        web.Response(text='{"translated": "hello"}'),
        web.Response(text='{"translatedText": 7}'),
    ],
)
async def test_any_other_answer_is_one_error(engine: Engine, http: HttpClient, answer: web.Response) -> None:
    """The caller sends the original; no text gets into the error."""
    engine.answer = lambda _: answer
    with pytest.raises(TranslationError) as caught:
        await LibreTranslate(http, engine.url, Secret("k3y")).translate("hallo", "nl", "en")
    assert "hallo" not in str(caught.value)
    assert "k3y" not in str(caught.value)


async def test_no_engine_and_a_slow_engine_are_errors(http: HttpClient) -> None:
    """Nobody waits longer than the time-out."""
    with pytest.raises(TranslationError):
        await LibreTranslate(http, "http://127.0.0.1:1").translate("hallo", "nl", "en")

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async with serving(slow) as url:
        with pytest.raises(TranslationError):
            await LibreTranslate(http, url, timeout_s=0.1).translate("hallo", "nl", "en")


async def test_a_text_beyond_all_limits_is_not_sent(engine: Engine, http: HttpClient) -> None:
    """The engine is spared what no message may hold."""
    with pytest.raises(TranslationError):
        await LibreTranslate(http, engine.url).translate("a" * 40_000, "nl", "en")
    assert engine.bodies == []


async def test_the_engine_none_changes_nothing() -> None:
    """Without an engine every text stays."""
    assert not NoTranslator().is_active
    assert await NoTranslator().translate("hallo", "nl", "en") == "hallo"
