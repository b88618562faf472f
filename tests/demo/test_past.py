"""The demo's past: what was made up is in every figure, and it is whole in every detail."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import aiohttp

from openhandover.core.state import is_busy, wake_at
from openhandover.demo.folder import config_of, environment, opened
from openhandover.demo.past import DAYS, write_past
from openhandover.demo.past.visits import Teller
from openhandover.demo.past.weeks import Sizes, Weeks
from openhandover.engine import Engine
from openhandover.engine.wiring import rules_of
from openhandover.store.port import Changes, Loaded
from openhandover.web.serve import start

SIZES = Sizes(handovers=160, contained=40)
NOW = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)


async def test_the_figures_are_those_of_the_past(tmp_path: Path) -> None:
    """The analytics count exactly what was made up, by status, language, provider and agent; every proof is clean."""
    known = opened(tmp_path, fresh=False)
    config = config_of(environment(tmp_path, known, "http://127.0.0.1:9"))
    assert await write_past(config, NOW, seed=3, sizes=SIZES) == 200
    made = await drawn(tmp_path, seed=3)
    rows = [row for changes in made for row in changes.handovers]
    assert len(rows) == SIZES.handovers

    running = await start(config, host="127.0.0.1", port=0)
    try:
        headers = {"Authorization": f"Bearer {known.api_key}"}
        async with aiohttp.ClientSession(running.url, headers=headers) as http:

            async def figures(group: str) -> tuple[dict, Counter[str]]:
                period = {"from": "2026-02-01", "to": "2026-03-31", "group_by": group}
                async with http.get("/v1/analytics/handovers", params=period) as answer:
                    body = await answer.json()
                return body["total"], Counter(
                    {one["key"]: one["figures"]["handovers"] for one in body["items"]}
                )

            total, by_status = await figures("status")
            assert by_status == Counter(row.handover.status for row in rows)
            assert set(by_status) == {"completed", "cancelled", "error"}
            assert (total["handovers"], total["conversations"], total["open"]) == (160, 200, 0)
            assert total["containment_rate"] == 0.2
            assert total["rating"]["count"] == sum(row.handover.rating is not None for row in rows) > 10
            assert (await figures("provider"))[1] == Counter(row.handover.target.provider for row in rows)
            assert (await figures("language"))[1] == Counter(row.language for row in rows)
            assert (await figures("agent"))[1] == Counter(
                row.handover.agent.name if row.handover.agent else None for row in rows
            )
            for row in rows[:40]:
                async with http.get(f"/v1/handovers/{row.handover.id}/proof") as answer:
                    counts = (await answer.json())["counts"]
                assert counts["accepted"] == counts["delivered"] + counts["failed"]
                assert (counts["pending"], counts["repeated"], counts["misordered"]) == (0, 0, 0)
    finally:
        running.stop()
        await running.ended


async def test_the_past_is_over(tmp_path: Path) -> None:
    """Nothing of the past waits for a timer or a receiver, and all of it lies in the last eight weeks, in order."""
    for changes in await drawn(tmp_path, seed=5):
        state = changes.conversation
        assert state is not None
        assert not is_busy(state)
        assert wake_at(state) is None
        times = [entry.at for entry in changes.entries]
        assert times == sorted(times)
        assert [entry.seq for entry in changes.entries] == list(range(1, len(times) + 1))
        assert NOW - timedelta(days=DAYS + 1) < datetime.fromtimestamp(times[0], UTC) < NOW


async def test_writing_it_again_changes_nothing(tmp_path: Path) -> None:
    """A start that was cut off in the middle may write the past again."""
    known = opened(tmp_path, fresh=False)
    config = config_of(environment(tmp_path, known, "http://127.0.0.1:9"))
    small = Sizes(handovers=6, contained=4)
    await write_past(config, NOW, seed=3, sizes=small)
    await write_past(config, NOW, seed=3, sizes=small)
    engine = Engine(config)
    await engine.store.start()
    found = await engine.store.conversations(None, None, 100)
    await engine.store.stop()
    assert len(found.items) == 10


async def drawn(folder: Path, *, seed: int) -> list[Changes]:
    """What the past consists of, without a database."""
    known = opened(folder, fresh=False)
    config = config_of(environment(folder, known, "http://127.0.0.1:9"))
    engine, random = Engine(config), Random(seed)
    teller = Teller(engine, rules_of(config, engine.texts), random)
    units = Weeks(config, teller, NOW, random).units(SIZES)
    await engine.http.close()
    return [unit.decide(Loaded(None)) for unit in units]
