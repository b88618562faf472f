"""The analytics page in a real browser."""

import csv
import io
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser import accessible, artifact, chromium, opened
from tests.desk.floor import CONFIG, PASSWORD, Agent, queued
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser

DAYS = "How they ended"
WAITS = "How long people waited"


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    """A Chromium of its own."""
    async with chromium() as launched:
        yield launched


@asynccontextmanager
async def supervised(
    browser: Browser, server: Server, query: str = "", **options: Any
) -> AsyncIterator[Page]:
    """The page as Sue sees it, who is logged in, in Amsterdam."""
    options.setdefault("timezone_id", "Europe/Amsterdam")
    async with opened(browser, f"{server.url}/analytics{query}", **options) as page:
        await log_in(page, "sue")
        await expect(page.locator("#figures")).to_be_visible()
        yield page


async def log_in(page: Page, agent: str) -> None:
    """The form."""
    await page.locator("input[name=agent]").fill(agent)
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")


def tile(page: Page, name: str) -> Any:
    """The value of a figure."""
    return page.locator(".tiles > div").filter(has_text=name).locator(".value")


async def test_only_supervisors_get_in(past: Server, browser: Browser) -> None:
    """Who is not logged in is asked to; an agent is told why not; a wrong password is said kindly."""
    async with opened(browser, f"{past.url}/analytics") as page:
        await expect(page.get_by_text("Log in with a supervisor's name")).to_be_visible()
        await accessible(page, "log-in")
        await page.get_by_label("Agent").fill("sue")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("alert")).to_have_text("Agent or password is wrong.")
        await log_in(page, "bob")
        await expect(page.get_by_role("alert")).to_contain_text("Only supervisors")
        await log_in(page, "sue")
        await expect(page.get_by_role("heading", name="Figures")).to_be_visible()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_looks_and_accessibility(past: Server, browser: Browser, scheme: Any) -> None:
    """Every part is there, axe finds nothing, and nothing is wider than the window."""
    await Agent(past, "bob").here()
    await queued(past)
    async with supervised(browser, past, color_scheme=scheme) as page:
        for title in (
            "Right now",
            "Figures",
            "When people wait",
            "Why and where",
            "Handovers one by one",
            "Delivery",
        ):
            await expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        await expect(page.locator("canvas")).to_have_count(2)
        await expect(page.locator(".card table")).to_have_count(8)
        for width in (1440, 768, 360):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.wait_for_function(f"document.documentElement.scrollWidth === {width}")
            await page.screenshot(path=str(artifact(f"analytics-{width}-{scheme}.png")), full_page=True)
            await accessible(page, f"{width} {scheme}")


async def test_the_address_holds_the_filters(past: Server, browser: Browser) -> None:
    """A choice changes figures and address; back undoes it; whoever opens the link sees the same."""
    async with supervised(browser, past) as page:
        everything = await tile(page, "Handovers").inner_text()
        await page.get_by_role("combobox", name="Provider").select_option("genesys")
        await expect(page.get_by_role("button", name="Remove Provider: genesys")).to_be_visible()
        await expect(tile(page, "Handovers")).not_to_have_text(everything)
        narrowed = await tile(page, "Handovers").inner_text()
        assert "provider=genesys" in page.url
        assert "tz=Europe%2FAmsterdam" in page.url
        await page.reload()
        await expect(tile(page, "Handovers")).to_have_text(narrowed)
        await page.get_by_role("combobox", name="Period").select_option("7d")
        await expect(page).to_have_url(re.compile("period=7d"))
        await page.go_back()
        await expect(tile(page, "Handovers")).to_have_text(narrowed)
        await page.go_back()
        await expect(tile(page, "Handovers")).to_have_text(everything)
        await page.get_by_role("button", name="Parcel has not arrived").click()
        await expect(page.get_by_role("button", name="Remove Asked because")).to_be_visible()
        await page.get_by_role("button", name="Reset filters").click()
        await expect(tile(page, "Handovers")).to_have_text(everything)


