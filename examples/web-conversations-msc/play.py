"""The visitor and the agent of the guide, played in a browser; `run.py` starts it.

Needs the package `playwright` and a Chromium: `playwright install chromium`, or its path in OPENHANDOVER_CHROMIUM.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError, Page, async_playwright, expect

from openhandover.emulators.cm import CmEmulator

WAIT_MS = 15_000
PRESENCE_S = 2.5  # longer than the server remembers who was online


class Failed(Exception):
    """A step did not go as the guide says."""


@contextmanager
def step(text: str) -> Iterator[None]:
    """Print the step, and whether it went as it should."""
    print(f"  {text} ... ", end="", flush=True)
    try:
        yield
    except (AssertionError, TimeoutError, PlaywrightError) as error:
        print("FAILED", flush=True)
        raise Failed(f"{text}: {str(error) or type(error).__name__}") from error
    print("ok", flush=True)


class Visitor:
    """The visitor's side: our web chat in the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Messages")
        self.field = page.get_by_role("textbox", name="Write a message")
        self.files = page.get_by_role("button", name="Attach a file")

    async def says(self, text: str) -> None:
        """Write it, and press Enter."""
        await self.field.fill(text)
        await self.field.press("Enter")

    async def sends(self, name: str, content: bytes) -> None:
        """Attach a file and send it without a word."""
        await self.page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "text/plain", "buffer": content}]
        )
        await expect(self.page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def reads(self, text: str, times: int = 1) -> None:
        """Until it is there for the n-th time."""
        await expect(self.log.get_by_text(text)).to_have_count(times, timeout=WAIT_MS)


async def nobody_there(visitor: Visitor) -> None:
    """Steps 1 to 3 of the guide with the fallback branch."""
    with step("before the handover the visitor has no button for files"):
        await visitor.says("Hello")
        await visitor.reads("I am the assistant.")
        await expect(visitor.files).to_have_count(0)
    with step("an answer names the event `handover`; nobody is online, so the fallback answers"):
        await visitor.says("I want to talk to a person")
        await visitor.reads("Of course, I will ask whether somebody is there.")
        await visitor.reads("Nobody is available right now.")


async def handed_over(visitor: Visitor, cm: CmEmulator) -> str:
    """Steps 4 to 6: the captures, the mutation request, the notice. Answers the chat's id at the Router."""
    with step("an agent comes online; the dialog asks for e-mail and name"):
        cm.set_online(channel="WebChat")
        await asyncio.sleep(PRESENCE_S)
        await visitor.says("A person, please")
        await visitor.reads("What is your e-mail address?")
        await visitor.says("ada@example.org")
        await visitor.reads("And your name?")
    cm.callbacks.hold()
    with step("the Router gets the mutation request; the chat is at the desk, with name and e-mail"):
        await visitor.says('Ada "the first"')
        await visitor.reads("You will be helped by a live agent.")
        chat = await cm.chat_at_desk(timeout_s=15)
        assert chat.context["CustomerInfo"] == '{"name":"Ada \\"the first\\"","email":"ada@example.org"}'
        assert [one.status for one in cm.requests_to("mutation")] == [202]
    with step("the Router's notice is still under way: no button for files"):
        assert [one.kind for one in cm.callbacks.sent] == ["handover"]
        await visitor.says("Are you there?")
        await cm.wait_until(lambda: any(line.text == "Are you there?" for line in chat.lines))
        await expect(visitor.files).to_have_count(0)
    with step("the notice arrives: there is the button"):
        cm.callbacks.release()
        await expect(visitor.files).to_be_visible(timeout=WAIT_MS)
    return chat.id


async def with_the_agent(visitor: Visitor, cm: CmEmulator, chat_id: str) -> None:
    """Both talk, the agent ends, and the assistant is there again."""
    chat = cm.chats[chat_id]
    with step("the agent answers, and the visitor reads it"):
        await cm.agent_says(chat_id, "Good morning Ada, here I am.")
        await visitor.reads("Good morning Ada, here I am.")
    with step("the visitor writes, and the agent reads it"):
        await visitor.says("It is about my invoice.")
        await cm.wait_until(lambda: chat.lines[-1].text == "It is about my invoice.")
    with step("the visitor sends a file, and the agent gets its link"):
        await visitor.sends("invoice.txt", b"Invoice 42")
        await cm.wait_until(lambda: "invoice.txt: http" in chat.lines[-1].text)
    with step("the agent ends the chat: the bot goes on, and the button for files is gone"):
        await cm.agent_ends(chat_id)
        await visitor.reads("You are with the assistant again.")
        await expect(visitor.files).to_have_count(0)
        await visitor.says("Thank you")
        await visitor.reads("I am the assistant.", times=2)
    with step("every callback of the Router was taken at once"):
        assert all(one.attempts in ([200], [201]) for one in cm.callbacks.sent), [
            one.shown() for one in cm.callbacks.sent
        ]


async def play(cm: CmEmulator, url: str) -> None:
    """Everything in order, in a browser that nobody sees."""
    async with async_playwright() as playwright:
        program = os.environ.get("OPENHANDOVER_CHROMIUM") or None
        try:
            browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        except PlaywrightError as error:
            raise Failed(
                "no browser: run `playwright install chromium`, or put the path of one into OPENHANDOVER_CHROMIUM"
            ) from error
        page = await browser.new_page(locale="en-GB")
        await page.goto(f"{url}/chat/web")
        visitor = Visitor(page)
        await nobody_there(visitor)
        chat_id = await handed_over(visitor, cm)
        await with_the_agent(visitor, cm, chat_id)
        await browser.close()
    print("The guide went from end to end.")
