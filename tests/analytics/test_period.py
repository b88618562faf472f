"""Periods over changes of the clock, asked for over HTTP, with handovers at known times."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from openhandover.analytics.period import Period
from openhandover.store.port import Changes, HandoverRow, Unit
from tests.analytics.history import Past
from tests.desk.floor import CONFIG
from tests.serving import Server, running_server

NIGHTS = (
    "2026-03-29T00:30:00+01:00",
    "2026-03-29T03:30:00+02:00",
    "2026-03-29T23:30:00+02:00",
    "2026-10-25T00:30:00+02:00",
    "2026-10-25T02:30:00+02:00",
    "2026-10-25T02:30:00+01:00",
    "2026-10-25T23:30:00+01:00",
    "2026-10-26T00:30:00+01:00",
)
"""Handovers around the changes of the clock in Amsterdam."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A server that knows one ended handover at each of these times."""
    async with running_server(tmp_path, CONFIG) as running:
        units = Past(0, 1).units(len(NIGHTS) * 4)
        wanted = [unit for unit in units if unit.conversation_id.startswith("c_0")][: len(NIGHTS)]
        for unit, at in zip(wanted, NIGHTS, strict=True):
            await running.engine.store.transact(_moved(unit, datetime.fromisoformat(at).timestamp()))
        yield running


def _moved(unit: Unit, at: float) -> Unit:
    changes = unit.decide(None)  # type: ignore[arg-type]
    row = changes.handovers[0]
    handover = msgspec.structs.replace(row.handover, requested_at=at)
    assert changes.conversation is not None
    state = msgspec.structs.replace(changes.conversation, created_at=at)
    moved = Changes(state, handovers=(HandoverRow(handover, row.channel, row.language),))
    return Unit(unit.conversation_id, lambda _loaded: moved)


async def report(server: Server, query: str) -> Any:
    """The handovers report in Amsterdam."""
    answer = await server.call("GET", f"/v1/analytics/handovers?tz=Europe/Amsterdam&{query}")
    assert answer.status == 200, answer
    return answer.body


@pytest.mark.parametrize(
    ("day", "begins", "ends", "handovers"),
    [
        ("2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z", 3),
        ("2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z", 4),
        ("2026-10-26", "2026-10-25T23:00:00.000Z", "2026-10-26T23:00:00.000Z", 1),
    ],
)
async def test_a_day_has_its_own_length(
    server: Server, day: str, begins: str, ends: str, handovers: int
) -> None:
    """The last Sunday of March has 23 hours, that of October 25."""
    body = await report(server, f"from={day}&to={day}&group_by=day")
    assert (body["from"], body["to"], body["total"]["handovers"]) == (begins, ends, handovers)
    assert [item["key"] for item in body["items"]] == [day]


async def test_the_hour_that_comes_twice_is_counted_as_one(server: Server) -> None:
    """Both half past two of 25 October stand under 02:00."""
    body = await report(server, "from=2026-10-25&to=2026-10-25&group_by=hour")
    assert {item["key"]: item["figures"]["handovers"] for item in body["items"]} == {
        "00:00": 1,
        "02:00": 2,
        "23:00": 1,
    }


async def test_the_period_before_has_whole_days_too(server: Server) -> None:
    """The day before 26 October is the 25th with all its 25 hours."""
    body = await report(server, "from=2026-10-26&to=2026-10-26&compare=previous")
    before = body["previous"]
    assert (before["from"], before["to"]) == ("2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z")
    assert before["total"]["handovers"] == 4


async def test_the_period_before_of_a_running_day_ends_as_early(server: Server) -> None:
    """A morning is compared with a morning: what has not come yet is left out before, too."""
    answer = await server.call(
        "GET", "/v1/analytics/handovers?from=2026-01-01&to=2126-01-01&compare=previous"
    )
    before = answer.body["previous"]
    spans = [
        datetime.fromisoformat(body["to"]) - datetime.fromisoformat(body["from"])
        for body in (answer.body, before)
    ]
    assert spans[1].days < spans[0].days - 30_000


@pytest.mark.parametrize(
    ("zone", "grain_s"),
    [
        ("Europe/Amsterdam", 3600),
        ("America/New_York", 3600),
        ("UTC", 3600),
        ("Asia/Kathmandu", 900),
        ("Australia/Lord_Howe", 900),
    ],
)
def test_the_grain_of_time_lies_in_one_hour_of_the_clock(zone: str, grain_s: int) -> None:
    """Clocks that are ahead by parts of an hour, be it in summer only, need a finer count."""
    january = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    assert Period(january, january + 365 * 86400, zone, ZoneInfo(zone)).grain_s == grain_s


async def test_a_clock_that_is_ahead_by_three_quarters_of_an_hour(server: Server) -> None:
    """Half past midnight in Amsterdam is a quarter past four in Kathmandu."""
    path = "/v1/analytics/handovers?tz=Asia/Kathmandu&from=2026-10-26&to=2026-10-26&group_by=hour"
    keys = [item["key"] for item in (await server.call("GET", path)).body["items"]]
    assert keys == ["04:00", "05:00"]
