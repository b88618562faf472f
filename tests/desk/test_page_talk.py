"""The desk page: a conversation from the queue to its end, and what is written in it."""

from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from tests.desk.floor import CONFIG, Agent, queued, texts
from tests.desk.screen import Screen, at_desk
from tests.net.loopback import serving
from tests.serving import Server, running_server

pytestmark = pytest.mark.browser

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63646000000006000230"
    "81d02f0000000049454e44ae426082"
)


async def held(server: Server, screen: Screen) -> None:
    """Anna has the conversation with Jo on screen."""
    await Agent(server, "anna").here()
    await queued(server)
    assert (await Agent(server, "anna").accept("h1")).status == 200
    await screen.has_open(1)
    await screen.opens("Jo")
    await expect(screen.field).to_be_visible()
    await expect(screen.log).to_contain_text("my invoice is wrong")


async def test_a_conversation_from_queue_to_end(server: Server, screen: Screen) -> None:
    """The agent goes online, reads the story, accepts, talks, notes, and resolves; nothing is shown as HTML."""
    await screen.page.get_by_label("Your presence").select_option("online")
    await server.until("/v1/availability?provider=support", lambda found: found["open"])
    await queued(server)
    await expect(screen.line("my invoice is wrong")).to_be_visible()
    await screen.picture("queue")
    await screen.opens("Jo")
    await expect(screen.log).to_contain_text("my invoice is wrong")
    await screen.page.get_by_role("main").get_by_role("button", name="Accept").click()
    await screen.says("Good morning")
    await expect(screen.log).to_contain_text("Good morning")
    await server.said("c_h1", text="<img src=x onerror=alert(1)><b>bold</b>")
    await expect(screen.log).to_contain_text("<b>bold</b>")
    assert await screen.log.locator("b").count() == 0
    await screen.button("Note").click()
    note = screen.page.get_by_role("textbox", name="Write a note that only colleagues see")
    await note.fill("be kind")
    await note.press("Enter")
    await expect(screen.log).to_contain_text("be kind")
    await screen.picture("talk")
    await screen.button("Resolve").click()
    await screen.dialog.get_by_role("button", name="Resolve").click()
    await expect(screen.page.get_by_text("This conversation has ended.")).to_be_visible()
    ended = (await server.call("GET", "/v1/handovers/h1")).body
    assert (ended["status"], ended["reason"]) == ("completed", "agent_closed")


async def test_resolve_asks_only_while_the_visitor_waits(server: Server, screen: Screen) -> None:
    """When the agent had the last word, one click resolves."""
    await held(server, screen)
    await screen.says("All done, have a nice day")
    await expect(screen.line("All done")).to_be_visible()
    await screen.button("Resolve").click()
    await expect(screen.page.get_by_text("This conversation has ended.")).to_be_visible()
    await expect(screen.dialog).to_have_count(0)


async def test_ready_answers_by_typing(server: Server, screen: Screen) -> None:
    """A slash opens the list, letters narrow it, Enter puts the filled-in text where the slash was, and sends nothing."""
    await held(server, screen)
    await screen.field.press_sequentially("So: /gre")
    option = screen.page.get_by_role("option", name="Greeting")
    await expect(option).to_contain_text("Hello there Jo")
    await screen.field.press("Enter")
    await expect(screen.field).to_have_value("So: Hello there Jo")
    await expect(option).to_have_count(0)
    await screen.field.press_sequentially(" /nothing-like-it")
    await expect(screen.page.get_by_text("No ready answer fits.")).to_be_visible()
    await screen.field.press("Escape")
    await expect(screen.page.get_by_text("No ready answer fits.")).to_have_count(0)
    assert await texts(server, "h1") == [("user", "my invoice is wrong")]


