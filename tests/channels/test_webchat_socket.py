"""Talking over the web chat's socket, coming and going, against a running server."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from openhandover.config.load import load_text
from openhandover.web import serve
from tests.channels.visitor import CONFIG, Visitor
from tests.desk.floor import Agent
from tests.serving import Server


def created(frames: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(author, text) of the messages among these frames."""
    events = [frame["event"] for frame in frames if frame["type"] == "event"]
    return [
        (event["data"]["author"], event["data"]["text"])
        for event in events
        if event["type"] == "message.created"
    ]


async def test_both_sides_hear_each_other(server: Server) -> None:
    """What the visitor says is accepted, stored and shown; what the bot says arrives with its buttons."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        accepted = await page.say("hello")
        assert accepted["type"] == "accepted"
        buttons = [{"text": "Yes", "value": "y"}]
        await visitor.bot_says("Shall I?", buttons=buttons)
        heard = await page.hears("Shall I?")
        assert (heard["author"], heard["buttons"]) == ("bot", buttons)
        assert (await page.say("Yes", button="y"))["type"] == "accepted"
    stored = await visitor.messages()
    assert [(item["author"], item["text"]) for item in stored] == [
        ("user", "hello"),
        ("bot", "Shall I?"),
        ("user", "Yes"),
    ]
    assert stored[0]["seq"] == accepted["seq"]


async def test_a_page_comes_back_where_it_left(server: Server) -> None:
    """After a break everything after the last number comes, once and in order; after 0 everything does."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("one")
        seq = (await page.event("message.created"))["seq"]
    for text in ("two", "three", "four"):
        await visitor.bot_says(text)
    async with visitor.page(after=seq) as page:
        await page.hears("four")
        assert created(page.frames) == [("bot", "two"), ("bot", "three"), ("bot", "four")]
    async with visitor.page() as page:
        await page.hears("four")
        assert [text for _, text in created(page.frames)] == ["one", "two", "three", "four"]
        seqs = [frame["event"]["seq"] for frame in page.frames if frame["type"] == "event"]
        assert seqs == sorted(set(seqs))


async def test_a_message_sent_twice_is_there_once(server: Server) -> None:
    """The same id and text again is accepted with the same number; with another text it is refused."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        first = await page.say("once", id="message-0001")
    async with visitor.page() as page:
        assert await page.say("once", id="message-0001") == first
        assert (await page.say("other", id="message-0001"))["code"] == "id_reused"
    assert [item["text"] for item in await visitor.messages()] == ["once"]


async def test_two_tabs_see_the_same(server: Server) -> None:
    """What is said in one tab is shown in the other."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as one, visitor.page() as other:
        await visitor.here(one)
        await visitor.here(other)
        await one.say("from one")
        assert (await other.hears("from one"))["author"] == "user"
        await other.say("from other")
        assert (await one.hears("from other"))["author"] == "user"


async def test_visitors_do_not_see_each_other(server: Server) -> None:
    """A token opens one conversation and nothing of another."""
    one, other = await Visitor.comes(server), await Visitor.comes(server)
    async with one.page() as page, other.page() as stranger:
        await page.say("secret")
        await stranger.say("mine")
        await stranger.hears("mine")
        assert created(stranger.frames) == [("user", "mine")]


async def test_delivered_is_what_a_page_acknowledged(server: Server) -> None:
    """A bot message is pending until a page has it, delivered then, and read once the visitor has seen it."""
    visitor = await Visitor.comes(server)

    path = f"/v1/conversations/{visitor.id}/messages"

    async def becomes(wanted: str) -> None:
        await server.until(path, lambda listed: listed["items"][0]["delivery"]["state"] == wanted)

    async with visitor.page() as page:
        await visitor.here(page)
        await visitor.bot_says("Are you there?")
        seq = (await page.hears("Are you there?"))["seq"]
        await becomes("pending")
        await page.send("ack", seq=seq)
        await becomes("delivered")
        await page.send("read", seq=seq)
        await becomes("read")


