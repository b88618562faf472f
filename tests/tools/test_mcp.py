"""Tools over MCP, called by the official client over real HTTP."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from tests.tools.house import KEY, House

MODES = ["2026-07-28", "legacy"]
"""Without and with the handshake of earlier versions."""


@asynccontextmanager
async def mcp(house: House, mode: str = "auto", /, **headers: str) -> AsyncGenerator[Client]:
    """A client whose host set these headers; `_` stands for `-`."""
    given = {"Authorization": f"Bearer {KEY}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    async with httpx2.AsyncClient(headers=given) as http:
        transport = streamable_http_client(f"{house.server.url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def text(result: Any) -> str:
    """What the model reads."""
    (part,) = result.content
    return part.text


@pytest.mark.parametrize("mode", MODES)
async def test_the_tools_are_listed_with_their_schemas(house: House, mode: str) -> None:
    """No conversation is needed for that."""
    async with mcp(house, mode) as client:
        tools = (await client.list_tools()).tools
    assert (tools[0].name, tools[0].description) == ("order_status", "Where an order is.")
    assert tools[0].input_schema["properties"]["days"] == {"type": "integer", "default": 30}
    assert len(tools) == 10


@pytest.mark.parametrize("mode", MODES)
async def test_a_tool_is_called(house: House, mode: str) -> None:
    """Structured for the host, and as text for the model: a text as it is, all else as JSON."""
    chat = await house.began()
    async with mcp(house, mode, Openhandover_Conversation=chat) as client:
        result = await client.call_tool("order_status", {"order": "A1"})
        assert (result.is_error, result.structured_content) == (
            False,
            {"result": {"order": "A1", "state": "sent", "note": None, "days": 30}},
        )
        assert json.loads(text(result))["state"] == "sent"
        assert text(await client.call_tool("order_twice", {"order": "A1"})) == "sent sent"
        assert text(await client.call_tool("nothing")) == "null"


@pytest.mark.parametrize("mode", MODES)
async def test_a_handover_tool_returns_the_handover_alone(house: House, mode: str) -> None:
    """The user has the message; the id of the model's call comes along in `_meta`, and back in `replaces`."""
    chat = await house.began()
    async with mcp(house, mode, Openhandover_Conversation=chat, Openhandover_Epoch="1") as client:
        meta: Any = {"openhandover/tool_call_id": "c1"}
        first = await client.call_tool("talk_to_human", {"name": "Ada"}, meta=meta)
        again = await client.call_tool("talk_to_human", {"name": "Ada"}, meta=meta)
    assert list(first.structured_content or {}) == ["handover"]
    handover = (first.structured_content or {})["handover"]
    assert json.loads(text(first)) == {"handover": handover}
    assert (again.structured_content or {})["handover"]["id"] == handover["id"]
    await house.channel.heard("You get a person, Ada")
    read = (await house.server.call("GET", f"/v1/handovers/{handover['id']}")).body
    assert read["replaces"] == {"tool": "talk_to_human", "tool_call_id": "c1"}


@pytest.mark.parametrize(
    ("headers", "arguments", "words"),
    [
        ({}, {"order": "A1"}, "Openhandover-Conversation is missing"),
        (
            {"Openhandover_Conversation": "nobody"},
            {"order": "A1"},
            "no conversation with this id (not_found)",
        ),
        ({"Openhandover_Conversation": "CHAT"}, {}, "arguments.order: is required (invalid)"),
        ({"Openhandover_Conversation": "CHAT", "Openhandover_Epoch": "7"}, {"order": "A1"}, "(stale_epoch)"),
        ({"Openhandover_Conversation": "CHAT", "Openhandover_Epoch": "x"}, {"order": "A1"}, "whole number"),
    ],
)
@pytest.mark.parametrize("mode", MODES)
async def test_what_is_refused_is_a_readable_tool_error(
    house: House, mode: str, headers: dict[str, str], arguments: dict[str, Any], words: str
) -> None:
    """The model can read what is wrong; nothing was asked or said."""
    chat = await house.began()
    given = {name: value.replace("CHAT", chat) for name, value in headers.items()}
    async with mcp(house, mode, **given) as client:
        result = await client.call_tool("order_status", arguments)
    assert (result.is_error, result.structured_content) == (True, None)
    assert words in text(result)
    assert house.shop.asked == []


