"""The presence call: its exact question, and that everything but Online means offline."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.cm.presence import Presence
from openhandover.cm.settings import PresenceSettings
from openhandover.core import errors
from openhandover.core.settings import Secret
from openhandover.net.client import HttpClient
from openhandover.providers.cm_msc import CmMsc
from openhandover.providers.cm_msc.settings import Settings
from tests.providers.cm_router import RecordingRouter, recording

API_KEY = "presence-key-4711"


def settings(router: RecordingRouter, **more: Any) -> PresenceSettings:
    """The call, answered by the recorder."""
    return PresenceSettings(**{"api_key": Secret(API_KEY), "url": f"{router.url}/api/v1"} | more)


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("body", "is_open"),
    [
        (b"Online", True),
        (b"online", True),
        (b' "ONLINE"\r\n', True),
        (b"'Online'", True),
        (b"Offline", False),
        (b'"offline"', False),
        (b"", False),
        (b"true", False),
        (b'{"status":"Online"}', False),
        (b"Online Online", False),
        (b"<html>Online</html>", False),
        (b"\xff\xfe", False),
    ],
)
async def test_only_the_word_online_is_open(body: bytes, *, is_open: bool) -> None:
    """Whatever its case, spaces around it and quotes."""
    async with recording(body=body) as router, HttpClient() as http:
        found = await Presence("msc", settings(router), http).availability({})
    assert found.open is is_open


@pytest.mark.parametrize("answer", [201, 204, 302, 400, 401, 404, 500, "lost"])
async def test_any_other_answer_is_offline(answer: int | str) -> None:
    """Also where the body says Online; the log says why, without the key."""
    async with recording(answers=[answer] * 2, body=b"Online") as router, HttpClient() as http:
        with capture_logs() as logs:
            found = await Presence("msc", settings(router), http).availability({})
    assert found.open is False
    assert "presence_failed" in [line["event"] for line in logs]
    assert API_KEY not in str(logs)


async def test_no_answer_in_time_is_offline() -> None:
    """And nobody waits for it longer than the check may take."""
    async with recording(wait_s=30, body=b"Online") as router, HttpClient() as http:
        assert (await Presence("msc", settings(router), http).availability({})).open is False


@pytest.mark.parametrize(
    ("more", "route", "query"),
    [
        ({}, {}, {"Channel": "WebChat"}),
        ({}, {"channel": "CXWebConversations"}, {"Channel": "WebChat"}),
        ({}, {"channel": "WhatsApp"}, {"Channel": "WhatsApp"}),
        ({"channel": "Instagram"}, {}, {"Channel": "Instagram"}),
        ({"channels": {"Line": "Chat"}}, {"channel": "Line"}, {"Channel": "Chat"}),
        ({"channels": {"CXWebConversations": "Chat"}}, {}, {"Channel": "Chat"}),
        ({"referrer": "shop-nl"}, {}, {"Channel": "WebChat", "referrer": "shop-nl"}),
        (
            {"referrer": "shop-nl"},
            {"webstore_referrer": "https://shop.example/be?a=1&b=é"},
            {"Channel": "WebChat", "referrer": "https://shop.example/be?a=1&b=é"},
        ),
    ],
)
async def test_what_is_asked(more: dict[str, Any], route: dict[str, Any], query: dict[str, str]) -> None:
    """The key, the channel as the presence call names it, and the web store of the step or of the settings."""
    async with recording(body=b"Online") as router, HttpClient() as http:
        await Presence("msc", settings(router, **more), http).availability(route)
    (sent,) = router.sent
    assert (sent.method, sent.path, sent.query) == ("GET", "/api/v1", {"apikey": API_KEY, **query})
    assert "x-cm-producttoken" not in sent.headers


async def test_an_answer_is_remembered_for_a_few_seconds() -> None:
    """Per question; calls are limited there."""
    clock = Clock()
    async with recording(body=b"Online") as router, HttpClient() as http:
        presence = Presence("msc", settings(router, cache_s=5), http, clock)
        assert (await presence.availability({})).open
        router.body = b"Offline"
        clock.now = 4.9
        assert (await presence.availability({})).open
        assert (await presence.availability({"channel": "WhatsApp"})).open is False
        clock.now = 5
        assert (await presence.availability({})).open is False
    assert len(router.sent) == 3


def provider(router: RecordingRouter, http: HttpClient, *, asks: bool) -> CmMsc:
    """A provider with or without the presence call."""
    known = settings(router) if asks else None
    return CmMsc("msc", Settings(technical_link_id="t", product_token=Secret("p"), presence=known), http)


async def test_without_presence_nobody_knows() -> None:
    """No call is made, and a flow goes on as online."""
    async with recording() as router, HttpClient() as http:
        msc = provider(router, http, asks=False)
        await msc.connect()
        assert (await msc.availability({}, "en")).open is None
    assert router.sent == []


@pytest.mark.parametrize(("status", "body"), [(401, b""), (200, b"<html>")])
async def test_check_connect_says_what_is_wrong(status: int, body: bytes) -> None:
    """A wrong key is no opening hour."""
    async with recording(status=status, body=body) as router, HttpClient() as http:
        with pytest.raises(errors.ProviderError) as caught:
            await provider(router, http, asks=True).connect()
        assert API_KEY not in caught.value.detail
        router.status, router.body = 200, b"Offline"
        await provider(router, http, asks=True).connect()
