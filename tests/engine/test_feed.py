"""Who listens gets what is new, however slowly it reads."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A fresh server."""
    async with running_server(tmp_path) as running:
        yield running


async def test_typing_does_not_pile_up(server: Server) -> None:
    """Who could not be told for a while learns of each author only whether they type now."""
    chat = (await server.conversation())["id"]
    state = await server.engine.conversation(chat)
    feed = server.engine.feed
    async with aclosing(feed.subscribe(chat, 0)) as events:
        first = asyncio.ensure_future(anext(events))
        while chat not in feed._listeners:  # pyright: ignore[reportPrivateUsage]
            await asyncio.sleep(0)
        for number in range(1_000):
            for author in ("user", "bot"):
                feed.publish_typing(state, {"type": "typing", "n": number, "data": {"author": author}})
        told = [await first, await anext(events)]
        assert [(one["n"], one["data"]["author"]) for one in told] == [(999, "user"), (999, "bot")]
        await server.said(chat, text="done")
        assert (await anext(events))["type"] == "message.created"
