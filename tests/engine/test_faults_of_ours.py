"""A fault of ours in one conversation or event does no harm to the others."""

from pathlib import Path
from typing import Any

import pytest

from openhandover.core import events as e, machine
from tests.scenarios.world import World, living, soon


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
    wake, faults = machine.HANDLERS[e.Wake], 0

    def poisoned(turn: Any, event: Any) -> None:
        nonlocal faults
        if turn.state.id == broken:
            faults += 1
            raise ValueError("a fault of ours")
        wake(turn, event)

    monkeypatch.setitem(machine.HANDLERS, e.Wake, poisoned)
    await world.queued(broken, {"limits": {"queue_s": 0.5}})
    await soon(lambda: faults)
    handover_id, _ = await world.queued(await world.began(), {"limits": {"queue_s": 1}})
    assert (await world.until(handover_id, status="error"))["reason"] == "queue_timeout"
    await soon(lambda: faults > 1)
