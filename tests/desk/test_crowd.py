"""Everybody does everything at once: afterwards board and store agree, and every conversation has one holder at most."""

import asyncio
import random
from typing import Any

import pytest

from openhandover.core.model import OPEN
from openhandover.desk.office import Office
from tests.desk.floor import Agent, queued
from tests.serving import Server

AGENTS = ("anna", "bob", "sam", "sue")
KIND = {200, 201, 202, 403, 404, 409}
"""Answers that tell an agent what became of it; anything else is a fault of ours or of this test."""


async def act(server: Server, chance: random.Random, handovers: list[str]) -> int:
    """One thing that somebody does; the status of the answer."""
    agent, one = Agent(server, chance.choice(AGENTS)), chance.choice(handovers)
    match chance.randrange(8):
        case 0 | 1 | 2:
            answer = await agent.accept(one)
        case 3:
            answer = await agent.say(one, "hello")
        case 4:
            answer = await agent.call("POST", f"handovers/{one}/transfer", {"agent": chance.choice(AGENTS)})
        case 5:
            inbox = chance.choice(("default", "sales"))
            answer = await agent.call("POST", f"handovers/{one}/transfer", {"inbox": inbox})
        case 6:
            presence = chance.choice(("online", "online", "busy", "offline"))
            answer = await agent.call("PUT", "presence", {"presence": presence})
        case _:
            answer = await agent.call("POST", f"handovers/{one}/close", {})
    return answer.status


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_board_and_store_agree_after_a_wild_hour(server: Server, seed: int) -> None:
    """Accepting, writing, transferring, closing, coming and going, many at a time: no refusal is unkind, and once it
    is quiet the board holds exactly what the store does."""
    chance = random.Random(seed)
    for name in AGENTS:
        await Agent(server, name).here()
    handovers = [await queued(server, f"h{number}") for number in range(12)]
    statuses = set[int]()
    for _ in range(12):
        statuses |= set(await asyncio.gather(*(act(server, chance, handovers) for _ in range(12))))
    assert statuses <= KIND
    desk = server.engine.providers["support"].board  # type: ignore[attr-defined]
    assert isinstance(desk, Office)
    try:
        async with asyncio.timeout(10):
            while await differences(server, desk, handovers):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(await differences(server, desk, handovers)) from None


async def differences(server: Server, desk: Office, handovers: list[str]) -> dict[str, Any]:
    """What on the board does not follow from the store, or is left over."""
    rows = [await server.engine.handover(handover_id) for handover_id in handovers]
    stored = {
        row.handover.id: row.handover.agent.id if row.handover.agent else None
        for row in rows
        if row.handover.status in OPEN
    }
    board = desk.board
    held = {key: name for key, name in stored.items() if name is not None}
    waiting = sorted(key for key, name in stored.items() if name is None)
    checks: dict[str, tuple[Any, Any]] = {
        "places": ({key: place.agent_id for key, place in board.places.items()}, stored),
        "held": ({place.handover_id: name for name in AGENTS for place in board.held(name)}, held),
        "lines": (sorted(board.lines), waiting),
        "offers": (sorted(set(board.offers) - set(waiting)), []),
        "cards": (sorted(desk.screens.cards), sorted(stored)),
        "held by nobody who is here": (
            [key for key, name in held.items() if name != "sue" and board.presence(name) == "offline"],
            [],
        ),
    }
    return {name: pair for name, pair in checks.items() if pair[0] != pair[1]}
