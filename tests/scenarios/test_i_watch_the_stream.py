"""Server-sent events over a whole handover, with broken connections."""

import asyncio
import json
from typing import Any

from tests.scenarios.world import World, lines, soon
from tests.serving import KEY


async def watch(world: World, chat: str, got: list[dict[str, Any]], *, drop_after: int | None = None) -> None:
    """Read events into `got`, from where it stands; leave after `drop_after` of them."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {KEY}"}
    if last := next((event["seq"] for event in reversed(got) if event.get("seq")), None):
        headers["Last-Event-ID"] = str(last)
    url = f"{world.server.url}/v1/conversations/{chat}/events"
    count = 0
    async with world.server.http.get(url, headers=headers) as answer:
        fields: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
                continue
            if not fields:
                continue
            event = json.loads(fields["data"])
            assert fields["event"] == event["type"]
            assert fields.get("id") == (str(event["seq"]) if event.get("seq") else None)
            got.append(event)
            fields = {}
            count += 1
            if count == drop_after:
                return


async def test_the_stream_misses_nothing_however_often_it_breaks(world: World) -> None:
    """A watcher who comes back with Last-Event-ID after every third event sees what one who stayed sees."""
    chat = await world.began()
    steady: list[dict[str, Any]] = []
    nervous: list[dict[str, Any]] = []

    async def nervously() -> None:
        while True:
            await watch(world, chat, nervous, drop_after=3)

    watchers = [asyncio.create_task(watch(world, chat, steady)), asyncio.create_task(nervously())]
    handover_id, talk = await world.active(chat)
    for n in range(10):
        await world.says(chat, f"u{n}")
        world.desk.says(talk, f"a{n}")
    await world.channel.heard("a9")
    await soon(lambda: "u9" in lines(talk))
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    await world.bot_posts(chat, "welcome back", 3)
    await world.channel.heard("welcome back")

    async def settled() -> list[dict[str, Any]]:
        stored = await world.events(chat)
        async with asyncio.timeout(10):
            while not len(stored) == len(steady) == len(nervous):
                await asyncio.sleep(0.02)
                stored = await world.events(chat)
        return stored

    stored = await settled()
    for watcher in watchers:
        watcher.cancel()
    await asyncio.gather(*watchers, return_exceptions=True)
    assert steady == stored
    assert nervous == stored
    assert [event["seq"] for event in stored] == list(range(1, len(stored) + 1))


async def test_typing_is_seen_by_who_is_there(world: World) -> None:
    """It has no id, and does not come again."""
    chat = await world.began()
    _, talk = await world.active(chat)
    got: list[dict[str, Any]] = []
    watcher = asyncio.create_task(watch(world, chat, got))
    await soon(lambda: any(event["type"] == "handover.active" for event in got))
    world.desk.types(talk)
    await soon(lambda: any(event["type"] == "typing.started" for event in got))
    watcher.cancel()
    again: list[dict[str, Any]] = []
    watcher = asyncio.create_task(watch(world, chat, again))
    await world.says(chat, "the last one")
    await soon(lambda: any(event["type"] == "message.created" for event in again))
    watcher.cancel()
    assert "typing.started" not in [event["type"] for event in again]


async def test_a_rating_after_the_end(world: World) -> None:
    """It is asked for, kept, told, and holds nothing up."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"rating": {"ask": True, "text": "How was it?"}})
    early = await world.call("POST", f"/v1/handovers/{handover_id}/rating", {"score": 5})
    assert early.status == 422
    world.desk.closes(talk)
    asked = await world.channel.heard("How was it?")
    assert asked["data"]["metadata"] == {"rating": handover_id}
    rated = await world.call("POST", f"/v1/handovers/{handover_id}/rating", {"score": 4, "comment": "fine"})
    assert rated.body["rating"] == {"score": 4, "comment": "fine"}
    assert (await world.channel.got("handover.rated"))["data"]["rating"]["score"] == 4
