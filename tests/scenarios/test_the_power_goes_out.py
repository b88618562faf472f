"""Restarts and kill -9 in the middle of everything: nothing missing, nothing twice, timers go on."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.scenarios.process import Process, client
from tests.scenarios.world import World, lines, living, soon
from tests.serving import KEY


async def whole_story(world: World, chat: str, handover_id: str) -> None:
    """Both sides go on writing, and then both have everything once and in order."""
    talk = await world.talk(handover_id)
    if talk.state == "waiting":
        world.desk.joins(talk)
    await world.until(handover_id, status="active")
    await world.says(chat, "user after")
    world.desk.says(talk, "agent after")
    await world.channel.heard("agent after")
    await soon(lambda: "user after" in lines(talk))
    for texts in (lines(talk), world.channel.texts()):
        assert len(texts) == len(set(texts)), texts
    assert lines(talk, "user") == [m["text"] for m in await world.messages(chat) if m["author"] == "user"]
    assert world.channel.texts() == [m["text"] for m in await world.messages(chat) if m["author"] != "user"]
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    counts = (
        await world.server.until(f"/v1/handovers/{handover_id}/proof", lambda p: not p["counts"]["pending"])
    )["counts"]
    assert (counts["accepted"], counts["failed"], counts["misordered"]) == (counts["delivered"], 0, 0)
    assert len(world.desk.talks) == 1


async def test_while_the_desk_is_being_asked(world: World) -> None:
    """The open call is repeated under the same key."""
    world.desk.slow(0.5)
    chat = await world.began()
    handover_id = await world.asks(chat, {"message": "a person comes"})
    await world.says(chat, "early")
    await world.channel.heard("a person comes")
    await world.restart()
    world.desk.slow(0)
    await whole_story(world, chat, handover_id)


async def test_while_the_desk_is_down(world: World) -> None:
    """What was due stays due."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.fail_next(503, 2)
    for n in range(3):
        await world.says(chat, f"user {n}")
    await world.restart()
    await soon(lambda: len(lines(talk)) == 3)
    await whole_story(world, chat, handover_id)


async def test_while_the_channel_is_down(world: World) -> None:
    """The same for the other side."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.channel.fail_next(503, 3)
    for n in range(3):
        world.desk.says(talk, f"agent {n}")
    await soon(talk.due.empty)
    await world.restart()
    await whole_story(world, chat, handover_id)


async def test_while_the_server_is_away(world: World) -> None:
    """What the desk writes meanwhile comes when we are back, in order."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    await world.stop()
    for n in range(3):
        world.desk.says(talk, f"agent {n}")
    await asyncio.sleep(0.3)
    await world.start()
    await whole_story(world, chat, handover_id)


