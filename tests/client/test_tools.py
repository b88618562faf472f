"""Tools of the model by the client: schemas, results, handovers, and a retry that runs nothing twice."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from openhandover.client import Client, Invalid, NotFound
from openhandover.client.shapes import ToolCall
from tests.client.proxy import Proxy, proxy
from tests.serving import CONFIG, KEY, running_server

TOOLS = """
tools:
  double:
    description: Doubles a number.
    parameters: {type: object, properties: {n: {type: integer}}, required: [n]}
    steps:
      - set: {m: "{{ n * 2 }}"}
    output: {doubled: "{{ m }}"}
  talk_to_human:
    description: Hands over to a human.
    parameters: {type: object, properties: {topic: {type: string}}}
    steps:
      - say: "One moment, please."
      - handover: {provider: log, message: "You are being handed over."}
"""


@pytest.fixture
async def between(tmp_path: Path) -> AsyncGenerator[Proxy]:
    """A proxy in front of a server with two tools."""
    async with running_server(tmp_path, CONFIG + TOOLS) as server, proxy(server.url) as made:
        yield made


@pytest.fixture
async def client(between: Proxy) -> AsyncGenerator[Client]:
    """A client that goes through the proxy."""
    async with Client(between.url, KEY, give_up_s=20) as made:
        yield made


async def test_schemas_as_the_models_api_wants_them(client: Client) -> None:
    """Flat, or in the form of the two usual APIs."""
    flat = await client.tools.list()
    assert [tool["name"] for tool in flat] == ["double", "talk_to_human"]
    assert [tool["function"]["name"] for tool in await client.tools.list("openai")] == [
        "double",
        "talk_to_human",
    ]
    assert all("input_schema" in tool for tool in await client.tools.list("anthropic"))


async def test_a_result_or_a_handover(client: Client) -> None:
    """One tool answers, the other one hands over, and then there is no result."""
    talk = await client.conversations.create("api", {"id": "ada"})
    answer = await client.tools.call("double", talk.id, talk.epoch, {"n": 21})
    assert (answer.result, answer.handover) == ({"doubled": 42}, None)
    given = await client.tools.call("talk_to_human", talk.id, talk.epoch, {}, tool_call_id="call_1")
    assert given.result is None
    assert given.handover is not None
    handover = await client.handovers.get(given.handover.id)
    assert handover.replaces == ToolCall("talk_to_human", "call_1")


async def test_a_lost_reply_runs_a_tool_once(client: Client, between: Proxy) -> None:
    """The same id of the call gets the same answer; the user is told once."""
    talk = await client.conversations.create("api", {"id": "ada"})
    between.lose_replies = 1
    given = await client.tools.call("talk_to_human", talk.id, talk.epoch, {})
    assert given.handover is not None
    assert [one.id async for one in client.handovers.list()] == [given.handover.id]
    said = [one.text async for one in client.messages.list(talk.id)]
    assert said.count("One moment, please.") == 1


async def test_wrong_calls_are_typed(client: Client) -> None:
    """Arguments that do not fit name their place; a tool that is not there is not found."""
    talk = await client.conversations.create("api", {"id": "ada"})
    with pytest.raises(Invalid) as wrong:
        await client.tools.call("double", talk.id, talk.epoch, {"n": "many"})
    assert wrong.value.errors
    with pytest.raises(NotFound):
        await client.tools.call("triple", talk.id, talk.epoch, {})