async def test_a_page_that_comes_back_has_what_it_says_it_has(server: Server) -> None:
    """An acknowledgement that a break swallowed is made good by the number in the next `hello`; one that was never
    given acknowledges nothing."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await visitor.bot_says("Are you there?")
        seq = (await page.hears("Are you there?"))["seq"]
    for after, state in ((seq + 1000, "pending"), (seq, "delivered")):
        async with visitor.page(after=after) as page:
            await page.until(lambda frame: frame["type"] == "ready")
        assert (await visitor.messages())[0]["delivery"]["state"] == state


async def test_bad_frames_do_not_end_the_talk(server: Server) -> None:
    """Each wrong frame is refused with its code; the next right one works."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        for raw, code in (
            ("{", "bad_json"),
            ('{"type":"dance"}', "invalid"),
            ('{"type":"hello","token":"x"}', "invalid"),
            ('{"type":"human"}', "invalid"),
            ('{"type":"cancel"}', None),
            ('{"type":"rating","handover_id":"x","score":5}', "not_found"),
            ('{"type":"message","id":"12345678"}', "invalid"),
            ("x" * 70_000, "too_large"),
        ):
            await page.socket.send_str(raw)
            if code is not None:
                assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == code
        await page.socket.send_bytes(b"\xff\xfe")
        assert (await page.until(lambda frame: frame["type"] == "refused"))["code"] == "bad_json"
        assert (await page.say("still here"))["type"] == "accepted"


async def test_strange_texts_arrive_as_they_were_written(server: Server) -> None:
    """Ten thousand characters, direction marks, zero-width joiners, markup and NUL: nothing is lost, nothing is changed."""
    strange = [
        "lorem ipsum " * 833,
        "\u202eevil\u202c \u2066x\u2069 \u200b\u200d\ufeff",
        "\u0645\u0631\u062d\u0628\u0627 123 shalom \u05e9\u05dc\u05d5\u05dd",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500,
        "z\u0335\u0321" * 500,
        "<script>alert(1)</script>{{ 7 * 7 }}\x00\x1b[2J",
        "x" * 32_768,
    ]
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        for text in strange:
            assert (await page.say(text))["type"] == "accepted"
        too_much = await page.say("x" * 32_769)
        assert (too_much["type"], too_much["code"]) == ("refused", "too_large")
    async with visitor.page() as page:
        await page.hears(strange[-1])
        assert [text for _, text in created(page.frames)] == strange
    assert [item["text"] for item in await visitor.messages()] == strange


async def test_an_enormous_frame_harms_nobody_else(server: Server) -> None:
    """Over 64 KiB it is refused, over 1 MiB the line is cut; the talk and other visitors go on."""
    visitor, other = await Visitor.comes(server), await Visitor.comes(server)
    async with other.page() as quiet:
        await other.here(quiet)
        async with visitor.page() as page:
            refused = await page.say("x" * 900_000)
            assert (refused["type"], refused["code"]) == ("refused", "too_large")
            assert (await page.say("hello"))["type"] == "accepted"
            with suppress(ConnectionResetError):  # it is cut while the rest is still on its way
                await page.send("message", id="message-0002", text="x" * 2_000_000)
            while (frame := await page.next())["type"] != "closed":
                assert frame["type"] in ("event", "ready", "desk")
        assert (await quiet.say("hello"))["type"] == "accepted"
    async with visitor.page() as page:
        assert (await page.say("back again"))["type"] == "accepted"


