"""The desk page when things go wrong: reloads, lost connections, ended sessions, colleagues who are faster."""

import asyncio
import re

import pytest
from playwright.async_api import APIResponse, Browser, Route, expect

from tests.desk.floor import PASSWORD, Agent, queued, texts
from tests.desk.screen import Screen, at_desk, log_in
from tests.serving import Server

pytestmark = pytest.mark.browser


async def held(server: Server, screen: Screen) -> None:
    """Anna has the conversation with Jo on screen."""
    await Agent(server, "anna").here()
    await queued(server)
    assert (await Agent(server, "anna").accept("h1")).status == 200
    await screen.has_open(1)
    await screen.opens("Jo")
    await expect(screen.field).to_be_visible()
    await expect(screen.log).to_contain_text("my invoice is wrong")


async def test_reload_keeps_draft_and_shows_each_message_once(server: Server, screen: Screen) -> None:
    """After a reload the same conversation is on screen, the draft is in the field and every message is there once."""
    await held(server, screen)
    for text in ("one", "two"):
        await screen.says(text)
    await expect(screen.log.get_by_text("two", exact=True)).to_be_visible()
    await screen.field.fill("half a sent")
    await screen.page.reload()
    await expect(screen.field).to_have_value("half a sent")
    for text in ("my invoice is wrong", "one", "two"):
        await expect(screen.log.get_by_text(text, exact=True)).to_have_count(1)
    await expect(screen.page.get_by_text("Sending…")).to_have_count(0)
    assert await texts(server, "h1") == [("user", "my invoice is wrong"), ("agent", "one"), ("agent", "two")]


async def test_a_note_stays_a_note_over_a_reload(server: Server, screen: Screen) -> None:
    """What was begun for colleagues never comes back as a message to the visitor."""
    await held(server, screen)
    await screen.button("Note").click()
    note = screen.page.get_by_role("textbox", name="Write a note that only colleagues see")
    await note.fill("not for Jo")
    await screen.page.reload()
    await expect(note).to_have_value("not for Jo")
    await expect(screen.button("Note")).to_have_attribute("aria-pressed", "true")


async def test_lost_connection_loses_and_repeats_nothing(server: Server, screen: Screen) -> None:
    """Offline for a while: what the agent sends and what the user says arrives once, in order, when it is back."""
    await held(server, screen)
    await screen.page.context.set_offline(True)
    await screen.says("sent while offline")
    await expect(screen.page.get_by_text("Sending…")).to_be_visible()
    await server.said("c_h1", text="said while offline")
    await screen.page.context.set_offline(False)
    for text in ("said while offline", "sent while offline"):
        await expect(screen.log.get_by_text(text, exact=True)).to_have_count(1, timeout=20_000)
    await expect(screen.page.get_by_text("Sending…")).to_have_count(0, timeout=20_000)
    sent = [text for author, text in await texts(server, "h1") if author == "agent"]
    assert sent == ["sent while offline"]


async def test_session_ended_elsewhere(server: Server, browser: Browser, screen: Screen) -> None:
    """Logged out in another tab, the agent logs in again in place, and goes on with the same words."""
    await held(server, screen)
    await screen.field.fill("half a sent")
    async with at_desk(browser, server, "bob"):
        other = await screen.page.context.new_page()
        await other.goto(f"{server.url}/desk")
        await Screen(other).has_open(1)
        await other.get_by_role("button", name="Settings").click()
        await other.get_by_role("button", name="Log out").click()
        await other.get_by_role("dialog").get_by_role("button", name="Log out").click()
        await expect(other.get_by_label("Password")).to_be_visible()
    await expect(screen.dialog).to_contain_text("Nothing you wrote is lost")
    await expect(screen.dialog.get_by_label("Agent")).to_have_value("anna")
    await screen.dialog.get_by_label("Password").fill(PASSWORD)
    await screen.dialog.get_by_role("button", name="Log in").click()
    await expect(screen.dialog).to_have_count(0)