async def test_the_same_figures_as_the_api(past: Server, browser: Browser) -> None:
    """The tiles show what the API answers for the same period and zone, and what has changed, in words."""
    query = "from=2020-01-01&to=2099-12-31&tz=Europe/Amsterdam"
    total = (await past.call("GET", f"/v1/analytics/handovers?{query}")).body["total"]
    async with supervised(browser, past, f"?{query}") as page:
        await expect(tile(page, "Handovers")).to_have_text(f"{total['handovers']:,}")
        share = Decimal(str(total["containment_rate"])) * 100
        await expect(tile(page, "Solved by the bot")).to_have_text(
            f"{share.quantize(Decimal(1), ROUND_HALF_UP)}%"  # as browsers round; Python would make 50 of 50.5
        )
        await expect(page.get_by_text("nothing before to compare")).to_have_count(1)
        await expect(page.locator(".change")).to_have_count(0)
        await page.get_by_role("combobox", name="Period").select_option("28d")
        await expect(page.locator(".change").first).to_have_text(re.compile("than before|as before"))


@pytest.mark.parametrize("title", [DAYS, WAITS])
async def test_each_chart_is_a_table_too(past: Server, browser: Browser, title: str) -> None:
    """Screen readers always have the table; the button shows it to everybody; arrow keys read the chart."""
    async with supervised(browser, past) as page:
        chart = page.locator("figure").filter(has_text=title)
        table = chart.get_by_role("table")
        await expect(table.locator("tbody tr")).to_have_count(28)
        await expect(table.locator("caption")).not_to_be_empty()
        plot = chart.get_by_role("img")
        await plot.focus()
        await page.keyboard.press("Home")
        first = await table.locator("tbody th").first.inner_text()
        await expect(chart.locator("[aria-live]")).to_contain_text(first)
        await page.keyboard.press("ArrowRight")
        await expect(chart.locator("[aria-live]")).not_to_contain_text(first)
        button = chart.get_by_role("button", name="Table")
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(button).to_have_attribute("aria-pressed", "true")
        await expect(chart.locator("canvas")).to_have_count(0)
        await expect(chart.get_by_role("region").get_by_role("table")).to_be_visible()


async def test_days_over_a_change_of_the_clock(past: Server, browser: Browser) -> None:
    """Three days in October are three days, though one has 25 hours."""
    query = "?from=2026-10-24&to=2026-10-26&tz=Europe/Amsterdam"
    async with supervised(browser, past, query, timezone_id="America/Los_Angeles") as page:
        rows = page.locator("figure").filter(has_text=DAYS).locator("tbody th")
        expected = ["Saturday 24 October 2026", "Sunday 25 October 2026", "Monday 26 October 2026"]
        await expect(rows).to_have_text([re.compile(day.replace(" ", ",? ")) for day in expected])


@pytest.mark.parametrize(
    ("query", "name"),
    [("tz=Mars/Base", "Time zone"), ("from=2026-99-99&to=2026-01-01", "From"), ("status=happy", "Status")],
)
async def test_a_filter_that_does_not_work(past: Server, browser: Browser, query: str, name: str) -> None:
    """It is said which one, and one press brings the figures back."""
    async with opened(browser, f"{past.url}/analytics?{query}") as page:
        await log_in(page, "sue")
        await expect(page.get_by_role("alert")).to_contain_text(f"does not work: {name}")
        await accessible(page, "refused filter")
        await page.get_by_role("alert").get_by_role("button", name="Reset filters").click()
        await expect(page.locator("canvas")).to_have_count(2)


async def test_a_session_that_has_ended(past: Server, browser: Browser) -> None:
    """The next choice asks to log in again, and then shows what was chosen."""
    async with supervised(browser, past) as page:
        await expect(page.locator("canvas")).to_have_count(2)
        await page.context.clear_cookies()
        await page.get_by_role("combobox", name="Provider").select_option("genesys")
        await expect(page.get_by_label("Password")).to_be_visible()
        await log_in(page, "sue")
        await expect(page.get_by_role("button", name="Remove Provider: genesys")).to_be_visible()
        await expect(page.locator("canvas")).to_have_count(2)


