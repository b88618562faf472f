"""Chaos: a real server under a real supervisor is broken in every way, and visitors and agents lose nothing."""

import asyncio
import filecmp
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from openhandover.core.errors import ConfigError
from openhandover.demo.chaos.child import Child
from openhandover.demo.chaos.journal import Journal
from openhandover.demo.chaos.page import STATIC, page
from openhandover.demo.chaos.supervisor import Supervisor, prepared
from openhandover.demo.folder import opened
from openhandover.demo.options import Options
from openhandover.demo.partner import served
from openhandover.demo.simulate.scripts import STORIES
from openhandover.demo.simulate.simulation import Simulation
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
FLAWLESS = {"lost": 0, "repeated": 0, "misordered": 0}
BY_PARTNER = tuple(story for story in STORIES if story.provider == "partner")


class Console:
    """The page's own calls."""

    def __init__(self, http: aiohttp.ClientSession, supervisor: Supervisor) -> None:
        self.http = http
        self.supervisor = supervisor

    async def state(self) -> dict[str, Any]:
        """What the page shows."""
        async with self.http.get("/state") as reply:
            assert reply.status == 200
            return await reply.json()

    async def press(self, **what: Any) -> dict[str, Any]:
        """Press a button or flip a switch."""
        async with self.http.post("/do", json=what) as reply:
            assert reply.status == 200
            return await reply.json()

    async def until(self, holds: Callable[[dict[str, Any]], bool], within_s: float = 60) -> dict[str, Any]:
        """The state, as soon as it is so."""
        async with asyncio.timeout(within_s):
            while not holds(state := await self.state()):
                await asyncio.sleep(0.1)
            return state


@asynccontextmanager
async def console(folder: Path, **play: Any) -> AsyncGenerator[Console]:
    """A supervisor at work, without a past, at a high pace."""
    options = Options(folder / "demo", port=free_port(), pace=25, seed=11)
    known = opened(options.folder, fresh=False)
    (options.folder / "past").touch()
    async with prepared(options, known) as (supervisor, _):
        for name, value in play.items():
            setattr(supervisor.simulation, name, value)
        async with served(page(supervisor)) as url, aiohttp.ClientSession(url) as http:
            work = asyncio.create_task(supervisor.run())
            try:
                yield Console(http, supervisor)
            finally:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work


def flaws(counts: dict[str, int]) -> dict[str, int]:
    """Only what must be 0."""
    return {name: counts[name] for name in FLAWLESS}


@pytest.mark.timeout(300)
async def test_every_button_and_nothing_is_lost(tmp_path: Path) -> None:
    """Kills, repeats, shuffled webhooks, dropped answers, a slow desk and a desk that is down: both counters show 0
    lost, 0 repeated and 0 misordered, and the talks go on to their ends."""
    async with console(tmp_path) as chaos:
        await chaos.until(lambda state: state["counts"]["people"]["delivered"] > 10)
        for name in ("repeat", "shuffle", "drop_answers"):
            assert (await chaos.press(do="switch", name=name, on=True))["faults"][name]
        for _ in range(2):
            kills = (await chaos.press(do="kill"))["server"]["kills"]
            back = await chaos.until(lambda state: state["server"]["up"])
            assert back["server"]["kills"] == kills
            assert back["server"]["downtime_ms"] > 0
            seen = back["counts"]["people"]["delivered"]
            await chaos.until(lambda state, seen=seen: state["counts"]["people"]["delivered"] > seen + 15)
        await chaos.until(lambda state: min(state["broken"].values()) > 5)
        await chaos.press(do="repeat_recent")
        await chaos.press(do="switch", name="slow", on=True)
        await chaos.press(do="switch", name="slow", on=False)
        for down in ("503", "refused", "no"):
            state = await chaos.press(do="desk", down=down)
            assert state["faults"]["down"] == down
            seen = state["counts"]["people"]["delivered"]
            await chaos.until(lambda state, seen=seen: state["counts"]["people"]["delivered"] > seen + 5)
        await chaos.press(do="kill")
        await chaos.until(lambda state: state["server"]["up"])
        for name in ("repeat", "shuffle", "drop_answers"):
            await chaos.press(do="switch", name=name, on=False)
        chaos.supervisor.simulation.close()
        state = await chaos.until(
            lambda state: (
                state["visitors"]["arrived"] == state["visitors"]["finished"]
                and state["counts"]["people"]["pending"] == 0
                and state["counts"]["proof"]["pending"] == 0
            ),
            120,
        )
        assert state["counts"]["people"]["accepted"] > 40
        assert state["counts"]["proof"]["accepted"] > 40
        assert flaws(state["counts"]["people"]) == FLAWLESS, state["log"]
        assert flaws(state["counts"]["proof"]) == FLAWLESS
        assert [line for line in state["log"] if line["kind"] == "bad"] == []