async def test_a_flood_is_slowed_down_and_loses_nothing(server: Server) -> None:
    """A thousand messages at once: some are accepted, the rest are told when to come again, none is half-stored."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        for number in range(1000):
            await page.send("message", id=f"flood-{number:04}", text=str(number))
        answers = [
            await page.until(lambda frame: frame["type"] in ("accepted", "refused")) for _ in range(1000)
        ]
        refused = [frame for frame in answers if frame["type"] == "refused"]
        assert {frame["code"] for frame in refused} == {"rate_limited"}
        assert all(frame["retry_after_s"] > 0 for frame in refused)
        accepted = {frame["id"] for frame in answers if frame["type"] == "accepted"}
        assert 30 <= len(accepted) < 200
        assert {item["id"] for item in await visitor.messages()} == accepted


async def events_of(server: Server, conversation_id: str) -> list[str]:
    """The types of what happened."""
    listed = (await server.call("GET", f"/v1/conversations/{conversation_id}/events?limit=1000")).body[
        "items"
    ]
    return [event["type"] for event in listed]


async def test_a_visitor_is_there_while_one_tab_is(server: Server) -> None:
    """Closing one of two tabs is no absence; closing the last one is."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        async with visitor.page() as second:
            await visitor.here(page)
            await visitor.here(second)
        await page.say("still here")
        assert "user.disconnected" not in await events_of(server, visitor.id)
    path = f"/v1/conversations/{visitor.id}/events?limit=1000"
    await server.until(path, lambda listed: listed["items"][-1]["type"] == "user.disconnected")


async def test_a_visitor_who_left_is_gone(server: Server) -> None:
    """When the last page closed the visitor counts as gone, and as back when one opens."""
    visitor = await Visitor.comes(server)
    async with visitor.page() as page:
        await visitor.here(page)
        await page.say("hello")
    path = f"/v1/conversations/{visitor.id}/events?limit=1000"
    await server.until(
        path, lambda listed: any(event["type"] == "user.disconnected" for event in listed["items"])
    )
    async with visitor.page() as page:
        await visitor.here(page)
        await server.until(path, lambda listed: listed["items"][-1]["type"] == "user.connected")


async def test_a_stopping_server_says_come_back(tmp_path: Path) -> None:
    """On shutdown sockets are closed with 1012, and after the start the conversation goes on where it was."""
    config = load_text(f"store: sqlite:{tmp_path}/chat.db\n{CONFIG}")
    async with aiohttp.ClientSession() as http:
        running = await serve.start(config, host="127.0.0.1", port=0)
        first = Server(running.url, running.engine, http)
        visitor = await Visitor.comes(first)
        async with visitor.page() as page:
            seq = (await page.say("before"))["seq"]
            running.stop()
            while (frame := await page.next())["type"] != "closed":
                pass
            assert frame["code"] == 1012
        await running.ended
        running = await serve.start(config, host="127.0.0.1", port=0)
        visitor.server = Server(running.url, running.engine, http)
        async with visitor.page(after=seq) as page:
            await visitor.here(page)
            await page.say("after")
            await page.hears("after")
            assert created(page.frames) == [("user", "after")]
        running.stop()
        await running.ended


async def test_a_crash_does_not_hide_that_a_visitor_is_gone(tmp_path: Path) -> None:
    """A visitor with an open handover whose socket nobody saw closing counts as gone after the next start."""
    config = load_text(f"store: sqlite:{tmp_path}/chat.db\n{CONFIG}")
    async with aiohttp.ClientSession() as http:
        running = await serve.start(config, host="127.0.0.1", port=0)
        first = Server(running.url, running.engine, http)
        await Agent(first, "anna").here()
        visitor = await Visitor.comes(first)
        await visitor.needs_human()
        assert "user.disconnected" not in await events_of(first, visitor.id)
        running.stop()
        await running.ended
        running = await serve.start(config, host="127.0.0.1", port=0)
        again = Server(running.url, running.engine, http)
        path = f"/v1/conversations/{visitor.id}/events?limit=1000"
        await again.until(
            path, lambda listed: "user.disconnected" in [item["type"] for item in listed["items"]]
        )
        running.stop()
        await running.ended
