"""Every type of handover, text and voice, is in the figures, can be explained in five languages, and leaks nothing."""

import asyncio
import csv
import io
import re
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from playwright.async_api import expect
from prometheus_client.parser import text_string_to_metric_families

from openhandover.cli import main
from openhandover.core.model import Limits
from openhandover.providers import SHIPPED as TYPES
from openhandover.stories import Words
from openhandover.texts.catalogue import SHIPPED
from tests.browser import accessible, artifact, chromium, opened
from tests.desk.floor import PASSWORD
from tests.desk.screen import log_in
from tests.scenarios.every_type import USER, Ended, Everybody, everybody, secrets
from tests.serving import KEY


@pytest.fixture
async def past(tmp_path: Path) -> AsyncGenerator[Everybody]:
    """A server that has seen a handover of every type."""
    async with everybody(tmp_path) as it:
        await it.all()
        yield it


async def test_the_figures(past: Everybody) -> None:
    """Every type is there, and grouped by each name the figures are exactly what happened; so are table and list."""
    assert {one.type for one in past.ended} == set(TYPES)
    assert {one.medium for one in past.ended} == {"text", "voice"}
    for by in ("provider", "type", "medium", "status", "reason", "channel"):
        wanted = Counter(getattr(one, by) for one in past.ended)
        report = (await past.server.call("GET", f"/v1/analytics/handovers?group_by={by}")).body
        assert {row["key"]: row["figures"]["handovers"] for row in report["items"]} == wanted, by
        assert report["total"]["handovers"] == len(past.ended)
        table = await past.server.call("GET", f"/v1/analytics/handovers.csv?group_by={by}")
        rows = list(csv.DictReader(io.StringIO(table.body.decode())))
        assert {row[by]: int(row["handovers"]) for row in rows} == wanted, by
    await _narrowed(past)
    await _listed(past)
    await _metrics(past)
    delivery = (await past.server.call("GET", "/v1/analytics/delivery")).body
    assert (delivery["failed"], delivery["retries"]) == (0, 0)
    assert delivery["late_events"] <= len(past.vendors)  # some tell of their wrap-up after the end


async def _narrowed(past: Everybody) -> None:
    """How each type ended, medium by medium."""
    for type_, medium in {(one.type, one.medium) for one in past.ended}:
        query = f"group_by=reason&type={type_}&medium={medium}"
        report = (await past.server.call("GET", f"/v1/analytics/handovers?{query}")).body
        wanted = Counter(one.reason for one in past.ended if (one.type, one.medium) == (type_, medium))
        assert {row["key"]: row["figures"]["handovers"] for row in report["items"]} == wanted, query


async def _listed(past: Everybody) -> None:
    """Line by line, as the API answers them and as a table."""
    items = (await past.server.call("GET", "/v1/analytics/list?limit=1000")).body["items"]
    table = (await past.server.call("GET", "/v1/analytics/list.csv")).body.decode()
    for rows in (items, list(csv.DictReader(io.StringIO(table)))):
        assert [_line(row) for row in rows] == [tuple(one) for one in reversed(past.ended)]


def _line(row: Any) -> tuple[str, ...]:
    return tuple(row[name] for name in Ended._fields)


async def _metrics(past: Everybody) -> None:
    """What Prometheus collects has the same ends."""
    page = (await past.server.call("GET", "/metrics")).body.decode()
    (family,) = (one for one in text_string_to_metric_families(page) if one.name == "openhandover_handovers")
    ends = {
        (sample.labels["provider"], sample.labels["event"]): int(sample.value)
        for sample in family.samples
        if sample.name.endswith("_total")
    }
    wanted = Counter((one.provider, f"handover.{one.status}") for one in past.ended)
    assert {key: ends.get(key) for key in wanted} == wanted


