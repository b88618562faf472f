"""Files that agents send from their contact centre: fetched with what the vendor wants to see, and from where we may."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.net.loopback import serving
from tests.scenarios.session_vendor import Vendor, listened
from tests.scenarios.world import TEXT, World, soon

NOTHING_PRIVATE = TEXT.replace('["127.0.0.1/32"]', "[]")


@asynccontextmanager
async def talking(
    folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = TEXT
) -> AsyncGenerator[tuple[World, Vendor, str]]:
    """A conversation that the vendor has, on a channel that nobody pushes to."""
    async with listened(folder, monkeypatch, text) as (world, vendor):
        chat = await world.began(channel="quiet")
        await world.until(await world.asks(chat, provider="stream"), status="queued")
        yield world, vendor, chat


async def shown(world: World, chat: str) -> dict[str, Any]:
    """The file of the first message."""
    found: list[dict[str, Any]] = []

    async def look() -> None:
        found.extend(one["attachments"][0] for one in await world.messages(chat) if one["attachments"])

    while not found:
        await look()
    return found[0]


async def test_a_file_is_fetched_with_the_vendors_key_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user opens it at our address, and never sees the vendor's."""
    async with talking(tmp_path, monkeypatch) as (world, vendor, chat):
        vendor.emit("s1", "file", f"{vendor.url}/files/1")
        file = await shown(world, chat)
        assert file["url"].startswith(world.server.url)
        answer = await world.call("GET", file["url"].removeprefix(world.server.url), key=None)
        assert (answer.status, answer.body) == (200, b"content")
        assert vendor.asked_for_files == ["k1"]


async def test_the_vendors_key_does_not_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither to another address that a message names, nor along a redirect to one."""
    other = Vendor()
    async with serving(other.called) as elsewhere, talking(tmp_path, monkeypatch) as (world, vendor, chat):
        vendor.emit("s1", "file", f"{vendor.url}/files/1?to={elsewhere}/files/2")
        vendor.emit("s1", "file", f"{elsewhere}/files/3")
        await shown(world, chat)
        await soon(lambda: other.asked_for_files == [None, None])
        assert vendor.asked_for_files == ["k1"]


async def test_the_vendors_own_address_may_be_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is configured, so its files are fetched; what it points to elsewhere in the own network is not."""
    other = Vendor()
    async with (
        serving(other.called) as elsewhere,
        talking(tmp_path, monkeypatch, NOTHING_PRIVATE) as (world, vendor, chat),
    ):
        away = f"{vendor.url}/files/1?to={elsewhere}/files/2"
        for url in (away, f"{elsewhere}/files/3", f"{vendor.url}/files/4"):
            vendor.emit("s1", "file", url)
        while len(found := await world.messages(chat)) < 4:
            continue
        urls = [one["attachments"][0]["url"] for one in found if one["attachments"]]
        assert urls[:2] == [away, f"{elsewhere}/files/3"]
        assert urls[2].startswith(world.server.url)
        assert other.asked_for_files == []


async def test_a_file_that_is_early_is_kept_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk tells of it before its answer to our open call: it waits for the answer, and is fetched then."""
    async with listened(tmp_path, monkeypatch) as (world, vendor):
        world.desk.may_answer.clear()
        chat = await world.began(channel="quiet")
        handover_id = await world.asks(chat)
        file = {"name": "a.txt", "url": f"{vendor.url}/files/1", "content_type": "text/plain"}
        message = {"id": "m1", "text": "", "attachments": [file]}
        event = {"event_id": "e1", "type": "agent.message", "handover_id": handover_id, "message": message}
        assert (await world.webhook(event)).body == {"applied": True}
        assert (await world.handover(handover_id))["status"] == "requested"
        world.desk.may_answer.set()
        assert (await shown(world, chat))["url"].startswith(world.server.url)