@pytest.mark.timeout(300)
async def test_a_real_loss_shows(tmp_path: Path) -> None:
    """A message that vanishes before the server hears of it: its proof knows nothing, the visitors' count says 1."""
    async with console(tmp_path, stories=BY_PARTNER) as chaos:
        await chaos.until(lambda state: state["counts"]["people"]["delivered"] > 3)
        await chaos.press(do="swallow")
        state = await chaos.until(lambda state: state["counts"]["people"]["lost"] > 0, 150)
        assert state["counts"]["people"]["lost"] == 1
        assert state["counts"]["proof"]["lost"] == 0
        await chaos.until(
            lambda state: any(line["values"] == {"count": 1, "flaw": "lost"} for line in state["log"]),
            within_s=10,
        )


async def test_the_page_obeys_nobody_else(tmp_path: Path) -> None:
    """Other sites' forms and names are refused, unknown wishes too; the page carries the strict policy."""
    async with console(tmp_path) as chaos:
        async with chaos.http.get("/") as reply:
            assert "script-src 'self'" in reply.headers["Content-Security-Policy"]
            assert "unsafe" not in reply.headers["Content-Security-Policy"]
            assert "<script src=" in await reply.text()
        async with chaos.http.post("/do", data={"do": "kill"}) as reply:
            assert reply.status == 415
        async with chaos.http.post("/do", json={"do": "format the disk"}) as reply:
            assert reply.status == 400
        async with chaos.http.get("/state", headers={"Host": "evil.example"}) as reply:
            assert reply.status == 403
        assert (await chaos.state())["server"]["kills"] == 0


@pytest.mark.parametrize("fault", ["lost", "repeated", "misordered"])
async def test_the_independent_count_notices(fault: str) -> None:
    """What a visitor does not read, reads twice or reads too early is counted as such."""
    simulation = Simulation("http://127.0.0.1:9", None)  # type: ignore[arg-type]  (nobody comes)
    account = simulation.ledger.book("talk").to_user
    account.accepted |= {account.write(text) for text in ("one", "two", "three")}
    account.read += {"lost": ["one", "three"], "repeated": ["one", "two", "two", "three"]}.get(
        fault, ["two", "one", "three"]
    )
    simulation.ledger.over("talk", settles_s=0)
    counts = simulation.counts()
    assert {name: getattr(counts, name) for name in FLAWLESS} == {**FLAWLESS, fault: 1}


def test_the_page_has_the_colours_of_the_others() -> None:
    """Its tokens are those that every page shares."""
    assert filecmp.cmp(STATIC / "tokens.css", ROOT / "ui/shared/tokens.css", shallow=False)


async def test_a_server_that_cannot_start_is_said(tmp_path: Path) -> None:
    """A child that ends by itself while it starts is not started for ever; its log is named."""
    child = Child("127.0.0.1", free_port(), {}, tmp_path / "server.log")
    with pytest.raises(ConfigError, match=r"server\.log says why"):
        await child.keep_running(Journal())
    assert "DEMO_FOLDER" in (tmp_path / "server.log").read_text("utf-8")
