"""The small things that tell visitors where they stand."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.desk.floor import Agent
from tests.pages.people import visiting
from tests.pages.place import config
from tests.scenarios.house import open_house

pytestmark = pytest.mark.browser


DAYS = {
    "en-GB": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "fr-FR": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
}


@pytest.mark.parametrize("locale", DAYS)
async def test_offline_notice(tmp_path: Path, locale: str) -> None:
    """Outside the opening hours the visitor reads when people are back, in their language and time."""
    opens = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=3)
    text = config(hours=f"{opens:%a} 09:00-09:01 Europe/Amsterdam")
    async with (
        open_house(tmp_path, text) as house,
        visiting(
            house.browser, f"{house.url}/chat/night", locale=locale, timezone_id="Europe/Amsterdam"
        ) as kim,
    ):
        words = re.compile(f"{DAYS[locale][opens.weekday()]}.*09:00")
        await expect(kim.page.get_by_text(words).first).to_be_visible()


async def test_the_history_is_there_after_a_reload(tmp_path: Path) -> None:
    """Messages, their order, the buttons of the last one, and the unread count survive; what was read stays read."""
    async with (
        open_house(tmp_path) as house,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        await kim.says("kim-0")
        await expect(kim.page.get_by_role("button", name="Track my order")).to_be_visible()
        await kim.page.get_by_role("button", name="Track my order").click()
        await expect(kim.log.get_by_text("How can I help?")).to_have_count(2)
        await expect(kim.log.get_by_text(re.compile("Delivered|Read")).last).to_be_visible()
        before = await kim.log.inner_text()
        await kim.page.reload()
        await expect(kim.page.get_by_role("button", name="Track my order")).to_be_visible()
        await expect(kim.log).to_have_text(before, use_inner_text=True)


async def test_rating_once(tmp_path: Path) -> None:
    """After the talk the visitor is asked once; what they say is stored, also their words, and a reload asks no more."""
    async with (
        open_house(tmp_path) as house,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        anna = await Agent(house.server, "anna").here()
        await kim.says("kim-0")
        await kim.asks_for_a_person()
        await expect(kim.page.get_by_role("button", name="Never mind")).to_be_visible()
        queued = await house.server.until("/v1/handovers?status=queued", lambda got: got["items"])
        handover = queued["items"][0]
        assert (await anna.accept(handover["id"])).status == 200
        await anna.call("POST", f"handovers/{handover['id']}/close", {})
        await kim.page.get_by_role("radio").nth(3).click(force=True)
        await kim.page.get_by_role("textbox", name="Anything to add?").fill("quick and kind")
        await kim.page.get_by_role("button", name="Send rating").click()
        path = f"/v1/handovers/{handover['id']}"
        rated = await house.server.until(path, lambda got: got["rating"])
        assert rated["rating"] == {"score": 4, "comment": "quick and kind"}
        await kim.page.reload()
        await kim.sees("Back with the bot")
        await expect(kim.page.get_by_role("radio")).to_have_count(0)


async def test_leaving_while_waiting(tmp_path: Path) -> None:
    """Ending the chat in the queue cancels the request, and agents are not offered it any more."""
    async with (
        open_house(tmp_path) as house,
        visiting(house.browser, f"{house.url}/chat/web") as kim,
    ):
        anna = await Agent(house.server, "anna").here()
        await kim.says("kim-0")
        await kim.asks_for_a_person()
        await anna.sees(lambda listed: len(listed) == 1)
        await kim.ends()
        await anna.sees(lambda listed: not listed)
        handover = (await house.server.call("GET", "/v1/handovers")).body["items"][0]
        assert (handover["status"], handover["ended_by"]) == ("cancelled", "user")
