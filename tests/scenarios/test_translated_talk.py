"""User and agent of different languages: both read their own, the original stays, a real engine in between."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.net.loopback import serving
from tests.scenarios.test_flow_languages import translated
from tests.scenarios.world import TEXT, World, living, soon
from tests.translation.apy import apertium

SPANISH = TEXT.replace("supported: [en]", "supported: [en, es]")


def said_to_agent(world: World) -> list[dict[str, Any]]:
    """The messages that the desk got after the handover had begun."""
    return [line for talk in world.desk.talks.values() for line in talk.lines]


@pytest.mark.apertium
async def test_both_sides_read_their_own_language(tmp_path: Path) -> None:
    """Apertium translates both ways; each side's message keeps its original."""
    async with apertium() as origin:
        engine = f'translation: {{engine: apertium, url: "{origin}"}}\n'
        async with living(tmp_path, engine, SPANISH) as world:
            chat = await world.began(language="es")
            _, talk = await world.active(chat)
            await world.says(chat, "¿Dónde está mi paquete?")
            got = await soon(lambda: [x for x in said_to_agent(world) if x["author"] == "user"])
            assert got[0]["text"] == "¿Dónde está mi paquete?"
            assert got[0]["translation"]["language"] == "en"
            assert "where" in got[0]["translation"]["text"].lower()
            assert "package" in got[0]["translation"]["text"].lower()
            world.desk.says(talk, "Good morning, your package is in the house")
            await world.channel.until(lambda self: self.texts("agent"))
            told = next(
                event["data"] for event in world.channel.events if event["data"].get("author") == "agent"
            )
            assert told["text"] == "Good morning, your package is in the house"
            assert told["translation"]["language"] == "es"
            assert "buenos días" in told["translation"]["text"].lower()


@pytest.mark.apertium
async def test_an_engine_without_the_pair_sends_the_original(tmp_path: Path) -> None:
    """Apertium here knows no Dutch: what people write arrives all the same, in order."""
    async with apertium() as origin:
        engine = f'translation: {{engine: apertium, url: "{origin}"}}\n'
        async with living(tmp_path, engine, TEXT.replace("supported: [en]", "supported: [en, nl]")) as world:
            chat = await world.began(language="nl")
            await world.active(chat)
            for text in ("Waar is mijn pakje?", "Ik wacht al een week", "Dank u wel"):
                await world.says(chat, text)
            got = await soon(lambda: len(said_to_agent(world)) >= 3 and said_to_agent(world))
            assert [line["text"] for line in got] == [
                "Waar is mijn pakje?",
                "Ik wacht al een week",
                "Dank u wel",
            ]
            assert [line["translation"] for line in got] == [None, None, None]


async def test_the_language_is_detected_and_decides(tmp_path: Path) -> None:
    """A conversation that began in the default language follows the user's words, and so does what is said to them."""
    async with translated(tmp_path) as (world, asked):
        chat = await world.began(channel="bots")
        await world.says(chat, "Goedemorgen, ik heb een vraag over mijn rekening van vorige maand")
        found = await world.call("GET", f"/v1/conversations/{chat}")
        assert found.body["language"] == "nl"
        await world.asks(chat, {"message": "One moment please"}, initiator="user")
        await world.channel.until(lambda self: self.texts("system"))
        assert world.channel.texts("system")[0] == "en-nl: One moment please"
    assert [body["target"] for body in asked if body["q"] == "One moment please"] == ["nl"]


async def test_a_handover_of_the_api_speaks_the_users_language(tmp_path: Path) -> None:
    """Its texts are translated as those of a flow are; a variant in the user's language needs no engine."""
    async with translated(tmp_path) as (world, asked):
        chat = await world.began(channel="bots", language="nl")
        settings = {"message": "One moment", "accepted_message": {"en": "Found", "nl": "Gevonden"}}
        handover_id = await world.asks(chat, settings, initiator="user")
        await world.until(handover_id, status="queued")
        texts = [message["text"] for message in await world.messages(chat)]
        assert texts == ["en-nl: One moment", "Gevonden"]
    assert [body["q"] for body in asked] == ["One moment"]


async def test_a_broken_engine_leaves_a_handover_as_it_was_written(tmp_path: Path) -> None:
    """A failed translation sends the original."""
    async with translated(tmp_path, status=503) as (world, _):
        chat = await world.began(channel="bots", language="nl")
        handover_id = await world.asks(chat, {"message": "One moment"}, initiator="user")
        await world.until(handover_id, status="queued")
        assert [message["text"] for message in await world.messages(chat)] == ["One moment"]


async def test_the_agent_reads_what_was_said_before(tmp_path: Path) -> None:
    """The transcript comes in the agent's language, the original beside it; what is in it already is left alone."""
    async with translated(tmp_path) as (world, asked):
        chat = await world.began(channel="bots", language="nl")
        await world.says(chat, "Waar is mijn pakje van gisteren?")
        await world.bot_posts(chat, "Ik zoek iemand", epoch=1)
        await world.queued(chat, {"message": ""})
        told = said_to_agent(world)
        assert [line["text"] for line in told] == ["Waar is mijn pakje van gisteren?", "Ik zoek iemand"]
        assert [line["translation"] for line in told] == [
            {"language": "en", "text": f"nl-en: {line['text']}"} for line in told
        ]
        kept = [message["translation"] for message in await world.messages(chat)][:2]
    assert kept == [None, None]
    assert len(asked) == 2


async def test_a_region_makes_no_other_language(tmp_path: Path) -> None:
    """Who writes British English to an agent who reads English is not translated, nor is the agent's answer."""
    async with translated(tmp_path) as (world, asked):
        chat = await world.began(language="en-GB")
        _, talk = await world.active(chat)
        await world.says(chat, "Anybody there?")
        got = await soon(lambda: [x for x in said_to_agent(world) if x["author"] == "user"])
        world.desk.says(talk, "In the house")
        await world.channel.heard("In the house")
        told = [event["data"] for event in world.channel.of("message.created")][-1]
    assert (got[0]["translation"], told["translation"]) == (None, None)
    assert asked == []


async def test_a_slow_engine_holds_no_handover_up(tmp_path: Path) -> None:
    """After the time of one message the transcript goes out with what is ready, the rest as it was written."""

    async def engine(request: web.Request) -> web.Response:
        body = await request.json()
        if body["q"] != "Waar is mijn pakje van gisteren?":
            await asyncio.sleep(30)
        return web.json_response({"translatedText": "Where is my parcel of yesterday?"})

    async with serving(engine) as origin:
        settings = f'translation: {{engine: libretranslate, url: "{origin}"}}\n'
        async with living(
            tmp_path, settings, TEXT.replace("supported: [en]", "supported: [en, nl]")
        ) as world:
            chat = await world.began(channel="bots", language="nl")
            for text in ("Goedemorgen, is daar iemand?", "Waar is mijn pakje van gisteren?"):
                await world.says(chat, text)
            await world.queued(chat, {"accepted_message": ""})
            told = said_to_agent(world)
    assert [line["translation"] and line["translation"]["text"] for line in told] == [
        None,
        "Where is my parcel of yesterday?",
    ]