async def test_a_story_that_is_not_there(past: Server, browser: Browser) -> None:
    """A link to a handover that nobody knows says so, beside the figures."""
    async with supervised(browser, past, "?story=nobody") as page:
        await expect(page.get_by_role("dialog")).to_contain_text("There is no such handover.")


async def test_a_story_in_the_panel(past: Server, browser: Browser) -> None:
    """Opened by keyboard, read as sentences with the proof, shared by address, closed with Escape."""
    async with supervised(browser, past) as page:
        opener = page.locator("section").filter(has=page.locator("#list")).locator("tbody button").nth(4)
        await opener.focus()
        await page.keyboard.press("Enter")
        panel = page.get_by_role("dialog")
        await expect(panel.get_by_role("listitem").first).to_contain_text("asked for a human")
        await expect(panel).to_contain_text("Proof of delivery")
        await accessible(page, "story")
        assert "story=ho_" in page.url
        await page.keyboard.press("Escape")
        await expect(panel).to_have_count(0)
        await expect(opener).to_be_focused()
        await page.go_back()
        await expect(panel).to_be_visible()
        await panel.get_by_role("button", name="Close").click()
        await expect(panel).to_have_count(0)


async def test_right_now_refreshes_itself(past: Server, browser: Browser) -> None:
    """Who begins to wait appears after ten seconds without a touch."""
    await Agent(past, "bob").here()
    async with opened(browser, f"{past.url}/analytics") as page:
        await page.clock.install()
        await log_in(page, "sue")
        await expect(page.get_by_text("Nobody is waiting and nobody is being helped.")).to_be_visible()
        await queued(past)
        await page.clock.fast_forward(10_000)
        await expect(page.locator(".now")).to_contain_text(
            "1 waiting", timeout=5_000
        )  # before ten more go by
        await expect(page.locator(".now ~ .scroll tbody tr")).to_have_count(1)


async def test_more_handovers_at_a_press(past: Server, browser: Browser) -> None:
    """The list grows by a page."""
    async with supervised(browser, past) as page:
        rows = page.locator("section").filter(has=page.locator("#list")).locator("tbody tr")
        await expect(rows).to_have_count(25)
        await page.get_by_role("button", name="Show more").click()
        await expect(rows).to_have_count(50)


async def test_tables_are_downloaded_in_the_filter(past: Server, browser: Browser, tmp_path: Path) -> None:
    """The file has the groups of the table on the screen, for the chosen provider."""
    async with supervised(browser, past) as page:
        await page.get_by_role("combobox", name="Provider").select_option("genesys")
        card = page.locator(".card").filter(has=page.get_by_role("heading", name="Channel"))
        await expect(card.locator("tbody tr")).to_have_count(3)
        link = card.get_by_role("link", name="Download as CSV: Channel")
        await expect(link).to_have_attribute("href", re.compile("provider=genesys"))
        async with page.expect_download() as download:
            await link.click()
        await (await download.value).save_as(tmp_path / "channels.csv")
        text = (tmp_path / "channels.csv").read_text()
        rows = list(csv.DictReader(io.StringIO(text)))
        await expect(card.locator("tbody th")).to_have_text([row["channel"] for row in rows])
        await expect(card.locator("tbody td:nth-child(2)")).to_have_text([row["handovers"] for row in rows])


async def test_nothing_went_wrong(tmp_path: Path, browser: Browser) -> None:
    """A delivery without trouble is told in words; a period without handovers too."""
    async with running_server(tmp_path, CONFIG) as server:
        bob = await Agent(server, "bob").here()
        await queued(server)
        await bob.accept("h1")
        await bob.say("h1", "hello")
        await server.until("/v1/analytics/delivery", lambda found: found["delivered"] > 0)
        async with supervised(browser, server) as page:
            await expect(page.get_by_text("Nothing went wrong: every message arrived")).to_be_visible()
            await page.goto(f"{server.url}/analytics?from=2020-01-01&to=2020-01-07")
            await expect(page.get_by_text("No handovers in this period.")).to_be_visible()
            await expect(page.get_by_text("No messages in this period.")).to_be_visible()
            await accessible(page, "empty")


