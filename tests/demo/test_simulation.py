"""The play: scripted visitors and agents at a real server, much faster than people."""

import asyncio
import gc
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openhandover.core.model import Status
from openhandover.demo.folder import TEAM, config_of, environment, opened
from openhandover.demo.partner import partner_desk
from openhandover.demo.simulate import Simulation, Team
from openhandover.demo.simulate.desk import DeskClient
from openhandover.demo.simulate.ledger import SETTLES_S, Counts
from openhandover.demo.simulate.scripts import STORIES
from openhandover.demo.simulate.stories import Story
from openhandover.engine import Engine
from openhandover.store.port import HandoverFilter, HandoverRow
from openhandover.web.serve import start

BY_NAME = {story.name: story for story in STORIES}


@asynccontextmanager
async def stage(
    folder: Path, stories: tuple[Story, ...] = STORIES, pace: float = 40
) -> AsyncGenerator[tuple[Simulation, Engine]]:
    """A demo on free ports, with its simulation at a high pace."""
    known = opened(folder / "demo", fresh=False)
    async with partner_desk(known.partner_secret) as (desk, partner_url):
        running = await start(
            config_of(environment(folder / "demo", known, partner_url)), host="127.0.0.1", port=0
        )
        desk.webhooks = f"{running.url}/webhooks/partner"
        team = Team(dict.fromkeys(TEAM, known.team), desk)
        try:
            yield Simulation(running.url, team, pace=pace, seed=7, stories=stories), running.engine
        finally:
            running.stop()
            await running.ended


async def handovers(engine: Engine) -> list[HandoverRow]:
    """All of them."""
    return list((await engine.store.handovers(HandoverFilter(), None, 1000)).items)


async def settled(simulation: Simulation) -> Counts:
    """The counters once everything that could come has come."""
    await asyncio.sleep(SETTLES_S)
    return simulation.counts()


async def test_visitors_are_served_and_nothing_is_lost(tmp_path: Path) -> None:
    """Two dozen visitors of all kinds come and go: handovers are completed, and what was written was read, once."""
    async with stage(tmp_path) as (simulation, engine):
        await asyncio.wait_for(simulation.run(visitors=24), 100)
        rows = await handovers(engine)
        ended = {row.handover.status for row in rows}
        assert ended <= {Status.COMPLETED, Status.CANCELLED}, [
            (row.handover.status, row.handover.reason) for row in rows
        ]
        assert sum(row.handover.status is Status.COMPLETED for row in rows) >= 8
        assert {row.handover.target.provider for row in rows} == {"support", "partner"}
        assert any(row.handover.rating for row in rows)
        counts = await settled(simulation)
        assert counts.accepted > 50
        assert (counts.lost, counts.repeated, counts.misordered, counts.pending) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        *("order_nl", "invoice_dispute", "impatient", "double_charge"),
        *("transfer", "comes_back", "leaves", "parcel_damaged"),
    ],
)
async def test_each_story_is_played_to_its_end(tmp_path: Path, name: str) -> None:
    """Every story ends the way it was written: answered by the bot, resolved by a person, or withdrawn."""
    story = BY_NAME[name]
    async with stage(tmp_path, (story,)) as (simulation, engine):
        await asyncio.wait_for(simulation.run(visitors=1), 60)
        rows = await handovers(engine)
        if not story.talk:
            assert rows == []
            return
        assert len(rows) == 1
        row = rows[0].handover
        assert row.target.provider == story.provider
        acts = {line.act for line in story.talk}
        withdrawn = bool(acts & {"/cancel", "/end"})
        assert row.ended_by == ("user" if withdrawn else "agent")
        assert withdrawn or row.status is Status.COMPLETED
        said = [
            entry.entry
            for entry in await engine.store.log(row.conversation_id, 0, 1000, messages_only=True)
            if entry.entry.handover_id == row.id and (entry.entry.key or "").startswith(("user:", "agent:"))
        ]
        written = sum(line.is_said or line.act in ("/note", "/transfer") for line in story.talk)
        assert len(said) == written
        assert len(row.agents) == (2 if "/transfer" in acts else int(acts != {"", "/cancel"}))


async def test_a_person_may_play_too(tmp_path: Path) -> None:
    """While Anna is online a waiting visitor is hers first; her talk is not counted, because nobody knows her words."""
    async with stage(tmp_path, (BY_NAME["address"],), pace=10) as (simulation, engine):
        url = engine.files.base_url
        anna = DeskClient(url, "anna", opened(tmp_path / "demo", fresh=False).anna)
        await anna.log_in()
        await anna.call("PUT", "presence", {"presence": "online"})
        play = asyncio.create_task(simulation.run(visitors=1))
        async with asyncio.timeout(60):
            while not (waiting := (await anna.call("GET", "handovers?view=queue")).body["items"]):
                await asyncio.sleep(0.02)
            handover = f"handovers/{waiting[0]['id']}"
            assert (await anna.call("POST", f"{handover}/accept", {})).status == 200
            for nth in range(1, 5):
                await anna.call("POST", f"{handover}/messages", {"text": f"Line {nth}"})
            while not any(
                message["text"] == "¡Muchas gracias!"
                for message in (await anna.call("GET", f"{handover}/messages")).body["items"]
            ):
                await asyncio.sleep(0.05)
            await anna.call("POST", f"{handover}/close", {})
            await play
        await anna.close()
        (row,) = await handovers(engine)
        assert [agent.name for agent in row.handover.agents] == ["Anna"]
        assert row.handover.status is Status.COMPLETED
        assert simulation.counts() == Counts()


async def test_whoever_is_stopped_early_leaves_no_connection_open() -> None:
    """Agents who never got in, because the play was stopped first, let go of their connections too."""
    simulation = Simulation("http://127.0.0.1:9", Team(dict.fromkeys(("carla", "diego"), "secret")), seed=1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        play = asyncio.create_task(simulation.run())
        await asyncio.sleep(0)  # the play begins
        await asyncio.sleep(0)  # its agents knock
        play.cancel()
        await asyncio.gather(play, return_exceptions=True)
        gc.collect()
    assert [str(each.message) for each in seen if "client session" in str(each.message)] == []