async def test_the_second_tab_logs_in_for_both(server: Server, screen: Screen) -> None:
    """A new session in another tab gives this tab its proof, too: what is sent here arrives."""
    await held(server, screen)
    other = await screen.page.context.new_page()
    csrf = "(await (await fetch('/v1/desk/me')).json()).csrf"
    await other.goto(f"{server.url}/desk")
    body = f'{{method: "POST", headers: {{"content-type": "application/json"}}, body: JSON.stringify({{agent: "anna", password: "{PASSWORD}"}})}}'
    before = await other.evaluate(f"async () => {csrf}")
    await other.evaluate(f"async () => fetch('/v1/desk/login', {body})")
    assert await other.evaluate(f"async () => {csrf}") != before
    await screen.says("still here")
    await expect(screen.log.get_by_text("still here", exact=True)).to_be_visible()
    await expect(screen.page.get_by_text("Sending…")).to_have_count(0)
    assert ("agent", "still here") in await texts(server, "h1")


async def test_a_colleague_was_faster(server: Server, screen: Screen) -> None:
    """Accept on something just taken reads who has it, without blame, and stays until it is dismissed."""
    await Agent(server, "anna").here()
    bob = await Agent(server, "bob").here()
    await queued(server)
    await expect(screen.line("Jo")).to_be_visible()
    await screen.page.route("**/v1/desk/events*", lambda route: route.abort())
    refused = (
        '{"type":"about:blank","title":"taken","status":409,"code":"already_taken","detail":"","agent":"bob"}'
    )
    await screen.page.route(
        re.compile("/h1/accept"),
        lambda route: route.fulfill(status=409, content_type="application/problem+json", body=refused),
    )
    await screen.line("Jo").get_by_role("button", name="Accept").click()
    await expect(screen.page.get_by_text("Bob was first.")).to_be_visible()
    await screen.page.get_by_role("button", name="Close", exact=True).click()
    await expect(screen.page.get_by_text("Bob was first.")).to_have_count(0)
    assert (await bob.accept("h1")).status == 200


async def test_a_slow_answer_takes_nothing_back(server: Server, screen: Screen) -> None:
    """Details that were asked for before the agent accepted, and come after, leave the conversation with the agent."""
    slow: asyncio.Queue[tuple[Route, APIResponse]] = asyncio.Queue()

    async def hold(route: Route) -> None:
        await slow.put((route, await route.fetch()))

    anna = await Agent(server, "anna").here()
    await queued(server)
    await screen.page.route("**/v1/desk/handovers/h1", hold)
    await screen.opens("Jo")
    route, answer = await asyncio.wait_for(slow.get(), 10)
    assert (await anna.accept("h1")).status == 200
    await screen.has_open(1)
    async with screen.page.expect_request("**/h1/explain*"):  # the answer has been read
        await route.fulfill(response=answer)
    await screen.has_open(1)
    await expect(screen.field).to_be_visible()


async def test_ended_while_writing(server: Server, screen: Screen) -> None:
    """What was still being written stays on the page, and can be copied."""
    await held(server, screen)
    await screen.field.fill("half a thought")
    await Agent(server, "sue").call("POST", "handovers/h1/close", {})
    await expect(screen.page.get_by_text("This conversation has ended.")).to_be_visible()
    await expect(screen.page.get_by_text("half a thought")).to_be_visible()
    await screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await screen.button("Copy text and remove").click()
    await expect(screen.page.get_by_text("half a thought")).to_have_count(0)
    assert await screen.page.evaluate("navigator.clipboard.readText()") == "half a thought"


async def test_a_wrong_clock_counts_right(server: Server, browser: Browser) -> None:
    """On a computer that is an hour slow, somebody who just came has not waited for an hour."""
    await Agent(server, "anna").here()
    await queued(server)
    context = await browser.new_context(locale="en-GB")
    page = await context.new_page()
    await page.add_init_script("const real = Date.now; Date.now = () => real() + 3_600_000;")
    await page.goto(f"{server.url}/desk")
    screen = await log_in(page, "anna")
    await expect(screen.line("Jo").locator(".when")).to_have_text(re.compile(r"waiting for\d+\ss"))
    await context.close()
