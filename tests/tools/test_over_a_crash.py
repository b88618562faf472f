"""A real process dies, or is told to end, in the middle of a tool: what comes after does the rest and no more."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.scenarios.process import Process, client
from tests.serving import Server
from tests.tools.house import Shop, written


@asynccontextmanager
async def process(folder: Path, shop: Shop) -> AsyncGenerator[Process]:
    """`openhandover serve` with the tools of this shop."""
    text = written(shop.url).replace("bot: mine, provider: support, webhook", "provider: support, webhook")
    text = text.replace("code: tests.tools.house:shout", "set: {loud: x}")
    running = Process(folder, text)
    try:
        yield running
    finally:
        await running.end()


def call(server: Server, chat: str) -> "asyncio.Task[Any]":
    """The call of the LLM."""
    body = {"conversation_id": chat, "epoch": 1, "arguments": {"order": "A1"}, "tool_call_id": "c1"}
    return asyncio.create_task(server.call("POST", "/v1/tools/order_twice", body))


async def rest_of_it(process: Process, chat: str, shop: Shop) -> None:
    """The same call to the next process: one more request under the old key, then the other one, once."""
    shop.held.set()
    async with client(await process.start()) as server:
        first, second = (await call(server, chat)).body, (await call(server, chat)).body
        assert first == second == {"result": "sent sent"}
        found = (await server.call("GET", f"/v1/conversations/{chat}/messages")).body["items"]
    assert [message["text"] for message in found] == ["Ordering A1", "Ordered A1"]
    assert [path for _, path, _ in shop.asked] == ["/orders/A1", "/orders/A1", "/bills/A1"]
    keys = [key for _, _, key in shop.asked]
    assert keys[0] == keys[1] != keys[2]


@pytest.fixture
async def shop() -> AsyncGenerator[Shop]:
    """A shop that takes its time."""
    async with Shop().serving() as open_shop:
        open_shop.held.clear()
        yield open_shop


async def test_killed_while_the_shop_thinks(tmp_path: Path, shop: Shop) -> None:
    """kill -9: the caller's connection breaks, and the same call goes on."""
    async with process(tmp_path, shop) as running:
        async with client(await running.start()) as server:
            chat = (await server.conversation())["id"]
            broken = call(server, chat)
            await shop.reached.wait()
            await running.kill()
            with pytest.raises(aiohttp.ClientError):
                await broken
        await rest_of_it(running, chat, shop)


async def test_told_to_end_while_the_shop_thinks(tmp_path: Path, shop: Shop) -> None:
    """SIGTERM: the caller hears that it should come again, and the process ends in time and well."""
    async with process(tmp_path, shop) as running:
        async with client(await running.start()) as server:
            chat = (await server.conversation())["id"]
            broken = call(server, chat)
            await shop.reached.wait()
            assert await running.end() == 0
            answer = await broken
            assert (answer.status, answer.code) == (503, "unavailable")
        assert "Traceback" not in running.log()
        await rest_of_it(running, chat, shop)
