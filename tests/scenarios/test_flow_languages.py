"""What a flow says to somebody of another language, with and without a translation engine."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.net.loopback import serving
from tests.scenarios.test_the_flow_goes_on import with_flows
from tests.scenarios.world import TEXT, World, living

CONFIGURATION = (
    TEXT.replace("supported: [en]", "supported: [en, nl]")
    .replace("api: {{type: api, provider", "api: {{type: api, bot: steps, provider")
    .replace("bots:\n  mine", "bots:\n  steps: {{flow: main}}\n  mine")
)
FLOW = """
main:
- say: "Good morning {{ user }}"
- handover: {message: "One moment", accepted_message: {en: "Found", nl: "Gevonden"}}
- say: {text: {en: "Goodbye", nl: "Tot ziens"}}
"""


@asynccontextmanager
async def translated(folder: Path, status: int = 200) -> AsyncGenerator[tuple[World, list[Any]]]:
    """A world with an engine that says from which language to which it translated, and what it was asked."""
    asked: list[Any] = []

    async def engine(request: web.Request) -> web.Response:
        asked.append(await request.json())
        body = asked[-1]
        return web.json_response(
            {"translatedText": f"{body['source']}-{body['target']}: {body['q']}"}, status=status
        )

    async with serving(engine) as origin:
        settings = f'translation: {{engine: libretranslate, url: "{origin}"}}\n'
        async with living(folder, with_flows(FLOW, settings), CONFIGURATION) as world:
            yield world, asked


async def gone_through(world: World, language: str) -> list[dict[str, Any]]:
    """Everything that a user of this language was told from the greeting to the end."""
    chat = await world.began(language=language, user={"id": "u1", "name": "Ada"})
    await world.says(chat, "hi")
    handover_id = (await world.channel.got("handover.queued"))["handover_id"]
    await world.call("POST", f"/v1/handovers/{handover_id}/close", {"by": "operator"})
    await world.channel.until(lambda self: {"Goodbye", "Tot ziens"} & set(self.texts("bot")))
    return [message for message in await world.messages(chat) if message["author"] != "user"]


async def test_a_step_without_the_users_language_is_translated(tmp_path: Path) -> None:
    """Rendered first, then translated; a variant in the user's language needs no engine."""
    async with translated(tmp_path) as (world, asked):
        told = await gone_through(world, "nl-BE")
    assert told[0]["text"] == "Good morning Ada"
    assert told[0]["translation"] == {"language": "nl-BE", "text": "en-nl: Good morning Ada"}
    assert [message["text"] for message in told[1:3]] == ["en-nl: One moment", "Gevonden"]
    assert (told[-1]["text"], told[-1]["translation"]) == ("Tot ziens", None)
    for_the_agent = "hi"
    assert sorted(body["q"] for body in asked) == ["Good morning Ada", "One moment", for_the_agent]


async def test_a_reader_of_the_default_language_needs_no_engine(tmp_path: Path) -> None:
    """Nothing is asked where the texts are in the user's language, with a region or without."""
    async with translated(tmp_path) as (world, asked):
        told = await gone_through(world, "en-GB")
    assert [message["text"] for message in told[:3]] == ["Good morning Ada", "One moment", "Found"]
    assert asked == []


async def test_a_broken_engine_leaves_the_texts_as_they_were_written(tmp_path: Path) -> None:
    """A failed translation sends the original."""
    async with translated(tmp_path, status=500) as (world, _):
        told = await gone_through(world, "nl")
    assert [message["text"] for message in told[:3]] == ["Good morning Ada", "One moment", "Gevonden"]
    assert told[0]["translation"] is None
