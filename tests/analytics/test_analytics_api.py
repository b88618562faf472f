"""The analytics API against a running server."""

import contextlib
import csv
import io
import sqlite3
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from openhandover.analytics.filters import GROUPS, NAMES
from openhandover.store.sqlite.statements import REPORTS
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
        "status=happy",
        "reason=" + "x" * 501,
        "compare=best",
        "containment=perhaps",
        "from=2026-02-01&to=2026-01-01",
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
    """422 with the parameter's name, never a 500; `delivery` has no filters and no groups to get wrong."""
    answer = await server.call("GET", f"/v1/analytics/{path}?{query}")
    name = query.partition("=")[0]
    if path == "delivery" and name in ("group_by", "status", "reason", "compare", "containment"):
        assert answer.status == 200
    elif query.startswith("from=0001"):
        assert answer.status in (200, 422)
    else:
        assert (answer.status, answer.code) == (422, "invalid")
        assert answer.body["errors"][0]["path"] == name


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


async def test_filters_narrow_the_figures(server: Server) -> None:
    """By outcome, agent and reason; conversations can be narrowed by their channel only."""
    assert (await report(server, "?status=open"))["total"]["handovers"] == 1
    assert (await report(server, "?status=queued"))["total"]["handovers"] == 1
    by_bob = (await report(server, "?agent_name=Bob&reason=agent_closed"))["total"]
    assert (by_bob["handovers"], by_bob["conversations"], by_bob["containment_rate"]) == (1, None, None)
    by_channel = (await report(server, "?channel=api"))["total"]
    assert (by_channel["handovers"], by_channel["conversations"]) == (3, 4)
    assert (await report(server, "?channel=api&containment=false"))["total"]["conversations"] is None
    assert (await report(server, "?provider=nobody"))["total"]["handovers"] == 0


async def test_the_period_before(server: Server) -> None:
    """Nothing happened before, and that is said with its dates."""
    previous = (await report(server, "?compare=previous"))["previous"]
    assert (previous["total"]["handovers"], previous["total"]["conversations"]) == (0, 0)
    assert previous["from"] < previous["to"]


async def test_what_is_open_now(server: Server) -> None:
    """The one that waits is listed with how long it has waited."""
    body = (await server.call("GET", "/v1/analytics/now")).body
    assert (body["open"], body["waiting"], body["active"]) == (1, 1, 0)
    (item,) = body["items"]
    assert (item["id"], item["status"]) == ("h3", "queued")
    assert 0 <= item["waited_s"] <= body["longest_wait_s"] + 1
    assert (await server.call("GET", "/v1/analytics/now?channel=phone")).body["open"] == 0
    table = (await server.call("GET", "/v1/analytics/now.csv")).body.decode().splitlines()
    assert len(table) == 2
    assert table[1].startswith("h3,c_h3,queued,")


async def test_values_to_filter_by(server: Server) -> None:
    """What occurred in the period."""
    assert (await server.call("GET", "/v1/analytics/values")).body == {
        "statuses": ["cancelled", "completed", "queued"],
        "providers": ["support"],
        "channels": ["api"],
        "languages": ["en"],
        "agents": ["Bob"],
    }


