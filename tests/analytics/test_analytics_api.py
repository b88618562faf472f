"""The analytics API against a running server."""

import csv
import io
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.desk.floor import CONFIG, PASSWORD, Agent, queued
from tests.serving import Server, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    """A server where one handover was completed with a rating, one withdrawn, one waits; one conversation had none."""
    async with running_server(tmp_path, CONFIG) as running:
        bob = await Agent(running, "bob").here()
        for handover_id in ("h1", "h2", "h3"):
            await queued(running, handover_id)
        await bob.accept("h1")
        await bob.say("h1", "hello")
        await bob.call("POST", "handovers/h1/close", {})
        await running.call("POST", "/v1/handovers/h1/rating", {"score": 4})
        await running.call("POST", "/v1/handovers/h2/cancel", {})
        await running.conversation(id="alone")
        yield running


async def report(server: Server, query: str = "", **options: Any) -> dict[str, Any]:
    """The handovers report."""
    answer = await server.call("GET", f"/v1/analytics/handovers{query}", **options)
    assert answer.status == 200, answer
    return answer.body


async def test_totals(server: Server) -> None:
    """Every handover is counted, with how it ended, how long it took and what was thought of it."""
    total = (await report(server))["total"]
    counts = {
        name: total[name] for name in ("handovers", "open", "completed", "cancelled", "error", "abandoned")
    }
    assert counts == {"handovers": 3, "open": 1, "completed": 1, "cancelled": 1, "error": 0, "abandoned": 1}
    assert (total["conversations"], total["containment_rate"]) == (4, 0.25)
    assert total["rating"] == {"mean": 4.0, "count": 1}
    assert total["time_to_agent_s"]["p50"] <= total["time_to_first_reply_s"]["p50"]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("status", {"completed", "cancelled", "queued"}),
        ("reason", {"agent_closed", "user_cancelled", None}),
        ("provider", {"support"}),
        ("channel", {"api"}),
        ("language", {"en"}),
        ("agent", {"Bob", None}),
    ],
)
async def test_groups(server: Server, by: str, keys: set[str | None]) -> None:
    """One entry per value, which add up to the total."""
    body = await report(server, f"?group_by={by}")
    assert {item["key"] for item in body["items"]} == keys
    assert sum(item["figures"]["handovers"] for item in body["items"]) == 3


async def test_period_and_time_zone(server: Server) -> None:
    """A period without handovers is empty; a zone is answered as given."""
    old = await report(server, "?from=2020-01-01&to=2020-01-31&tz=Europe/Amsterdam&group_by=day")
    assert (old["total"]["handovers"], old["items"], old["tz"]) == (0, [], "Europe/Amsterdam")
    assert (old["from"], old["to"]) == ("2019-12-31T23:00:00.000Z", "2020-01-31T23:00:00.000Z")


@pytest.mark.parametrize(
    "query",
    [
        "group_by=mood",
        "tz=Mars/Base",
        "tz=../etc/passwd",
        "from=yesterday",
        "to=99999-01-01",
        "from=0001-01-01",
    ],
)
@pytest.mark.parametrize("path", ["handovers", "handovers.csv", "delivery"])
async def test_wrong_parameters_are_refused(server: Server, path: str, query: str) -> None:
    """422 with the parameter's name, never a 500; `delivery` has no groups to get wrong."""
    answer = await server.call("GET", f"/v1/analytics/{path}?{query}")
    if query.startswith("group_by") and path == "delivery":
        assert answer.status == 200
    elif query.startswith("from=0001"):
        assert answer.status in (200, 422)
    else:
        assert (answer.status, answer.code) == (422, "invalid")


async def test_csv_has_one_row_per_group(server: Server) -> None:
    """The same figures as a table that spreadsheets read."""
    answer = await server.call("GET", "/v1/analytics/handovers.csv?group_by=status")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert {row["status"]: row["handovers"] for row in rows} == {
        "completed": "1",
        "cancelled": "1",
        "queued": "1",
    }
    assert "time_to_agent_s_p90" in rows[0]
    total = await server.call("GET", "/v1/analytics/handovers.csv")
    assert total.body.decode().splitlines()[1].startswith("total,3,")


async def test_delivery(server: Server) -> None:
    """Messages are counted by direction, and nothing failed."""
    body = (await server.call("GET", "/v1/analytics/delivery")).body
    assert body["failed"] == 0
    assert body["accepted"] == sum(leg["accepted"] for leg in body["items"])
    assert {"retries", "duplicates_suppressed", "late_events"} <= set(body)


async def test_access(server: Server) -> None:
    """A key needs the scope; a supervisor's session is enough at the desk, an agent's is not."""
    assert (await server.call("GET", "/v1/analytics/handovers", key="test-key-for-chats")).status == 403
    assert (await server.call("GET", "/v1/analytics/handovers", key=None)).status == 401
    for agent, status in (("sue", 200), ("bob", 403)):
        body = {"agent": agent, "password": PASSWORD}
        session = await server.call("POST", "/v1/desk/login", body, key=None)
        cookie = {"Cookie": session.headers["Set-Cookie"].partition(";")[0]}
        answer = await server.call("GET", "/v1/desk/analytics/handovers", key=None, headers=cookie)
        assert answer.status == status
    page = await server.call("GET", "/analytics", key=None)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
