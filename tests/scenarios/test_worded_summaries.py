"""A language model words the digest's summary; whatever it does, the bot gets the conversation back in time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.net.loopback import serving
from tests.scenarios.world import World, living

WORDED = "The parcel is with the neighbours; the agent will call tomorrow."
Model = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def model(request: web.Request) -> web.Response:
    """The chat completions API as its documentation has it."""
    body = await request.json()
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["Authorization"] == "Bearer model-key"
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "user: My card is" in user["content"] and "agent: It is next door" in user["content"]
    assert "4111" not in user["content"]
    return web.json_response({"choices": [{"message": {"role": "assistant", "content": f" {WORDED}\n"}}]})


async def completed(folder: Path, answers: Model) -> tuple[dict[str, Any], dict[str, Any], World]:
    """The end event as the bot got it, and the handover as it is then."""
    async with serving(answers) as origin:
        settings = f'summaries: {{model: small, url: "{origin}/v1", key: model-key}}\n'
        async with living(folder, settings) as world:
            chat = await world.began(channel="bots")
            handover_id, talk = await world.active(chat)
            await world.says(chat, "My card is 4111 1111 1111 1111, where is my parcel?")
            world.desk.says(talk, "It is next door")
            await world.channel.until(lambda self: self.texts("agent"))
            world.desk.closes(talk)
            event = await world.bot.got("handover.completed")
            return event, await world.handover(handover_id), world


async def test_the_bot_reads_what_the_talk_amounted_to(tmp_path: Path) -> None:
    """Webhook and handover have the model's words; everything else of the digest are the facts, as before."""
    event, handover, _ = await completed(tmp_path, model)
    assert event["data"]["digest"]["summary"] == WORDED
    assert handover["digest"] == event["data"]["digest"]
    assert [message["author"] for message in handover["digest"]["messages"]][-2:] == ["user", "agent"]


async def refusing(_: web.Request) -> web.Response:
    """No key, no words."""
    return web.Response(status=401)


async def silent(_: web.Request) -> web.Response:
    """Nothing usable."""
    return web.json_response({"choices": []})


async def endless(_: web.Request) -> web.Response:
    """An answer that never comes."""
    await asyncio.sleep(60)
    return web.Response()


@pytest.mark.parametrize("answers", [refusing, silent, endless])
async def test_without_the_model_the_facts_stay(tmp_path: Path, answers: Model) -> None:
    """The bot gets the end after at most three seconds, with the sentence from the facts."""
    event, handover, _ = await completed(tmp_path, answers)
    assert event["data"]["digest"]["summary"].startswith("The user talked with")
    assert handover["digest"]["summary"] == event["data"]["digest"]["summary"]
