"""Events: pages, and a stream that misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

from openhandover.web.events import with_heartbeat
from tests.serving import KEY, Server


class Stream:
    """Server-sent events as a browser reads them."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def frame(self) -> dict[str, str]:
        """The next event's fields; comments are skipped."""
        async with asyncio.timeout(10):
            fields: dict[str, str] = {}
            async for raw in self.answer.content:
                line = raw.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif not line and fields:
                    return fields
        return {}

    async def until(self, kind: str) -> dict[str, str]:
        """The next event of this type."""
        while (frame := await self.frame())["event"] != kind:
            pass
        return frame


@asynccontextmanager
async def listening(
    server: Server, conversation_id: str, query: str = "", **headers: str
) -> AsyncIterator[Stream]:
    """Listen to a conversation."""
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {KEY}", **headers}
    url = f"{server.url}/v1/conversations/{conversation_id}/events{query}"
    async with server.http.get(url, headers=headers) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        yield Stream(answer)


async def test_a_page_of_events(server: Server) -> None:
    """Without asking for a stream, events come as a page with `next` for `after`."""
    chat = (await server.conversation())["id"]
    for number in range(3):
        await server.said(chat, text=str(number))
    page = (await server.call("GET", f"/v1/conversations/{chat}/events?limit=2")).body
    assert [event["data"]["text"] for event in page["items"]] == ["0", "1"]
    event = page["items"][0]
    assert event["id"] == f"{chat}:{event['seq']}"
    assert (event["type"], event["floor"], event["epoch"]) == ("message.created", "bot", 1)
    rest = (await server.call("GET", f"/v1/conversations/{chat}/events?after={page['next']}")).body
    assert [event["data"]["text"] for event in rest["items"] if event["type"] == "message.created"] == ["2"]
    assert rest["next"] is None


async def test_stored_events_first_then_live_ones(server: Server) -> None:
    """A stream begins with what is stored and goes on with what happens."""
    chat = (await server.conversation())["id"]
    await server.said(chat, text="before")
    async with listening(server, chat) as stream:
        first = await stream.until("message.created")
        assert msgspec.json.decode(first["data"])["data"]["text"] == "before"
        said = await server.said(chat, text="line one\nline two")
        live = await stream.until("message.created")
        assert live["id"] == str(said["seq"])
        assert msgspec.json.decode(live["data"])["data"]["text"] == "line one\nline two"


async def test_resuming_misses_and_repeats_nothing(server: Server) -> None:
    """A client that comes back with `Last-Event-ID` gets exactly what it missed; the header wins over `after`."""
    chat = (await server.conversation())["id"]
    seqs = [(await server.said(chat, text=str(number)))["seq"] for number in range(4)]
    async with listening(server, chat, "?after=0", **{"Last-Event-ID": str(seqs[1])}) as stream:
        seen = [int((await stream.until("message.created"))["id"]) for _ in range(2)]
        assert seen == seqs[2:]
    async with listening(server, chat, f"?after={seqs[2]}") as stream:
        assert int((await stream.until("message.created"))["id"]) == seqs[3]


async def test_typing_is_live_and_not_stored(server: Server) -> None:
    """Typing comes without an id, so that nobody resumes from it, and is in no page."""
    chat = (await server.conversation())["id"]
    async with listening(server, chat) as stream:
        await stream.answer.content.readline()
        await server.call("POST", f"/v1/conversations/{chat}/typing", {"author": "user", "on": True})
        frame = await stream.until("typing.started")
        assert "id" not in frame
        data: dict[str, Any] = msgspec.json.decode(frame["data"])
        assert "seq" not in data
        assert data["data"] == {"author": "user"}
    page = (await server.call("GET", f"/v1/conversations/{chat}/events")).body
    assert all(not event["type"].startswith("typing") for event in page["items"])


async def test_wrong_places_to_resume(server: Server) -> None:
    """A place that is no seq is refused instead of being taken for the beginning."""
    chat = (await server.conversation())["id"]
    headers = {"Accept": "text/event-stream"}
    for value in ("x", "-1", "1e3", "9" * 30):
        answer = await server.call(
            "GET", f"/v1/conversations/{chat}/events", headers={**headers, "Last-Event-ID": value}
        )
        assert (answer.status, answer.code) == (422, "invalid")
    assert (await server.call("GET", "/v1/conversations/nobody/events", headers=headers)).status == 404


async def test_many_listeners_come_and_go(server: Server) -> None:
    """Listeners that leave in the middle disturb nobody."""
    chat = (await server.conversation())["id"]
    for _ in range(20):
        async with listening(server, chat):
            await server.said(chat)
    async with listening(server, chat) as stream:
        seen = [int((await stream.until("message.created"))["id"]) for _ in range(20)]
    assert seen == sorted(set(seen))


async def test_a_comment_line_keeps_the_stream_alive() -> None:
    """While nothing happens a comment is written, and what comes after it is not lost."""
    go_on = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield b"one"
        await go_on.wait()
        yield b"two"

    stream = with_heartbeat(source(), every_s=0.01)
    assert await anext(stream) == b": connected\n\n"
    assert await anext(stream) == b"one"
    assert await anext(stream) == b": still here\n\n"
    assert await anext(stream) == b": still here\n\n"
    go_on.set()
    rest = [chunk async for chunk in stream]
    assert rest[-1] == b"two"
