"""Connections break, replies get lost, servers die: one call has one effect, and a stream misses and repeats nothing."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from openhandover.client import Client, Event, RateLimited, ServerFault, Unreachable, Unreadable
from openhandover.core.errors import OpenHandoverError
from tests.client.proxy import Proxy, proxy
from tests.scenarios.process import Process
from tests.serving import CONFIG, KEY, Server


@pytest.fixture
async def between(server: Server) -> AsyncGenerator[Proxy]:
    """A proxy in front of the server."""
    async with proxy(server.url) as made:
        yield made


@pytest.fixture
async def client(between: Proxy) -> AsyncGenerator[Client]:
    """A client that goes through the proxy."""
    async with Client(between.url, KEY, give_up_s=20) as made:
        yield made


async def test_a_lost_reply_repeats_nothing(client: Client, between: Proxy) -> None:
    """The server did it, the answer is lost, the client asks again under the same id: one of everything."""
    between.lose_replies = 1
    talk = await client.conversations.create("api", {"id": "ada"})
    between.lose_replies = 2
    message = await client.messages.post(talk.id, "user", "only once")
    between.lose_replies = 1
    asked = await client.handovers.request(talk.id, epoch=talk.epoch)
    between.lose_replies = 1
    ended = await client.handovers.cancel(asked.id)
    assert [one.id async for one in client.conversations.list()] == [talk.id]
    assert [one.id async for one in client.messages.list(talk.id) if one.author == "user"] == [message.id]
    assert [one.id async for one in client.handovers.list()] == [asked.id]
    assert ended.status == "cancelled"
    assert between.lose_replies == 0


async def test_a_lost_reply_to_an_upload(client: Client, between: Proxy) -> None:
    """The form is made anew for the second try, with the same id."""
    between.lose_replies = 1
    kept = await client.upload(b"%PDF-1.4 short", "a.pdf")
    assert kept.size == 14
    uploads = [request for request in between.requests if request.startswith(b"POST /v1/uploads")]
    assert len(uploads) == 2


async def test_a_trigger_that_may_have_arrived_is_not_repeated(client: Client, between: Proxy) -> None:
    """It has no id, so that a second one would be another: the caller is told instead."""
    talk = await client.conversations.create("api", {"id": "ada"})
    between.lose_replies = 1
    with pytest.raises(Unreachable):
        await client.conversations.trigger(talk.id, "handover")
    assert sum(b"/trigger " in request for request in between.requests) == 1


async def test_a_server_fault_is_tried_again(client: Client, between: Proxy) -> None:
    """5xx heals, with the page of a proxy as body or with none."""
    between.answer_next("502 Bad Gateway", "Content-Type: text/html", body=b"<h1>oops</h1>")
    between.answer_next("503 Service Unavailable")
    talk = await client.conversations.create("api", {"id": "ada"})
    assert talk.user.id == "ada"


async def test_retry_after_is_honoured(client: Client, between: Proxy) -> None:
    """429 with `Retry-After: 1` is asked again after a second, not before; that holds for a trigger too."""
    loop = asyncio.get_running_loop()
    talk = await client.conversations.create("api", {"id": "ada"})
    for act in (client.conversations.get(talk.id), client.conversations.trigger(talk.id, "handover")):
        between.answer_next("429 Too Many Requests", "Retry-After: 1")
        begun = loop.time()
        await act
        assert loop.time() - begun >= 1.0


@pytest.mark.parametrize(
    ("status", "kind"), [("429 Too Many Requests", RateLimited), ("503 Service Unavailable", ServerFault)]
)
async def test_no_wait_beyond_the_time_given(
    between: Proxy, status: str, kind: type[OpenHandoverError]
) -> None:
    """A server that asks for more time than the caller gives is not waited for."""
    between.answer_next(status, "Retry-After: 3600")
    async with Client(between.url, KEY, give_up_s=20) as client:
        with pytest.raises(kind):
            await client.conversations.get("c1")
    assert len(between.requests) == 1


async def test_an_answer_of_somebody_else(client: Client, between: Proxy) -> None:
    """A log-in page with status 200 is no conversation, and a redirect is not followed with the key."""
    between.answer_next("200 OK", "Content-Type: text/html", body=b"<h1>Log in</h1>")
    with pytest.raises(Unreadable):
        await client.conversations.get("c1")
    between.answer_next("302 Found", "Location: http://127.0.0.1:1/elsewhere")
    with pytest.raises(OpenHandoverError, match="302"):
        await client.conversations.get("c1")
    between.answer_next("200 OK", "Content-Type: text/html", body=b"<h1>Log in</h1>")
    with pytest.raises(Unreadable):
        await client.events("c1").__anext__()


async def _collect(client: Client, conversation_id: str, texts: list[str], last: str) -> None:
    async for event in client.events(conversation_id):
        if event.message is not None:
            texts.append(event.message.text)
            if event.message.text == last:
                return


async def test_a_stream_goes_on_after_every_break(client: Client, between: Proxy, server: Server) -> None:
    """Cut between any two messages, the listener gets each once and in order."""
    talk = await client.conversations.create("api", {"id": "ada"})
    texts: list[str] = []
    listening = asyncio.create_task(_collect(client, talk.id, texts, "11"))
    for number in range(12):
        await server.said(talk.id, text=str(number))
        if number % 3 == 0:
            between.cut()
            between.answer_next("503 Service Unavailable")
    await asyncio.wait_for(listening, 20)
    assert texts == [str(number) for number in range(12)]
    assert sum(b"/events" in request for request in between.requests) >= 2


async def test_a_stream_that_stays_broken_ends(between: Proxy, server: Server) -> None:
    """After the time given without a sign the listener is told."""
    talk = await server.conversation()
    async with Client(between.url, KEY, give_up_s=0.5) as client:
        events = client.events(talk["id"])
        await server.said(talk["id"])
        assert (await anext(events)).type == "message.created"
        between.target = ("127.0.0.1", 1)
        between.cut()
        with pytest.raises(Unreachable):
            await anext(events)


async def test_a_silent_stream_is_dead(
    client: Client, between: Proxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection on which nothing comes any more, not even the heartbeat, is left and made anew."""
    monkeypatch.setattr("openhandover.client.transport.SILENCE_S", 0.5)
    talk = await client.conversations.create("api", {"id": "ada"})
    texts: list[str] = []
    listening = asyncio.create_task(_collect(client, talk.id, texts, "second"))
    await server.said(talk.id, text="first")
    while not texts:
        await asyncio.sleep(0.01)
    between.freeze()
    await server.said(talk.id, text="second")
    await asyncio.wait_for(listening, 10)
    assert texts == ["first", "second"]


