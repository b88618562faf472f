"""The estimates of a waiting room survive what happens to the database."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from openhandover.engine import queues
from openhandover.store.port import StoreError, Unit
from tests.scenarios.session_vendor import Vendor, listened
from tests.scenarios.world import World

TOLD = {"queue": {"position": True, "every_s": 0}}


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[tuple[World, Vendor]]:
    """The world, and a vendor that tells nothing of its queue."""
    async with listened(tmp_path, monkeypatch) as found:
        yield found


async def waits(world: World, **conversation: Any) -> tuple[str, str]:
    """The ids of a conversation and its handover that waits."""
    conversation_id = await world.began(**conversation)
    handover_id = await world.asks(conversation_id, TOLD, provider="stream")
    await world.until(handover_id, status="queued")
    return conversation_id, handover_id


async def moves_up(world: World, handover_id: str, position: int) -> None:
    """Until this is its place."""
    await world.server.until(
        f"/v1/handovers/{handover_id}", lambda found: found["queue"]["position"] == position
    )


async def test_a_fault_of_the_database_delays_an_estimate(
    both: tuple[World, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose new place could not be saved is told it as soon as the database works again, and so are those behind."""
    world, vendor = both
    monkeypatch.setattr(queues, "AFTER_FAULT_S", 0.05)
    await waits(world)
    second, next_up = await waits(world)
    _, last = await waits(world)
    store = world.server.engine.store
    usual, faults = store.transact, 3

    async def refuses(unit: Unit) -> Any:
        nonlocal faults
        if unit.conversation_id == second and faults:
            faults -= 1
            raise StoreError("the database could not save: database or disk is full")
        return await usual(unit)

    monkeypatch.setattr(store, "transact", refuses)
    vendor.emit("s1", "joined")
    await moves_up(world, next_up, 1)
    await moves_up(world, last, 2)
    assert faults == 0
