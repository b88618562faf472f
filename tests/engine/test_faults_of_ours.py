"""A fault of ours in one conversation or event does no harm to the others."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from openhandover.core import events as e, machine
from tests.scenarios.world import World, living


@pytest.fixture
async def world(tmp_path: Path):
    """A fresh world."""
    async with living(tmp_path) as running:
        yield running


async def test_one_broken_conversation_does_not_stop_the_clocks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wake raises, again and again; the limits of all others go on."""
    broken = await world.began()
    wake = machine.HANDLERS[e.Wake]

    def poisoned(turn: Any, event: Any) -> None:
        if turn.state.id == broken:
            raise ValueError("a fault of ours")
        wake(turn, event)

    monkeypatch.setitem(machine.HANDLERS, e.Wake, poisoned)
    await world.queued(broken, {"limits": {"queue_s": 0.5}})
    await asyncio.sleep(0.7)
    handover_id, _ = await world.queued(await world.began(), {"limits": {"queue_s": 1}})
    assert (await world.until(handover_id, status="error"))["reason"] == "queue_timeout"