async def test_typing_is_heard_and_moves_nothing(client: Client, server: Server) -> None:
    """What is not stored has no seq."""
    talk = await client.conversations.create("api", {"id": "ada"})
    await server.said(talk.id)
    events = client.events(talk.id)
    assert (await anext(events)).seq == 1
    following = asyncio.ensure_future(anext(events))
    await client.conversations.typing(talk.id, on=True, author="bot")
    event = await following
    assert (event.type, event.seq, event.data) == ("typing.started", None, {"author": "bot"})
    await events.aclose()


async def test_the_server_is_killed_during_a_stream_and_posts(tmp_path: Path) -> None:
    """kill -9 in the middle of posts and a stream: each message is there once, and the listener hears each once."""
    process = Process(tmp_path, CONFIG)
    url = await process.start()
    port = int(url.rpartition(":")[2])
    heard: list[Event] = []
    try:
        async with Client(url, KEY, give_up_s=30) as client:
            talk = await client.conversations.create("api", {"id": "ada"})
            listening = asyncio.create_task(_hear(client, talk.id, heard, 60))
            posting = asyncio.create_task(_post(client, talk.id, 60))
            for reached in (10, 30):
                while len(heard) < reached:
                    await asyncio.sleep(0.005)
                await process.kill()
                await process.start(port)
            await asyncio.wait_for(posting, 30)
            await asyncio.wait_for(listening, 30)
            kept = [one.text async for one in client.messages.list(talk.id)]
        assert kept == [str(number) for number in range(60)]
        assert [event.data["text"] for event in heard] == kept
    finally:
        assert await process.end() == 0


async def _post(client: Client, conversation_id: str, count: int) -> None:
    for number in range(count):
        await client.messages.post(conversation_id, "user", str(number))


async def _hear(client: Client, conversation_id: str, heard: list[Event], count: int) -> None:
    async for event in client.events(conversation_id):
        heard.append(event)
        if len(heard) == count:
            return