async def test_everybody_can_explain_it(past: Everybody) -> None:
    """Each handover's story says how it ended and why, in every language; a call's also what was said and ordered."""
    for one in past.ended:
        for language in SHIPPED:
            told = await _said(past, "explain", one.id, "--language", language)
            assert f"({one.reason})" in told
            assert Words(language).because(one.reason, Limits()) in told
            assert "{" not in told
        shown = await _said(past, "show", one.id)
        assert f'"status": "{one.status}"' in shown
        assert f'"reason": "{one.reason}"' in shown
        proof = (await past.server.call("GET", f"/v1/analytics/handovers/{one.id}/proof")).body["counts"]
        assert (proof["pending"], proof["failed"], proof["repeated"], proof["misordered"]) == (0, 0, 0, 0)
    (relayed,) = [one.id for one in past.ended if (one.provider, one.status) == ("outside", "completed")]
    assert "gave notice that its desk has the conversation" in await _said(past, "explain", relayed)
    (dialled,) = [one.id for one in past.ended if (one.provider, one.reason) == ("front", "busy")]
    assert [line.partition("  ")[2] for line in (await _said(past, "explain", dialled)).splitlines()][
        1:3
    ] == [
        "The message was spoken on the call.",
        "The call's gateway took the order (forward, dial).",
    ]


async def _said(past: Everybody, *arguments: str) -> str:
    """What the command prints."""
    whole = ["handover", "--url", past.public, "--key", KEY, *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, main, whole)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.browser
async def test_the_page_tells_types_and_calls_apart(past: Everybody) -> None:
    """A supervisor sees each type by its name, narrows to phone calls, and reads why one reached nobody."""
    async with chromium() as browser, opened(browser, f"{past.public}/analytics", locale="nl-NL") as page:
        await page.locator("input[name=agent]").fill("sue")
        await page.locator("input[name=password]").fill(PASSWORD)
        await page.locator("input[name=password]").press("Enter")
        types = page.locator(".card").filter(has=page.get_by_role("heading", name="Soort", exact=True))
        await types.locator("button[aria-expanded]").click()
        await expect(types.locator("tbody tr")).to_have_count(len(TYPES))
        forwarded = sum(one.type == "forward" for one in past.ended)
        await expect(
            types.get_by_role("row", name=re.compile(f"^Doorverbonden gesprek {forwarded} "))
        ).to_be_visible()
        await page.get_by_role("combobox", name="Tekst of telefoon").select_option("voice")
        calls = [one for one in past.ended if one.medium == "voice"]
        handovers = page.locator(".tiles > div").filter(has_text="Overdrachten").locator(".value")
        await expect(handovers).to_have_text(str(len(calls)))
        await expect(types.locator("tbody tr")).to_have_count(len({one.type for one in calls}))
        await accessible(page, "calls")
        await page.screenshot(path=str(artifact("every-type.png")), full_page=True)
        await page.get_by_role("row", name=re.compile("Lijn was bezet")).get_by_role("button").last.click()
        story = page.get_by_role("dialog")
        await expect(story).to_contain_text("Het bericht werd in het gesprek uitgesproken.")
        await expect(story).to_contain_text("Mislukt (busy): de lijn was bezet")


@pytest.mark.browser
async def test_the_desk_shows_texts_only_and_what_went_before(past: Everybody) -> None:
    """A call that rings is not the desk's to answer; who asks again is shown with what came of it before."""
    ringing, asking = await past.calls("front"), await past.asks("support")
    await past.until(ringing, "queued")
    await past.until(asking, "queued")
    async with chromium() as browser, opened(browser, f"{past.public}/desk") as page:
        screen = await log_in(page, "anna")
        await screen.opens(USER["name"])
        await expect(screen.list.get_by_role("button", name="Accept")).to_have_count(1)
        earlier = page.get_by_role("complementary", name="Details").locator(".previous button")
        await expect(earlier).to_have_count(10)
        await earlier.filter(has_text="Recorded only").click()
        await expect(screen.dialog).to_contain_text("Recorded only")
        await expect(screen.dialog).to_contain_text("You did not have this conversation")
        await page.screenshot(path=str(artifact("every-type-desk.png")))


async def test_no_log_has_a_secret_or_what_people_said(past: Everybody) -> None:
    """Neither keys and tokens, nor who the user is, nor what was written and called; but every refusal."""
    assert await past.process.end() == 0
    log = past.process.log()
    assert {what: secret for what, secret in secrets(past.vendors).items() if secret in log} == {}
    assert log.count("open_failed") == Counter(one.reason in ("rejected", "auth") for one in past.ended)[True]