async def test_new_lines_and_too_much_text(server: Server, screen: Screen) -> None:
    """Shift+Enter begins a line; near the limit the page counts, beyond it nothing is sent and nothing is lost."""
    await held(server, screen)
    await screen.field.press_sequentially("one")
    await screen.field.press("Shift+Enter")
    await screen.field.press_sequentially("two")
    await screen.field.press("Enter")
    await expect(screen.log.get_by_text("one\ntwo")).to_be_visible()
    await expect(screen.page.get_by_text("Sending…")).to_have_count(0)
    assert await texts(server, "h1") == [("user", "my invoice is wrong"), ("agent", "one\ntwo")]
    await screen.field.fill("é" * 15_000)
    await expect(screen.page.get_by_text("Room for 2768 more bytes")).to_be_visible()
    await screen.field.fill("é" * 20_000)
    await expect(screen.page.get_by_text("7232 bytes too long")).to_be_visible()
    await screen.field.press("Enter")
    await expect(screen.button("Send")).to_be_disabled()
    await expect(screen.field).to_have_value("é" * 20_000)


async def test_files_picked_pasted_dropped_and_refused(
    server: Server, screen: Screen, tmp_path: Path
) -> None:
    """Each file shows its progress and can be taken off again; one that is refused says why beside it."""
    await held(server, screen)
    picture = tmp_path / "parcel.png"
    picture.write_bytes(PNG)
    await screen.page.locator("input[type=file]").set_input_files(str(picture))
    await expect(screen.button("Remove parcel.png")).to_be_visible()
    give = """(area, [kind, name]) => {
      const data = new DataTransfer();
      const program = name.endsWith(".exe");
      const content = program ? new Uint8Array([77, 90, 0, 1, 2, 3, 255]) : "words";
      data.items.add(new File([content], name, { type: program ? "application/x-msdownload" : "text/plain" }));
      const options = { bubbles: true, cancelable: true };
      if (kind === "paste") area.dispatchEvent(new ClipboardEvent("paste", { ...options, clipboardData: data }));
      else area.dispatchEvent(new DragEvent("drop", { ...options, dataTransfer: data }));
    }"""
    await screen.field.evaluate(give, ["paste", "pasted.txt"])
    await screen.field.evaluate(give, ["drop", "dropped.txt"])
    await screen.field.evaluate(give, ["paste", "virus.exe"])
    await expect(screen.page.get_by_text("This kind of file is not accepted.")).to_be_visible()
    await screen.button("Remove virus.exe").click()
    await screen.button("Remove dropped.txt").click()
    await expect(screen.button("Send")).to_be_enabled()
    await screen.button("Send").click()
    await expect(screen.log.get_by_role("link", name="parcel.png")).to_be_visible()
    await expect(screen.log.get_by_role("link", name="pasted.txt")).to_be_visible()
    await expect(screen.log.get_by_text("dropped.txt")).to_have_count(0)
    await expect(screen.log.locator("img")).to_have_js_property("naturalWidth", 1)


async def test_what_the_bot_asked_is_known(server: Server, screen: Screen) -> None:
    """Facts, buttons the bot offered and what happened are beside the talk; a fact can be copied."""
    await Agent(server, "anna").here()
    talk = await server.conversation(
        id="c_h1", user={"id": "h1", "name": "Jo", "email": "jo@example.org"}, context={"order_number": "A-1"}
    )
    choices = [{"text": "An order", "value": "order"}, {"text": "Else", "value": "else"}]
    await server.said("c_h1", author="bot", epoch=talk["epoch"], text="What is it about?", buttons=choices)
    await server.handover("c_h1", id="h1")
    await screen.opens("Jo")
    details = screen.page.get_by_role("complementary", name="Details")
    await expect(details).to_contain_text("Order number")
    await expect(details).to_contain_text("jo@example.org")
    offered = screen.log.get_by_role("list", name="Choices that the bot offered")
    await expect(offered.get_by_role("listitem")).to_have_text(["An order", "Else"])
    await screen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await screen.button("Copy Order number").click()
    await expect(details.get_by_text("Copied")).to_have_count(1)
    assert await screen.page.evaluate("navigator.clipboard.readText()") == "A-1"
    await details.get_by_text("What happened").click()
    await expect(details.get_by_text("The user asked for a human", exact=False)).to_be_visible()


