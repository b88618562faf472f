"""The waiting room is the same for every vendor: one that tells nothing of its queue, only the place, or only the wait."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.session_vendor import Vendor, listened
from tests.scenarios.world import World

BOTH = {"position": True, "every_s": 0, "estimated_wait": True, "wait_every_s": 0}


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[tuple[World, Vendor]]:
    """The world and the vendor."""
    async with listened(tmp_path, monkeypatch) as found:
        yield found


async def waits(world: World, queue: dict[str, Any] | None = None) -> str:
    """The id of a handover that waits."""
    settings = {"queue": BOTH if queue is None else queue}
    handover_id = await world.asks(await world.began(), settings, provider="stream")
    await world.until(handover_id, status="queued")
    return handover_id


async def place(world: World, handover_id: str) -> tuple[int | None, int | None, bool]:
    """Position, wait in seconds, and whether a part of it is our own estimate."""
    queue = (await world.handover(handover_id))["queue"]
    wait_ms = queue["estimated_wait_ms"]
    return queue["position"], None if wait_ms is None else wait_ms // 1000, queue.get("estimated", False)


async def told(
    world: World, handover_id: str, position: int | None = None, wait_s: int | None = None
) -> None:
    """Until the place is this."""

    def holds(found: dict[str, Any]) -> bool:
        queue = found["queue"]
        right = position in (None, queue["position"])
        return right and wait_s in (None, (queue["estimated_wait_ms"] or 0) / 1000)

    await world.server.until(f"/v1/handovers/{handover_id}", holds)


async def heard(world: World, *words: str) -> None:
    """The user is told all of this in one text."""
    await world.channel.until(
        lambda self: any(all(word in text for word in words) for text in self.texts("system"))
    )


async def test_a_vendor_that_tells_nothing(both: tuple[World, Vendor]) -> None:
    """Our own count and the usual handling time; both move on with the line."""
    world, vendor = both
    first, second = await waits(world), await waits(world)
    assert await place(world, first) == (1, 300, True)
    assert await place(world, second) == (2, 600, True)
    await heard(world, "number 2", "10 min")
    vendor.emit("s1", "joined")
    await told(world, second, 1, 300)
    assert (await place(world, second))[2]


async def test_a_vendor_that_tells_the_place_only(both: tuple[World, Vendor]) -> None:
    """Its place counts, at the acceptance and later; the wait for it is ours and follows it."""
    world, vendor = both
    vendor.opens_with = {"position": 4}
    handover_id = await waits(world)
    assert await place(world, handover_id) == (4, 1200, True)
    vendor.emit("s1", "queue", '{"position": 2}')
    await told(world, handover_id, 2)
    assert await place(world, handover_id) == (2, 600, True)
    await heard(world, "number 2", "10 min")
    assert len(world.channel.of("handover.queue_updated")) == 1


async def test_a_vendor_that_tells_the_wait_only(both: tuple[World, Vendor]) -> None:
    """Its wait counts; the place is by our own count and moves on without touching the wait."""
    world, vendor = both
    vendor.opens_with = {"wait": 60_000}
    first, second = await waits(world), await waits(world)
    assert await place(world, first) == (1, 60, True)
    assert await place(world, second) == (2, 60, True)
    vendor.emit("s2", "queue", '{"estimated_wait_ms": 90000}')
    await told(world, second, 2, 90)
    vendor.emit("s1", "joined")
    await told(world, second, 1, 90)


async def test_a_vendor_that_tells_both_later(both: tuple[World, Vendor]) -> None:
    """Its own figures replace ours for good, and are no estimate of ours."""
    world, vendor = both
    first, second = await waits(world), await waits(world)
    vendor.emit("s2", "queue", '{"position": 9, "estimated_wait_ms": 20000}')
    await told(world, second, 9, 20)
    assert not (await place(world, second))[2]
    vendor.emit("s1", "joined")
    await world.until(first, status="active")
    third = await waits(world)
    assert (await place(world, third))[0] == 2
    assert await place(world, second) == (9, 20, False)


async def test_the_alternative_counts_estimates_as_well(both: tuple[World, Vendor]) -> None:
    """A vendor that tells the place only: the wait that we estimate is too long to be told."""
    world, vendor = both
    vendor.opens_with = {"position": 4}
    rules = {**BOTH, "alternative": {"max_wait_ms": 900_000, "text": "Come back tomorrow"}}
    handover_id = await waits(world, rules)
    await world.channel.heard("Come back tomorrow")
    vendor.emit("s1", "queue", '{"position": 2}')
    await told(world, handover_id, 2)
    assert (await world.handover(handover_id))["queue"]["alternative_text"] is None


async def test_a_mere_guess_is_not_held_against_the_vendors_word(both: tuple[World, Vendor]) -> None:
    """Nobody asked for the wait and no handover was seen yet: the place alone decides. Once one was seen, ours counts."""
    world, vendor = both
    vendor.opens_with = {"position": 4}
    rules = {"position": True, "every_s": 0, "alternative": {"max_wait_ms": 1, "text": "Come back tomorrow"}}
    handover_id = await waits(world, rules)
    assert await place(world, handover_id) == (4, None, False)
    vendor.emit("s1", "joined")
    await world.until(handover_id, status="active")
    vendor.emit("s1", "closed")
    await world.until(handover_id, status="completed")
    second = await waits(world, rules)
    position, wait_s, estimated = await place(world, second)
    assert (position, estimated) == (4, True)
    assert wait_s is not None
    await world.channel.heard("Come back tomorrow")


async def test_who_does_not_ask_gets_no_estimate(both: tuple[World, Vendor]) -> None:
    """What the vendor tells is there, and nothing else."""
    world, vendor = both
    vendor.opens_with = {"position": 4}
    assert await place(world, await waits(world, {})) == (4, None, False)
    vendor.opens_with = {}
    assert await place(world, await waits(world, {})) == (None, None, False)
