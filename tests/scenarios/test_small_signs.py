"""Typing, presence, receipts: what is not said in words."""

import asyncio
import time

from tests.scenarios.world import World, lines, soon


def calls(world: World, path: str) -> int:
    """How often the desk was called there."""
    return world.desk.calls.count(path)


async def test_typing_goes_both_ways_and_ends_by_itself(world: World) -> None:
    """The desk hears the user type, the channel the agent; nobody said stop, so it ends after six seconds."""
    chat = await world.began()
    _, talk = await world.active(chat)
    began = time.monotonic()
    await world.call("POST", f"/v1/conversations/{chat}/typing", {"author": "user", "on": True})
    world.desk.types(talk)
    started = await world.channel.got("typing.started")
    await soon(lambda: talk.typing)
    assert started["data"] == {"author": "agent"}
    assert "seq" not in started
    await world.channel.got("typing.stopped")
    assert 5.5 < time.monotonic() - began < 8
    await soon(lambda: not talk.typing)
    assert not [event for event in await world.events(chat) if event["type"].startswith("typing")]


async def test_typing_stops_when_told(world: World) -> None:
    """An explicit stop, and a start that is renewed, are each told once."""
    chat = await world.began()
    _, talk = await world.active(chat)
    for _ in range(3):
        world.desk.types(talk)
    world.desk.types(talk, on=False)
    await world.channel.got("typing.stopped", within_s=3)
    assert len(world.channel.of("typing.started")) == 1


async def test_a_stop_never_overtakes_its_start(world: World) -> None:
    """The desk and the channel are slow with the start; the stop waits for it, else it would stand for good."""
    chat = await world.began()
    _, talk = await world.active(chat)
    heard = len(world.channel.tries)
    for ear in (world.desk, world.channel):
        ear.may_answer.clear()
    for on in (True, False):
        await world.call("POST", f"/v1/conversations/{chat}/typing", {"author": "user", "on": on})
        world.desk.types(talk, on=on)
        await soon(lambda: "/typing" in world.desk.knocks and len(world.channel.tries) > heard)
    for ear in (world.desk, world.channel):
        ear.may_answer.set()
    await world.channel.got("typing.stopped")
    await soon(lambda: calls(world, "/typing") == 2)
    assert not talk.typing
    assert [event["type"] for event in world.channel.events if "seq" not in event] == [
        "typing.started",
        "typing.stopped",
    ]


async def test_the_bot_does_not_type_while_a_human_has_the_floor(world: World) -> None:
    """409 floor_taken."""
    chat = await world.began()
    await world.active(chat)
    answer = await world.call("POST", f"/v1/conversations/{chat}/typing", {"author": "bot", "on": True})
    assert (answer.status, answer.code) == (409, "floor_taken")


async def test_the_agent_hears_that_the_user_left_and_came_back(world: World) -> None:
    """Exactly the two sentences; a reload within two seconds is neither."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    where = f"/v1/conversations/{chat}/presence"
    await world.call("POST", where, {"state": "disconnected"})
    await world.call("POST", where, {"state": "connected"})
    await asyncio.sleep(2.3)
    assert calls(world, "/presence") == 0
    await world.call("POST", where, {"state": "disconnected"})
    await soon(lambda: talk.note == "User left the conversation")
    await world.call("POST", where, {"state": "connected"})
    await soon(lambda: talk.note == "User joined the conversation")
    assert calls(world, "/presence") == 2
    assert (await world.handover(handover_id))["status"] == "active"


async def test_presence_can_be_kept_back(world: World) -> None:
    """`presence.disconnects: false` tells nothing on leaving."""
    chat = await world.began()
    _, talk = await world.active(chat, {"presence": {"disconnects": False}})
    where = f"/v1/conversations/{chat}/presence"
    await world.call("POST", where, {"state": "disconnected"})
    await asyncio.sleep(2.3)
    await world.call("POST", where, {"state": "connected"})
    await soon(lambda: talk.note == "User joined the conversation")
    assert calls(world, "/presence") == 1


async def test_the_desk_hears_that_its_message_arrived(world: World) -> None:
    """A receipt under the desk's own id, once the channel took the message."""
    chat = await world.began()
    _, talk = await world.active(chat)
    message_id = world.desk.says(talk, "hello")
    line = next(line for line in talk.lines if line["id"] == message_id)
    await soon(lambda: line.get("receipt") == "delivered")


