"""The presence webhook that CM.com's Conversational AI Cloud calls before it offers a person."""

from pathlib import Path
from typing import Any

import pytest

from tests.providers.cm_router import recording
from tests.serving import KEY, running_server

SECRET = "presence-secret-of-caic"
CONFIG = f"""
api:
  presence_secret: {SECRET}
  keys: [{{name: all, key: {KEY}, scopes: [handovers, desk], agent: anna}}]
channels: {{api: {{type: api, provider: support}}}}
providers:
  support: {{type: desk}}
  log: {{type: logging}}
  msc:
    type: cm_msc
    technical_link_id: t
    product_token: p
    presence: {{api_key: presence-key, url: "{{url}}/api/v1", referrer: shop-nl}}
agents: {{anna: {{name: Anna}}}}
"""
ASKED = {"url": "https://shop.example/", "channel": "WebChat", "data": {"context": "shop-be"}}


async def ask(server: Any, provider: str, body: Any = ASKED, **options: Any) -> Any:
    """One call as the platform makes it."""
    options = {"key": SECRET} | options
    return await server.call("POST", f"/presence/{provider}{options.pop('query', '')}", body, **options)


def config(url: str = "http://127.0.0.1:1") -> str:
    """With the presence call at this address."""
    return CONFIG.replace("{url}", url)


async def test_the_desk_is_there_when_somebody_is_online(tmp_path: Path) -> None:
    """True and false, and nothing else in the answer."""
    async with running_server(tmp_path, config()) as server:
        assert (await ask(server, "support")).body == {"agentAvailable": False}
        await server.online()
        answer = await ask(server, "support")
    assert (answer.status, answer.body) == (200, {"agentAvailable": True})


async def test_channel_and_web_store_are_passed_on(tmp_path: Path) -> None:
    """To a provider that knows them; a store that the page does not name is that of the settings."""
    async with recording(body=b"Online") as router, running_server(tmp_path, config(router.url)) as server:
        assert (await ask(server, "msc")).body == {"agentAvailable": True}
        assert (await ask(server, "msc", {"channel": "WhatsApp", "data": {"context": ""}})).status == 200
        assert (await ask(server, "msc", {})).status == 200
    assert [(sent.query["Channel"], sent.query["referrer"]) for sent in router.sent] == [
        ("WebChat", "shop-be"),
        ("WhatsApp", "shop-nl"),
        ("WebChat", "shop-nl"),
    ]


async def test_who_cannot_tell_is_there_and_who_cannot_be_asked_is_not(tmp_path: Path) -> None:
    """As in a flow."""
    async with running_server(tmp_path, config()) as server:
        assert (await ask(server, "log")).body == {"agentAvailable": True}
        assert (await ask(server, "msc")).body == {"agentAvailable": False}


async def test_only_who_knows_the_secret_is_answered(tmp_path: Path) -> None:
    """As bearer token or in the address; an API key is none."""
    async with running_server(tmp_path, config()) as server:
        assert (await ask(server, "log", key=None, query=f"?secret={SECRET}")).status == 200
        for wrong in ({"key": None}, {"key": "wrong"}, {"key": KEY}, {"key": None, "query": "?secret=wrong"}):
            assert (await ask(server, "log", **wrong)).status == 401
        assert (await ask(server, "nobody")).status == 404


async def test_without_a_secret_there_is_no_such_webhook(tmp_path: Path) -> None:
    """Nothing is open by default."""
    text = config().replace(f"  presence_secret: {SECRET}\n", "")
    async with running_server(tmp_path, text) as server:
        assert (await ask(server, "log")).status == 404
        assert (await ask(server, "log", key="")).status == 404


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 422), (b'{"channel":7}', 422), (b"", 200)])
async def test_a_body_that_is_none_of_theirs(tmp_path: Path, body: bytes, status: int) -> None:
    """It is refused with its place; an empty one asks nothing in particular."""
    async with running_server(tmp_path, config()) as server:
        assert (await ask(server, "log", None, data=body)).status == status
