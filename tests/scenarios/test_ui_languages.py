"""The five languages: every word that people see is theirs, also dates and numbers."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser import opened
from tests.desk.floor import PASSWORD, Agent
from tests.scenarios.house import House, open_house

pytestmark = pytest.mark.browser

LOCALES = {"en": "en-GB", "nl": "nl-NL", "de": "de-DE", "fr": "fr-FR", "es": "es-ES"}

# Words that are the same in another language, names, and what the people of this test say.
SAME = re.compile(
    r"^(Kim|Anna|Assistant|One moment please, we are finding somebody for you\.|Bob|Sue|anna|support|Harbour|Haven|Chat|Bot|Online|Offline|Agent|Agents|Code|Name|Status|Details?|Team|Conversation"
    r"|Message|Messages|Audio|Minimal|Inbox|Standard|default|night|plain|web|api|normal|Normal|Transcript|Information|Urgent|E-mail"
    r"|openhandover|Options|Provider|Conversations|Notes?|Anna, [0-9:]+|https?://.*|How can I help\?|Track my order|A person, please|order|jo@shop\.example|my invoice is wrong|Good morning"
    r"|invoice\.txt|Back with the bot|note to self|Greeting|Bye|Hello, I have read your story\.|Have a nice day\.|CSV|Type)$"
)

# Every text that is seen, and every one that only a screen reader tells.
WORDS = """() => {
  const found = new Set();
  const add = (text) => text?.trim() && found.add(text.trim().replace(/\\s+/g, " "));
  const walk = (root) => {
    for (const each of root.querySelectorAll("*")) {
      if (each.shadowRoot) walk(each.shadowRoot);
      if (["SCRIPT", "STYLE", "NOSCRIPT"].includes(each.tagName) || !each.checkVisibility()) continue;
      for (const name of ["aria-label", "placeholder", "title", "alt"]) add(each.getAttribute(name));
      for (const node of each.childNodes) if (node.nodeType === Node.TEXT_NODE) add(node.data);
    }
  };
  walk(document);
  return [...found];
}"""

Told = Callable[[House, Page], Awaitable[list[set[str]]]]


async def words(page: Page) -> set[str]:
    """What the page says now."""
    return set(await page.evaluate(WORDS))


async def press(page: Page, number: int) -> None:
    """Press the button that has this number in the reading order: it has another name in each language."""
    await page.get_by_role("button").nth(number).click()


async def number_of(page: Page, name: str) -> int:
    """The number of the button with this English name."""
    names = await page.get_by_role("button").evaluate_all(
        "all => all.map(each => each.ariaLabel ?? each.innerText)"
    )
    return next(number for number, each in enumerate(names) if each.strip().startswith(name))


async def chat_words(house: House, page: Page) -> list[set[str]]:
    """From the greeting over queue, agent and file to the rating."""
    server, anna = house.server, Agent(house.server, "anna")
    field = page.get_by_role("textbox")
    await expect(field).to_be_visible()
    found = [await words(page)]
    await field.fill("2026-114?")  # whole English words would be taken for the visitor's language
    await field.press("Enter")
    await expect(page.get_by_text("How can I help?")).to_be_visible()
    found.append(await words(page))
    conversation = (await server.call("GET", "/v1/conversations")).body["items"][0]
    settings = {"cancel": {"button": "E-mail"}, "rating": {"ask": True}, "queue": {"position": True}}
    path = f"/v1/conversations/{conversation['id']}/handovers?wait_s=10"
    handover = (await server.call("POST", path, {"initiator": "user", "settings": settings})).body
    await expect(page.get_by_role("button", name="E-mail")).to_be_visible()
    found.append(await words(page))
    await anna.accept(handover["id"])
    await anna.say(handover["id"], "Good morning")
    await expect(page.get_by_text("Good morning")).to_be_visible()
    file = {"name": "invoice.txt", "mimeType": "text/plain", "buffer": b"x" * 1_500_000}
    await page.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    await expect(page.get_by_text("invoice.txt").first).to_be_visible()
    await expect(page.get_by_role("button").last).to_be_enabled(timeout=20_000)
    found.append(await words(page))
    await field.press("Enter")
    await expect(page.get_by_role("link", name="invoice.txt")).to_be_visible(timeout=20_000)
    found.append(await words(page))
    await anna.call("POST", f"handovers/{handover['id']}/close", {})
    await expect(page.get_by_role("radio").first).to_be_attached()
    await page.get_by_role("radio").nth(3).click(force=True)
    found.append(await words(page))
    return found


async def desk_words(house: House, page: Page) -> list[set[str]]:
    """From the log-in over the queue to a talk and its dialogs."""
    server = house.server
    found = [await words(page)]
    await page.locator("input").nth(0).fill("anna")
    await page.locator("input").nth(1).fill(PASSWORD)
    await page.locator("input").nth(1).press("Enter")
    await expect(page.get_by_role("navigation")).to_be_visible()
    found.append(await words(page))
    anna = await Agent(server, "anna").here()
    said = [{"author": "user", "text": "my invoice is wrong", "at": "2026-01-12T14:30:00Z"}]
    asked = {"phone": "+31 20 555 0100"}
    talk = await server.conversation(user={"id": "kim", "name": "Kim"}, context=asked, transcript=said)
    handover = await server.handover(talk["id"])
    await expect(page.get_by_role("navigation").get_by_text("Kim").first).to_be_visible()
    found.append(await words(page))
    await anna.accept(handover["id"])
    await page.get_by_role("navigation").get_by_text("Kim").first.click()
    await expect(page.get_by_role("main").get_by_role("textbox")).to_be_visible()
    await anna.call("POST", f"handovers/{handover['id']}/notes", {"text": "note to self"})
    await expect(page.get_by_role("log").get_by_text("note to self")).to_be_visible()
    await expect(page.get_by_role("log").get_by_text("my invoice is wrong")).to_be_visible()
    await expect(page.get_by_text(asked["phone"])).to_be_visible()
    await page.locator("details.story summary").click()
    await expect(page.locator("details.story").get_by_text("Anna").first).to_be_visible()
    found.append(await words(page))
    return found


async def figures_words(house: House, page: Page) -> list[set[str]]:
    """From the log-in over the refusal of an agent to the figures of a day."""
    server, anna = house.server, Agent(house.server, "anna")
    talk = await server.conversation(user={"id": "kim", "name": "Kim"})
    handover = await server.handover(talk["id"])
    await server.until(f"/v1/handovers/{handover['id']}", lambda found: found["status"] == "queued")
    await anna.accept(handover["id"])
    await anna.call("POST", f"handovers/{handover['id']}/close", {})
    found = [await words(page)]
    for agent in ("anna", "sue"):
        await page.locator("input").nth(0).fill(agent)
        await page.locator("input").nth(1).fill(PASSWORD)
        await page.locator("input").nth(1).press("Enter")
        await expect(
            page.get_by_role("alert").filter(has_text=re.compile(r"\w")).or_(page.get_by_role("table")).first
        ).to_be_visible()
        found.append(await words(page))
    await expect(page.get_by_role("table").first).to_be_visible(timeout=20_000)
    found.append(await words(page))
    await page.locator("section").filter(has=page.locator("#list")).locator("tbody button").first.click()
    await expect(page.get_by_role("dialog").get_by_text("Anna").first).to_be_visible()
    found.append(await words(page))
    return found


async def compared(folder: Path, path: str, tell: Told, language: str) -> list[set[str]]:
    """What the page says in this language, in each state; its `lang` is right, and no English is left in it."""
    told: dict[str, list[set[str]]] = {}
    for each in dict.fromkeys(("en", language)):
        place = folder / each
        place.mkdir()
        async with open_house(place) as house:
            await Agent(house.server, "anna").here()
            async with opened(house.browser, f"{house.url}{path}", locale=LOCALES[each]) as page:
                told[each] = await tell(house, page)
                spoken = page.locator("html[lang], openhandover-chat [lang]").last
                assert (await spoken.get_attribute("lang") or "")[:2] == each
    if language != "en":
        left = set[str]().union(*told["en"]) & set[str]().union(*told[language])
        assert {
            text for text in left if len(re.findall(r"[^\W\d_]", text)) > 3 and not SAME.match(text)
        } == set()
    return told[language]


@pytest.mark.parametrize("language", ["nl", "de", "fr", "es"])
async def test_the_chat(tmp_path: Path, language: str) -> None:
    """A visitor reads no English, and sizes as at home."""
    told = await compared(tmp_path, "/chat/web", chat_words, language)
    assert any(re.search(r"1,5\s*M", text) for text in told[-2]), sorted(told[-2])


@pytest.mark.parametrize("language", ["nl", "de", "fr", "es"])
async def test_the_desk(tmp_path: Path, language: str) -> None:
    """An agent reads no English, and dates as at home."""
    month = {"nl": "januari", "de": "Januar", "fr": "janvier", "es": "enero"}[language]
    told = await compared(tmp_path, "/desk", desk_words, language)
    assert any(month in text for text in told[-1]), sorted(told[-1])


@pytest.mark.parametrize("language", ["nl", "de", "fr", "es"])
async def test_the_figures(tmp_path: Path, language: str) -> None:
    """A supervisor reads no English above, in and below the figures."""
    told = await compared(tmp_path, "/analytics", figures_words, language)
    assert len(told[-1]) > 30