async def test_the_desk_hears_that_its_message_was_refused(world: World) -> None:
    """A channel that answers 410 gives the agent a failed receipt, and the next message goes on."""
    world.channel.gone("forbidden word")
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.says(talk, "forbidden word")
    world.desk.says(talk, "allowed word")
    await world.channel.heard("allowed word")
    await soon(lambda: talk.lines[0].get("receipt") == "failed")
    counts = (await world.proof(handover_id))["counts"]
    assert (counts["failed"], counts["accepted"]) == (1, 2)
    kinds = [e["type"] for e in await world.events(chat) if e["type"].startswith("message.f")]
    assert kinds == ["message.failed"]


async def test_the_user_hears_that_the_agent_read_it(world: World) -> None:
    """message.delivered once the desk took it, message.read when the agent did."""
    chat = await world.began()
    _, talk = await world.active(chat)
    said = await world.says(chat, "please read")
    await soon(lambda: "please read" in lines(talk))
    await world.channel.got("message.delivered")
    world.desk.reads(talk, said["id"])
    read = await world.channel.got("message.read")
    assert read["data"] == {"message_id": said["id"]}
    assert world.channel.of("message.delivered")[0]["data"] == {"message_id": said["id"]}
    (shown,) = [m for m in await world.messages(chat) if m["id"] == said["id"]]
    assert shown["delivery"]["state"] == "read"


async def test_files_of_the_agent_are_kept_by_us(world: World) -> None:
    """A file by url is fetched and shown under an address of ours, at which it can be read without a key."""
    from aiohttp import web

    from tests.net.loopback import serving

    async def file(_: web.Request) -> web.Response:
        return web.Response(body=b"%PDF-1.4 hello", content_type="application/pdf")

    chat = await world.began()
    _, talk = await world.active(chat)
    async with serving(file) as origin:
        world.desk.says(talk, "see here", [{"url": f"{origin}/a/invoice.pdf", "name": "invoice.pdf"}])
        shown = await world.channel.heard("see here")
    (kept,) = shown["data"]["attachments"]
    assert (kept["name"], kept["content_type"], kept["size"]) == ("invoice.pdf", "application/pdf", 14)
    assert "/v1/files/" in kept["url"]
    async with world.server.http.get(kept["url"]) as answer:
        assert (answer.status, await answer.read()) == (200, b"%PDF-1.4 hello")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_file_that_cannot_be_fetched_stays_a_link(world: World) -> None:
    """Nothing is dropped: the text comes, with the link itself; a private address is never called."""
    chat = await world.began()
    _, talk = await world.active(chat)
    world.desk.says(talk, "see there", [{"url": "http://10.255.255.1/x.pdf", "name": "x.pdf"}])
    shown = await world.channel.heard("see there")
    (file,) = shown["data"]["attachments"]
    assert (file["name"], file["url"]) == ("x.pdf", "http://10.255.255.1/x.pdf")


async def test_files_of_the_user_reach_the_desk(world: World) -> None:
    """An upload becomes a signed link in the desk's message."""
    import aiohttp

    form = aiohttp.FormData()
    form.add_field("file", b"hello", filename="a.txt", content_type="text/plain")
    upload = (await world.call("POST", "/v1/uploads", data=form)).body
    chat = await world.began()
    _, talk = await world.active(chat)
    await world.says(chat, "", attachments=[{"upload_id": upload["upload_id"]}])
    (line,) = await soon(lambda: [line for line in talk.lines if line["author"] == "user"])
    (file,) = line["attachments"]
    async with world.server.http.get(file["url"]) as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")


async def test_an_answer_with_html_stays_text(world: World) -> None:
    """Markup of either side passes unchanged, as text."""
    nasty = "<script>alert(1)</script> {{ user }} \u0000\u202e"
    chat = await world.began()
    _, talk = await world.active(chat)
    await world.says(chat, nasty)
    world.desk.says(talk, nasty)
    await world.channel.heard(nasty)
    await soon(lambda: nasty in lines(talk, "user"))