async def test_previous_conversations_can_be_opened(server: Server, screen: Screen) -> None:
    """An earlier handover of the same visitor is listed with its agent and outcome, in the page's words, and opens with
    what was said."""
    await held(server, screen)
    await screen.says("the first answer")
    await expect(screen.line("the first answer")).to_be_visible()
    await Agent(server, "anna").call("POST", "handovers/h1/close", {})
    await server.conversation(id="c_h2", user={"id": "h1", "name": "Jo Again"})
    await server.said("c_h2", text="me again")
    await server.handover("c_h2", id="h2")
    await screen.opens("Jo Again")
    section = screen.page.locator("section").filter(has_text="Earlier conversations")
    await expect(section.get_by_role("button")).to_contain_text("Completed")
    await expect(section).not_to_contain_text("The user talked with")
    await section.get_by_role("button").click()
    await expect(screen.dialog).to_contain_text("the first answer")
    await expect(screen.dialog).not_to_contain_text("The user talked with")
    await expect(screen.dialog).to_contain_text("Completed")


async def test_signs_of_the_visitor(server: Server, screen: Screen) -> None:
    """Typing and leaving the page show; a message that came in another language reads translated, its original one
    click away."""
    await held(server, screen)
    assert (
        await server.call("POST", "/v1/conversations/c_h1/typing", {"author": "user", "on": True})
    ).status == 202
    await expect(screen.page.get_by_text("Jo is typing…")).to_be_visible()
    assert (
        await server.call("POST", "/v1/conversations/c_h1/presence", {"state": "disconnected"})
    ).status == 202
    await expect(screen.page.get_by_text("The visitor left the page.")).to_be_visible()


async def test_typing_is_told_anew_after_each_message(server: Server, screen: Screen) -> None:
    """A message ends the sign at the visitor, so the very next key is told again, however soon it comes."""
    await held(server, screen)
    for text in ("one", "two"):
        async with screen.page.expect_request("**/h1/typing") as told:
            await screen.says(text)
        assert (await told.value).post_data_json == {"on": True}


async def test_nobody_types_after_the_end(server: Server, screen: Screen) -> None:
    """With the end of the handover the sign that the visitor is typing goes too."""
    await held(server, screen)
    await server.call("POST", "/v1/conversations/c_h1/typing", {"author": "user", "on": True})
    await expect(screen.page.get_by_text("Jo is typing…")).to_be_visible()
    await Agent(server, "sue").call("POST", "handovers/h1/close", {})
    await expect(screen.page.get_by_text("This conversation has ended.")).to_be_visible()
    await expect(screen.page.get_by_text("Jo is typing…")).to_be_hidden(timeout=1_000)


async def test_translated_with_the_original_one_click_away(tmp_path: Path, browser: Browser) -> None:
    """The agent reads their own language; a button shows what was really written, and back."""

    async def engine(request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"translatedText": f"in {body['target']}: {body['q']}"})

    async with serving(engine) as origin:
        settings = f'translation: {{engine: libretranslate, url: "{origin}"}}\n'
        async with running_server(tmp_path, CONFIG + settings) as server, at_desk(browser, server) as screen:
            await Agent(server, "anna").here()
            await server.conversation(id="c_h1", language="nl", user={"id": "h1", "name": "Jo"})
            await server.handover("c_h1", id="h1")
            await server.until("/v1/handovers/h1", lambda found: found["status"] == "queued")
            assert (await Agent(server, "anna").accept("h1")).status == 200
            await screen.has_open(1)
            await screen.opens("Jo")
            await server.said("c_h1", text="mijn factuur klopt niet")
            await expect(screen.log).to_contain_text("in en: mijn factuur klopt niet")
            original = screen.log.get_by_role("button", name="show original")
            await original.click()
            await expect(screen.log.get_by_text("mijn factuur klopt niet", exact=True)).to_be_visible()
            await screen.button("Show translation").click()
            await expect(screen.log.get_by_text("in en: mijn factuur klopt niet", exact=True)).to_be_visible()
