"""Whatever a vendor, or a proxy in its place, answers: an error that the engine knows. Never another exception."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings, strategies as st

from openhandover.config.load import load_text
from openhandover.core.errors import ProviderError
from openhandover.core.events import AgentJoined, AgentMessage, FromProvider
from openhandover.core.model import Agent, Delivery, Message, User
from openhandover.net.client import HttpClient
from openhandover.providers import provider_of
from openhandover.providers.base import Brief, HandoverRequest, Provider, Session
from tests.providers.nonsense import GONE, ODD, bodies
from tests.providers.test_any_bytes import ANY

HERE = Path(__file__).parent
VENDORS = (
    *("chatwoot", "eight_by_eight", "genesys", "livehelperchat"),
    *("ringcentral", "salesforce_chat", "salesforce_miaw"),
)
AT = "2026-01-01T12:00:00.000Z"
MESSAGE = Message("m1", 1, "user", "Hello", None, (), AT, Delivery())
SESSION = Session("h1", 1, "1")
ASKED = HandoverRequest(
    "h1",
    1,
    None,
    "user",
    Brief("c1", "app", "en", "text"),
    User("u1", "Ann", "a@example.com"),
    {},
    {},
    [MESSAGE],
)
NAMES = (
    *(
        "access_token",
        "accessToken",
        "expires_in",
        "expiresIn",
        "token_type",
        "id",
        "key",
        "affinityToken",
        "clientPollTimeout",
    ),
    *(
        "conversationId",
        "results",
        "messages",
        "error",
        "result",
        "status",
        "payload",
        "data",
        "entities",
        "sequence",
    ),
    *(
        "lastEventId",
        "external_id",
        "estimatedWaitTime",
        "organizationId",
        "agentStatus",
        "records",
        "meta",
        "chat",
        "list",
    ),
)
VALUES = [one for one in ODD if one is not GONE]


@st.composite
def answers(draw: st.DrawFn, folder: Path) -> bytes:
    """Something that is like an answer, a body of a fixture, or nothing."""
    if draw(st.booleans()):
        return draw(bodies(folder))
    found = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.text(max_size=5), max_size=6)
    return json.dumps(draw(found)).encode()


KINDS = st.sampled_from(
    ["application/json", "text/html", "text/event-stream", "application/json; charset=nonsense", ""]
)
STATUSES = st.sampled_from([200, 200, 200, 201, 202, 204, 301, 400, 401, 404, 409, 422, 500, 503])


async def _listened(mine: Provider) -> None:
    async with asyncio.timeout(0.1):
        async for _ in mine.listen(SESSION, None):
            break


CALLS: dict[str, Callable[[Provider, str], Awaitable[Any]]] = {
    "connect": lambda mine, _: mine.connect(),
    "availability": lambda mine, _: mine.availability({}, "en"),
    "open": lambda mine, _: mine.open(ASKED),
    "send": lambda mine, _: mine.send(SESSION, MESSAGE, "c1:1"),
    "typing": lambda mine, _: mine.typing(SESSION, on=True),
    "receipt": lambda mine, _: mine.receipt(SESSION, "m1", "read"),
    "cancel": lambda mine, _: mine.cancel(SESSION, "user_cancelled"),
    "close": lambda mine, _: mine.close(SESSION, "api"),
    "complete": lambda mine, _: mine.complete(
        FromProvider("vendor", "e1", AgentJoined(Agent("7")), external_id="1", raw=b"{}")
    ),
    "complete text": lambda mine, _: mine.complete(
        FromProvider("vendor", "e2", AgentMessage("x", "m", agent=Agent("7")), external_id="1", raw=b"{}")
    ),
    "listen": lambda mine, _: _listened(mine),
    "file_headers": lambda mine, url: mine.file_headers(SESSION, f"{url}/file"),
}


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("call", CALLS)
def test_any_answer_is_an_answer_or_an_error_that_is_known(vendor: str, call: str) -> None:
    """Tokens that are none, endless nesting, HTML with 200, a stream that is none."""

    async def tried(body: bytes, kind: str, status: int) -> None:
        async def answer(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=status, body=body, headers={"content-type": kind or "x/y"})

        server = web.ServerRunner(web.Server(answer))
        await server.setup()
        site = web.TCPSite(server, "127.0.0.1", 0)
        await site.start()
        host, port = server.addresses[0][:2]
        async with HttpClient() as http:
            mine = provider(vendor, f"http://{host}:{port}", http)
            await mine.start()
            try:
                await CALLS[call](mine, f"http://{host}:{port}")
            except ProviderError as error:
                assert str(error)
                assert len(str(error)) < 5_000, "an error is a sentence"
            except TimeoutError:
                assert call == "listen"  # it goes on looking
            finally:
                await mine.stop()
                await server.cleanup()

    @settings(ANY, max_examples=15)
    @given(answers(HERE / vendor / "fixtures"), KINDS, STATUSES)
    def holds(body: bytes, kind: str, status: int) -> None:
        asyncio.run(tried(body, kind, status))

    holds()


def provider(vendor: str, url: str, http: HttpClient) -> Provider:
    """One that calls this address."""
    emulator = import_module(f"openhandover.emulators.{vendor}").EMULATOR()
    emulator.url = url
    text = json.dumps({"vendor": {"type": vendor, **emulator.settings()}}).replace("$", "$$")
    return provider_of(vendor)("vendor", load_text(f"providers: {text}\n").providers["vendor"].settings, http)