async def test_the_conversation_never_comes_from_the_model(house: House) -> None:
    """An argument of that name is an argument: it reaches no other conversation."""
    chat, other = await house.began(), await house.began()
    async with mcp(house, Openhandover_Conversation=chat) as client:
        await client.call_tool("order_twice", {"order": "A1", "conversation_id": other, "epoch": 1})
    assert (await house.texts(chat), await house.texts(other)) == (["Ordering A1", "Ordered A1"], [])


async def test_without_an_epoch_the_present_one_counts_and_the_floor_still_does(house: House) -> None:
    """A host that cannot set it per turn may leave it out; while a human has the floor no tool acts."""
    chat = await house.began()
    handover = await house.server.handover(chat)
    async with mcp(house, Openhandover_Conversation=chat) as client:
        refused = await client.call_tool("order_twice", {"order": "A1"})
        assert "(floor_taken)" in text(refused)
        await house.server.call("POST", f"/v1/handovers/{handover['id']}/cancel")
        assert text(await client.call_tool("order_twice", {"order": "A1"})) == "sent sent"


@pytest.mark.parametrize("mode", MODES)
async def test_an_unknown_tool_is_an_error_of_the_protocol(house: House, mode: str) -> None:
    """As the specification wants it; a model that made up a name learns so."""
    async with mcp(house, mode, Openhandover_Conversation=await house.began()) as client:
        with pytest.raises(MCPError, match="no tool with this name"):
            await client.call_tool("nowhere")


async def test_an_id_that_is_no_id_is_refused(house: House) -> None:
    """`_meta` is the host's, but not everything is an id."""
    async with mcp(house, Openhandover_Conversation=await house.began()) as client:
        meta: Any = {"openhandover/tool_call_id": 7}
        result = await client.call_tool("order_status", {"order": "A1"}, meta=meta)
    assert "must be a text" in text(result)


async def test_many_calls_at_once_do_not_mix(house: House) -> None:
    """Two clients in two conversations, ten calls each at the same time."""
    chats = [await house.began(), await house.began()]

    async def calls(chat: str) -> list[Any]:
        async with mcp(house, Openhandover_Conversation=chat) as client:
            orders = [
                client.call_tool("order_twice", {"order": f"{chat[-4:].lower()}-{n}"}) for n in range(10)
            ]
            return await asyncio.gather(*orders)

    results = await asyncio.gather(*(calls(chat) for chat in chats))
    assert {text(result) for per_chat in results for result in per_chat} == {"sent sent"}
    for chat in chats:
        said = await house.texts(chat)
        assert len(said) == 20
        assert all(chat[-4:].lower() in line for line in said)


@pytest.mark.parametrize(("key", "status"), [("wrong", 401), ("test-key-for-chats", 403)])
async def test_a_wrong_key_is_refused_before_anything_is_read(house: House, key: str, status: int) -> None:
    """As everywhere in the API: problem+json, also when the body is nonsense."""
    answer = await house.server.call("POST", "/mcp", data=b"{", key=key)
    assert (answer.status, answer.body["status"]) == (status, status)
    with pytest.raises(ExceptionGroup) as raised:
        async with mcp(house, Authorization=f"Bearer {key}"):
            pass
    assert raised.group_contains(MCPError)


async def test_streams_of_the_server_are_not_offered(house: House) -> None:
    """There is nothing to tell without being asked: GET and DELETE are refused with what is allowed."""
    for method in ("GET", "DELETE"):
        answer = await house.server.call(method, "/mcp")
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")


async def test_a_body_over_the_limit_is_refused(house: House) -> None:
    """The same limit as for every JSON body."""
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = await house.server.call(
        "POST", "/mcp", data=io.BytesIO(b" " * (1024 * 1024 + 1)), headers=headers
    )
    assert (answer.status, answer.code) == (413, "too_large")


async def test_without_the_sdk_the_answer_says_what_to_install(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MCP is an extra: 404, and everything else goes on."""
    monkeypatch.setitem(sys.modules, "mcp", None)
    answer = await house.server.call("POST", "/mcp", {})
    assert (answer.status, answer.code) == (404, "not_found")
    assert "pip install openhandover[mcp]" in answer.body["detail"]
    assert (await house.server.call("GET", "/v1/tools")).status == 200