async def test_colours_follow_the_theme_and_the_paper(past: Server, browser: Browser) -> None:
    """The charts are drawn anew when the theme changes; on paper they are light and the controls are gone."""
    picture = "document.querySelector('canvas').toDataURL()"
    async with supervised(browser, past, color_scheme="light") as page:
        await expect(page.locator("canvas")).to_have_count(2)
        light = await page.evaluate(picture)
        await page.emulate_media(color_scheme="dark")
        await page.wait_for_function(f"light => {picture} !== light", arg=light)
        dark = await page.evaluate(picture)
        await page.emulate_media(media="print", color_scheme="dark")
        await expect(page.locator(".filters")).to_be_hidden()
        await expect(page.locator(".in-words")).to_contain_text("Europe/Amsterdam")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        await page.wait_for_function(f"dark => {picture} !== dark", arg=dark)


@pytest.mark.parametrize(
    ("locale", "title", "direction"),
    [
        ("nl-NL", "Op dit moment", "ltr"),
        ("de-DE", "Gerade jetzt", "ltr"),
        ("fr-FR", "En ce moment", "ltr"),
        ("es-ES", "Ahora mismo", "ltr"),
        ("ar-EG", "Right now", "rtl"),
    ],
)
async def test_languages(past: Server, browser: Browser, locale: str, title: str, direction: str) -> None:
    """The page speaks five languages; where lines run from right to left it is mirrored and speaks English."""
    async with supervised(browser, past, locale=locale) as page:
        await expect(page.locator("#now")).to_have_text(title)
        assert await page.evaluate("document.documentElement.dir") == direction
        await expect(page.locator("canvas")).to_have_count(2)
        assert await page.evaluate("document.documentElement.scrollWidth") == 1440
        await page.screenshot(path=str(artifact(f"analytics-{locale}.png")), full_page=True)


async def test_reduced_motion_and_large_text(past: Server, browser: Browser) -> None:
    """Nothing moves for who wants no motion, and at 200 % nothing runs out of the window."""
    small = {"width": 720, "height": 450}
    async with supervised(browser, past, reduced_motion="reduce", viewport=small) as page:
        await expect(page.locator("canvas")).to_have_count(2)
        assert await page.evaluate("document.getAnimations().length") == 0
        assert await page.evaluate("document.documentElement.scrollWidth") == 720


async def test_filters_are_folded_on_a_phone(past: Server, browser: Browser) -> None:
    """Only the period stands above the figures of a phone, until the other filters are asked for."""
    async with supervised(browser, past, viewport={"width": 360, "height": 740}) as page:
        await expect(page.get_by_label("Period")).to_be_visible()
        await expect(page.get_by_role("combobox", name="Provider")).to_be_hidden()
        await page.get_by_role("button", name="Filters", exact=True).click()
        await page.get_by_role("combobox", name="Provider").select_option(index=1)
        await page.get_by_role("button", name="Filters", exact=True).click()
        await expect(page.get_by_role("button", name=re.compile("Provider: "))).to_be_visible()
        await page.set_viewport_size({"width": 1024, "height": 740})
        await expect(page.get_by_role("combobox", name="Provider")).to_be_visible()
        await expect(page.get_by_role("button", name="Filters", exact=True)).to_be_hidden()


async def test_only_an_unusual_end_is_explained(past: Server, browser: Browser) -> None:
    """That the agent resolved it is how most handovers end, and is not said in every line."""
    async with supervised(browser, past) as page:
        ends = page.locator("section:has(#list) td small")
        await expect(ends.first).to_be_visible()
        assert "Resolved by the agent" not in await ends.all_inner_texts()
