"""Every engine translates over real HTTP; every failure of every engine is one error without the text."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from openhandover.core.errors import ConfigError
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient
from openhandover.translation import NoTranslator, TranslationError, translator
from openhandover.translation.deepl import address_for
from tests.net.loopback import serving
from tests.translation.vendors import KEY, VENDORS, Vendor

EVERY = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.serve.__name__)


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """The one way out."""
    async with HttpClient() as client:
        yield client


@EVERY
async def test_a_text_is_translated(vendor: Vendor, http: HttpClient) -> None:
    """The request is what the API asks for, the key included; a region makes no language."""
    async with serving(vendor.serve) as url:
        engine = vendor.engine(http, url + "/")
        assert engine.is_active
        assert await engine.translate("hallo <b> {{ dag }}", "nl-BE", "en") == "hello <b> {{ day }}"
        assert await engine.translate('hallo ﷽ 🎉 & \\ " +=%', "nl", "en") == 'hello ﷽ 🎉 & \\ " +=%'


@EVERY
async def test_nothing_is_asked_where_nothing_is_to_do(vendor: Vendor, http: HttpClient) -> None:
    """The same language, empty texts and texts beyond all limits cost no call."""
    engine = vendor.engine(http, "http://127.0.0.1:1")
    assert await engine.translate("hallo", "nl", "nl-BE") == "hallo"
    assert await engine.translate(" ", "nl", "en") == " "
    with pytest.raises(TranslationError, match="too long"):
        await engine.translate("a" * 40_000, "nl", "en")


@EVERY
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 456, 500, 503])
async def test_a_refusal_is_one_error(vendor: Vendor, http: HttpClient, status: int) -> None:
    """The caller sends the original; neither the text nor the key gets into the error."""

    async def refuse(request: web.Request) -> web.Response:
        return web.Response(status=status, text=await request.text())

    async with serving(refuse) as url:
        with pytest.raises(TranslationError, match=str(status)) as caught:
            await vendor.engine(http, url).translate("hallo", "nl", "en")
    assert "hallo" not in str(caught.value)
    assert KEY not in str(caught.value)


@EVERY
async def test_an_answer_without_translation_is_one_error(vendor: Vendor, http: HttpClient) -> None:
    """Whatever the status says: what cannot be read is no translation."""
    for body in (*vendor.useless, "", "hello", "[]", "\udcff"):

        async def answer(_: web.Request, body: str = body) -> web.Response:
            return web.Response(body=body.encode(errors="surrogateescape"))

        async with serving(answer) as url:
            with pytest.raises(TranslationError) as caught:
                await vendor.engine(http, url).translate("hallo", "nl", "en")
            assert "hello" not in str(caught.value)


@EVERY
async def test_no_engine_and_a_slow_engine_are_errors(vendor: Vendor, http: HttpClient) -> None:
    """Nobody waits longer than the time-out."""
    with pytest.raises(TranslationError):
        await vendor.engine(http, "http://127.0.0.1:1").translate("hallo", "nl", "en")
    asked = asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(30)
        return web.Response()

    async with serving(slow) as url:
        engine = vendor.engine(http, url)
        engine._timeout_s = 0.2  # type: ignore[attr-defined]
        with pytest.raises(TranslationError, match=r"0\.2 s"):
            await engine.translate("hallo", "nl", "en")
    assert asked.is_set()


def test_an_account_of_deepl_knows_its_address() -> None:
    """Keys of the free plan have an address of their own."""
    assert address_for(Secret("abc:fx")) == "https://api-free.deepl.com"
    assert address_for(Secret("abc")) == "https://api.deepl.com"


async def test_the_engine_none_changes_nothing() -> None:
    """Without an engine every text stays."""
    assert not NoTranslator().is_active
    assert await NoTranslator().translate("hallo", "nl", "en") == "hallo"


async def test_an_engine_without_its_settings_is_refused(http: HttpClient) -> None:
    """What `check` would have named does not start half."""
    for engine in ("libretranslate", "deepl", "apertium", "openai", "babel"):
        with pytest.raises(ConfigError, match="openhandover check"):
            translator(engine, http, url=None, key=None)
