"""The chat on a visitor's screen: what they do there, and the sites that embed it."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from tests.channels.visitor import CONFIG, SITE
from tests.serving import Server, running_server


async def write(page: Page, text: str) -> None:
    """Write and send with Enter."""
    field = page.get_by_label(re.compile("Write a message|Schrijf een bericht"))
    await field.fill(text)
    await field.press("Enter")


async def the_conversation(server: Server) -> str:
    """The id of the only conversation, once its visitor has been heard."""
    listed = await server.until("/v1/conversations", lambda answer: answer["items"])
    found: str = listed["items"][0]["id"]
    await server.until(f"/v1/conversations/{found}", lambda conversation: conversation["seq"])
    return found


async def bot(server: Server, conversation_id: str, text: str, **more: Any) -> None:
    """The bot writes."""
    epoch = (await server.call("GET", f"/v1/conversations/{conversation_id}")).body["epoch"]
    body = {"author": "bot", "text": text, "epoch": epoch, **more}
    answer = await server.call("POST", f"/v1/conversations/{conversation_id}/messages", body)
    assert answer.status == 201, answer


async def handover(server: Server, conversation_id: str, **settings: Any) -> str:
    """A handover that is queued."""
    path = f"/v1/conversations/{conversation_id}/handovers?wait_s=10"
    answer = await server.call("POST", path, {"initiator": "user", "settings": settings})
    assert answer.body["status"] == "queued", answer
    return answer.body["id"]


async def texts(page: Page) -> list[str]:
    """The texts on the screen as they are now, in order."""
    return await page.locator(".bubble").all_inner_texts()


async def shows(page: Page, *said: str) -> None:
    """Until exactly these texts are on the screen, in this order."""
    await expect(page.locator(".bubble")).to_have_text(list(said), use_inner_text=True)


@asynccontextmanager
async def site(
    tmp_path: Path, html: Callable[[str], str], config: str = CONFIG, **headers: str
) -> AsyncIterator[tuple[str, Server]]:
    """The address of a page of another origin that embeds the chat of the server: `html(the server's address)`."""
    shown: list[str] = []

    async def cart(request: web.Request) -> web.Response:
        return web.Response(text=shown[0], content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/{page:.*}", cart)
    host = TestServer(app)
    await host.start_server()
    origin = f"http://127.0.0.1:{host.port}"
    try:
        async with running_server(tmp_path, config.replace(f'["{SITE}"]', f'["{origin}"]')) as server:
            shown.append(html(server.url))
            yield f"{origin}/cart", server
    finally:
        await host.close()