async def test_the_list_pages_from_new_to_old(past: Server) -> None:
    """Every handover once, over all pages; the CSV has all of them in the same order."""
    ids: list[str] = []
    cursor = ""
    while True:
        path = f"/v1/analytics/list?from=2020-01-01&limit=700{cursor and '&cursor=' + cursor}"
        body = (await past.call("GET", path)).body
        ids += [item["id"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = body["next"]
    assert len(ids) == len(set(ids)) == 2_000
    table = (await past.call("GET", "/v1/analytics/list.csv?from=2020-01-01")).body.decode()
    assert [row["id"] for row in csv.DictReader(io.StringIO(table))] == ids
    refused = await past.call("GET", "/v1/analytics/list?cursor=nonsense")
    assert (refused.status, refused.body["errors"][0]["path"]) == (422, "cursor")


async def test_all_groupings_count_the_same_handovers(past: Server) -> None:
    """Two thousand, whichever way they are grouped; the hours and the days have the same conversations too."""
    begun: set[int] = set()
    for by in GROUPS:
        body = await report(past, f"?from=2020-01-01&group_by={by}&tz=America/New_York")
        assert (
            sum(item["figures"]["handovers"] for item in body["items"]) == body["total"]["handovers"] == 2_000
        )
        if by in ("hour", "day", "weekday_hour", "channel"):
            begun.add(sum(item["figures"]["conversations"] for item in body["items"]))
    assert begun == {body["total"]["conversations"]}


async def test_a_story_with_its_proof(server: Server) -> None:
    """The scope `analytics` is enough to read a handover's sentences and the proof of its messages."""
    told = (await server.call("GET", "/v1/analytics/handovers/h1/explain")).body["items"]
    assert any("Bob joined" in sentence["text"] for sentence in told)
    proof = (await server.call("GET", "/v1/analytics/handovers/h1/proof")).body
    assert proof["counts"]["accepted"] == proof["counts"]["delivered"] + proof["counts"]["pending"]
    assert (await server.call("GET", "/v1/analytics/handovers/none/explain")).status == 404


async def test_why_a_human_was_wanted(server: Server) -> None:
    """Handovers are grouped by the reason that was given; addresses and numbers in it are blacked out."""
    for number, why in enumerate(("late parcel", "late parcel", "write to kim@example.org")):
        conversation = await server.conversation(id=f"why{number}")
        await server.handover(conversation["id"], reason=why)
    items = (await report(server, "?group_by=why"))["items"]
    counts = {item["key"]: item["figures"]["handovers"] for item in items}
    assert counts == {None: 3, "late parcel": 2, "write to [email]": 1}
    assert (await report(server, "?why=late parcel"))["total"]["handovers"] == 2
    listed = (await server.call("GET", "/v1/analytics/list?limit=1")).body["items"]
    assert listed[0]["why"] == "write to [email]"


async def test_an_erased_user_leaves_figures_without_words(server: Server) -> None:
    """After erasure the handover still counts, and nothing the user was asked for is found in it."""
    conversation = await server.conversation(id="gone", user={"id": "gone"})
    await server.handover(conversation["id"], reason="a secret matter")
    assert (await report(server, "?why=a secret matter"))["total"]["handovers"] == 1
    await server.engine.store.erase("gone")
    body = await report(server, "?group_by=why")
    assert [(item["key"], item["figures"]["handovers"]) for item in body["items"]] == [(None, 4)]


@pytest.mark.parametrize("why", ["=1+1", "+31", "-2", "@SUM(A1)", " =cmd", "\t=1", 'a "b", c\nd'])
async def test_cells_are_no_formulas_and_are_quoted(server: Server, why: str) -> None:
    """What a spreadsheet would run gets an apostrophe before it; quotes, commas and lines survive."""
    conversation = await server.conversation(id="formula")
    await server.handover(conversation["id"], reason=why)
    table = (await server.call("GET", "/v1/analytics/list.csv")).body.decode()
    cell = next(csv.DictReader(io.StringIO(table, newline="")))["why"]
    assert cell == (why if why.startswith("a") else f"'{why}")


async def test_troubles_of_delivery(past: Server) -> None:
    """What needed more than one call or was given up is counted and listed, and nothing else is."""
    period = "from=2020-01-01"
    sums = (await past.call("GET", f"/v1/analytics/delivery?{period}")).body
    troubles = (await past.call("GET", f"/v1/analytics/troubles?{period}&limit=1000")).body["items"]
    assert sum(one["calls"] - 1 for one in troubles) == sums["retries"] > 0
    assert sum(one["state"] == "failed" for one in troubles) == sums["failed"] > 0
    assert [one["at"] for one in troubles] == sorted((one["at"] for one in troubles), reverse=True)
    assert sums["accepted"] == sums["delivered"] + sums["pending"] + sums["failed"]
    assert sums["late_events"] > 0
    assert sums["duplicates_suppressed"] > 0
    legs = (await past.call("GET", f"/v1/analytics/delivery.csv?{period}")).body.decode().splitlines()
    assert [line.partition(",")[0] for line in legs] == ["direction", "to_agent", "to_bot", "to_user"]
    table = (await past.call("GET", f"/v1/analytics/troubles.csv?{period}&limit=1000")).body.decode()
    assert len(table.splitlines()) == len(troubles) + 1


async def test_reports_read_indexes_alone(past: Server) -> None:
    """No report of a period walks through the states of handovers or conversations, or through the log."""
    parameters = {
        "from_at": 0.0,
        "to_at": 1.0,
        "by": None,
        "grain_s": 900,
        "limit": 1,
        "before_at": 1.0,
        "before_id": "",
    }
    parameters |= dict.fromkeys(("status", *NAMES, "medium", "providers"))
    names = ("handovers", "conversations", "values", "list", "delivery", "exceptions")
    with contextlib.closing(sqlite3.connect(past.engine.store._path)) as connection:  # type: ignore[attr-defined]
        for name in names:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {REPORTS[f'analytics_{name}']}", parameters)
            tables = [step[3] for step in plan if step[3].startswith("SEARCH")]
            assert tables
            assert all("COVERING INDEX" in step for step in tables), (name, tables)


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
        story = await server.call("GET", "/v1/desk/analytics/handovers/h1/explain", key=None, headers=cookie)
        assert story.status == status
    page = await server.call("GET", "/analytics", key=None)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