async def test_a_cancel_that_the_desk_has_not_heard(world: World) -> None:
    """The desk still gets its cancel after the restart."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.down()
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    await world.restart()
    world.desk.down(on=False)
    await soon(lambda: talk.state == "closed")
    assert world.desk.calls.count("/cancel") == 1


async def test_a_held_event_is_not_forgotten(world: World) -> None:
    """An event that waits for a gap survives, and the gap is waited for again from ready on."""
    chat = await world.began()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")
    message = {"id": "m2", "text": "second"}
    event = {
        "event_id": "e2",
        "type": "agent.message",
        "handover_id": handover_id,
        "seq": 2,
        "message": message,
    }
    await world.webhook(event)
    await world.stop()
    await asyncio.sleep(3.2)
    await world.start()
    await asyncio.sleep(0.5)
    assert world.channel.texts("agent") == []
    first = event | {"event_id": "e1", "seq": 1, "message": {"id": "m1", "text": "first"}}
    await world.webhook(first)
    await world.channel.heard("second")
    assert world.channel.texts("agent") == ["first", "second"]
    assert (await world.webhook(first)).body == {"applied": False, "reason": "repeated"}


async def test_fallback_goes_on_after_a_restart(world: World) -> None:
    """open_s keeps counting, the backup is tried."""
    world.desk.down()
    handover_id = await world.asks(await world.began(), {"limits": {"open_s": 2}, "fallback": ["backup"]})
    await world.restart()
    found = await world.until(handover_id, status="queued")
    assert (found["provider"], found["attempt"]) == ("backup", 2)
    assert len(world.backup.talks) == 1


class Mortal(World):
    """A world whose server is a process."""

    process: Process

    async def start(self) -> None:
        """Start the process."""
        if not hasattr(self, "process"):
            self.process = Process(self.folder, self.text)
        url = await self.process.start()
        self._clients = AsyncExitStack()
        self.server = await self._clients.enter_async_context(client(url))
        self.desk.webhooks = f"{url}/webhooks/support"
        self.backup.webhooks = f"{url}/webhooks/backup"

    async def stop(self) -> None:
        """SIGTERM."""
        await self._clients.aclose()
        assert await self.process.end() in (0, -9)

    async def kill(self) -> None:
        """kill -9 and start again."""
        await self._clients.aclose()
        await self.process.kill()
        await self.start()


@pytest.fixture
async def mortal(tmp_path: Path):
    """A world with a process in it."""
    async with living(tmp_path, kind=Mortal) as running:
        yield running


async def test_kill_9_in_the_middle_of_the_talk(mortal: Mortal) -> None:
    """Both sides write; the process is killed three times in the middle of it; both have everything once, in order."""
    chat = await mortal.began()
    handover_id, talk = await mortal.active(chat)

    async def user() -> None:
        for n in range(30):
            await send(mortal, chat, f"user {n}")

    async def agent() -> None:
        for n in range(30):
            mortal.desk.says(talk, f"agent {n}")
            await soon(lambda last=n - 3: last < 0 or f"agent {last}" in mortal.channel.texts(), 30)

    async def fate() -> None:
        for reached in (3, 10, 20):
            await soon(lambda least=reached: len(mortal.channel.texts("agent")) >= least, 30)
            assert len(mortal.channel.texts("agent")) < 30
            await mortal.kill()

    await asyncio.gather(user(), agent(), fate())
    await mortal.channel.heard("agent 29", within_s=30)
    await soon(lambda: "user 29" in lines(talk), within_s=30)
    assert lines(talk, "user") == [f"user {n}" for n in range(30)]
    assert mortal.channel.texts("agent") == [f"agent {n}" for n in range(30)]
    await whole_story(mortal, chat, handover_id)
    assert "Traceback" not in mortal.process.log()


async def send(world: World, chat: str, text: str) -> None:
    """One message with an id of its own, until somebody answers."""
    import aiohttp

    body = {"id": text, "author": "user", "text": text}
    async with asyncio.timeout(30):
        while True:
            try:
                answer = await world.call("POST", f"/v1/conversations/{chat}/messages", body)
            except (aiohttp.ClientError, RuntimeError, TimeoutError):  # the server, or its client, is gone
                await asyncio.sleep(0.05)
                continue
            assert answer.status in (200, 201), answer
            return


async def test_kill_9_right_after_an_answer(mortal: Mortal) -> None:
    """What was answered is there: conversation, message, handover; each once."""
    chat = await mortal.began()
    await mortal.says(chat, "kept")
    handover_id = await mortal.asks(chat)
    await mortal.kill()
    await mortal.until(handover_id, status="queued")
    await whole_story(mortal, chat, handover_id)


async def test_sigterm_ends_with_status_0(mortal: Mortal) -> None:
    """Within ten seconds, also while a call to a slow desk is under way and a stream is open."""
    mortal.desk.slow(8)
    chat = await mortal.began()
    await mortal.asks(chat)
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {KEY}"}
    where = f"{mortal.server.url}/v1/conversations/{chat}/events"
    async with mortal.server.http.get(where, headers=headers) as stream:
        await stream.content.readline()
        await soon(lambda: "/open" in mortal.desk.knocks)
        assert await mortal.process.end() == 0
    assert "Traceback" not in mortal.process.log()
