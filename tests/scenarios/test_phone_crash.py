"""The power goes out in the middle of a phone call: the restarted server answers Twilio's next request rightly."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from xml.etree.ElementTree import Element

import aiohttp
import pytest

from tests.channels.caller import PUBLIC, Caller, Waiting, attributes
from tests.channels.phone_world import CONFIG, HUMAN, flow
from tests.ports import free_port
from tests.scenarios.process import Process

MESSAGE = "I am putting you through."


class Power:
    """A server process that can be killed, and a caller whose call outlives it."""

    def __init__(self, process: Process, caller: Caller) -> None:
        self.caller = caller
        self._process = process

    async def fails(self) -> None:
        """kill -9, and start again at the same address."""
        await self._process.kill()
        assert await self._process.start(int(self.caller.url.rpartition(":")[2])) == self.caller.url


@asynccontextmanager
async def power(folder: Path, flows: str, **options: str) -> AsyncGenerator[Power]:
    """A process with these flows, and a caller who has not called yet."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = Process(folder, CONFIG.replace(PUBLIC, url) + flows)
    try:
        assert await process.start(port) == url
        async with aiohttp.ClientSession() as http:
            yield Power(process, Caller(url, http, public=url, **options))
    finally:
        await process.end()


def where_next(document: Element) -> str:
    """The address behind a document's words."""
    assert document[-1].tag == "Redirect"
    return document[-1].text or ""


async def test_while_a_question_waits(tmp_path: Path) -> None:
    """The answer to a question that was asked before the crash is the flow's next input."""
    async with power(tmp_path, flow()) as it:
        await it.caller.ring()
        await it.fails()
        await it.caller.press("1")
        assert "You said order." in it.caller.texts
        assert it.caller.is_over


async def test_while_nobody_listens_to_twilio(tmp_path: Path) -> None:
    """Twilio found no server, and asks at the number's other address: the question comes again, and nothing is lost."""
    async with power(tmp_path, flow()) as it:
        await it.caller.ring()
        question = it.caller.texts
        await it.fails()
        await it.caller.ask(f"{it.caller.url}/voice/phone")
        assert it.caller.texts == question
        await it.caller.press("1")
        assert it.caller.texts == ["You said order."]


async def test_while_the_message_is_spoken(tmp_path: Path) -> None:
    """The handover's message was on the caller's ear when the server died: it is not said again, and the human called."""
    async with power(tmp_path, flow()) as it:
        caller = await it.caller.ring()
        document = await caller.post(attributes(caller.waiting)["action"], {"Digits": "2"})
        while document[0].text != MESSAGE:
            document = await caller.post(where_next(document), {})
        await it.fails()
        caller.waiting = None
        await caller.ask(where_next(document))
        assert caller.diary[-1] == f"dial {HUMAN}"
        assert f"say {MESSAGE}" not in caller.diary
        await caller.pick_up()
        await caller.dial_ends("completed")
        assert caller.texts[-1] == "It ended as completed, agent_closed."


async def test_before_the_message_was_taken(tmp_path: Path) -> None:
    """The server died with the message still waiting: it is said once, then the human is called."""
    async with power(tmp_path, flow()) as it:
        caller = await it.caller.ring()
        document = await caller.post(attributes(caller.waiting)["action"], {"Digits": "2"})
        await it.fails()
        caller.waiting = None
        if document[0].text == MESSAGE:
            await caller.ask(where_next(document))
        else:
            await caller.ask(f"{it.caller.url}/voice/phone")
            assert caller.diary.count(f"say {MESSAGE}") == 1
        assert caller.diary[-1] == f"dial {HUMAN}"


@pytest.mark.parametrize("picked_up", [False, True])
async def test_while_the_human_is_called(picked_up: bool, tmp_path: Path) -> None:
    """The end of a dialled call reaches the restarted server, and the flow goes on with the caller."""
    async with power(tmp_path, flow()) as it:
        caller = await it.caller.ring()
        await caller.press("2")
        if picked_up:
            await caller.pick_up()
        await it.fails()
        await caller.dial_ends("completed" if picked_up else "busy")
        told = "completed, agent_closed" if picked_up else "error, busy"
        assert caller.texts[-1] == f"It ended as {told}."
        assert caller.is_over


async def test_before_the_order_was_taken(tmp_path: Path) -> None:
    """The order to dial that no request had taken yet is given after the restart, once."""
    async with power(tmp_path, flow()) as it:
        caller = await it.caller.ring()
        document = await caller.post(attributes(caller.waiting)["action"], {"Digits": "2"})
        while document[0].text != MESSAGE:
            document = await caller.post(where_next(document), {})
        lost = await caller.post(where_next(document), {})
        await it.fails()
        again = await caller.post(where_next(document), {})
        assert [(verb.tag, verb[0].text) for verb in (lost[0], again[0])] == [("Dial", HUMAN)] * 2
        caller.waiting = Waiting(again[0], (), where_next(document))
        await caller.dial_ends("no-answer")
        assert caller.texts[-1] == "It ended as error, no_answer."


async def test_while_the_caller_is_referred(tmp_path: Path) -> None:
    """What became of a REFER reaches the restarted server."""
    async with power(tmp_path, flow("sip:team@pbx.example", "refer"), from_="sip:anna@pbx.example") as it:
        caller = await it.caller.ring()
        await caller.press("2")
        await it.fails()
        await caller.refer_ends(
            ReferCallStatus="busy", ReferSipResponseCode="202", NotifySipResponseCode="486"
        )
        assert caller.texts[-1] == "It ended as error, busy."


async def test_the_caller_hangs_up_meanwhile(tmp_path: Path) -> None:
    """Twilio's word that the call is over finds the restarted server: nobody is called for a caller who has left."""
    async with power(tmp_path, flow()) as it:
        caller = await it.caller.ring()
        await caller.post(attributes(caller.waiting)["action"], {"Digits": "2"})
        await it.fails()
        await caller.hang_up()
        assert [verb.tag for verb in await caller.post(f"{it.caller.url}/voice/phone", {})] == ["Hangup"]
