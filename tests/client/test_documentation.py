"""The functions of the how-to about the client do what it says, against a real server."""

import asyncio
from typing import Any

import pytest

from openhandover.client import Client
from tests.docs_pages import ROOT, blocks
from tests.serving import KEY, Server

PAGE = "docs/howto/use-the-python-client.md"


def documented(name: str) -> Any:
    """A function that the page defines."""
    for block in blocks("python"):
        if block.where.startswith(PAGE) and f"def {name}(" in block.text:
            found: dict[str, Any] = {}
            exec(compile(block.text, str(ROOT / PAGE), "exec"), found)
            return found[name]
    raise AssertionError(f"{PAGE} defines no {name}")


async def test_help_by_a_human(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """The first example runs to the end: the agent's words are printed and the outcome is returned."""
    helped = asyncio.create_task(documented("help_by_a_human")(server.url, KEY))
    listed = await server.until(
        "/v1/handovers?status=queued",
        lambda page: (
            page["items"] or (helped.done() and helped.result())
        ),  # its failure is the one to be told
    )
    handover = listed["items"][0]["id"]
    for call, body in (("accept", None), ("messages", {"text": "Let me see"}), ("close", None)):
        done = await server.call("POST", f"/v1/desk/handovers/{handover}/{call}?agent=anna", body)
        assert done.status < 300, done
    outcome = await asyncio.wait_for(helped, 20)
    assert (outcome.id, outcome.status, outcome.reason) == (handover, "completed", "agent_closed")
    assert capsys.readouterr().out == "Anna: Let me see\n"


async def test_ask_twice(client: Client) -> None:
    """The second example gives the handover that is open."""
    talk = await client.conversations.create("api", {"id": "ada"})
    first = await client.handovers.request(talk.id, initiator="user")
    now = await client.conversations.get(talk.id)
    assert await documented("ask")(client, now) == first.id
    await client.handovers.cancel(first.id)
    assert await documented("ask")(client, now) == ""
