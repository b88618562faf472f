"""The older way into the Router: Business Messaging bodies both ways."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from openhandover.emulators.cm import CmEmulator
from tests.net.loopback import serving
from tests.serving import running_server

from .cm_router import House, config

MO = {
    "from": {"number": "+31612345678", "name": "Ada"},
    "to": {"number": "0031201234567"},
    "message": {"text": "hello 👋", "media": {"mediaUri": "", "contentType": "", "title": ""}, "custom": {}},
    "reference": "ref-1",
    "groupings": ["", "", ""],
    "timeUtc": "2026-01-31T12:00:00",
    "channel": "WhatsApp",
    "conversationalRouter": {"chatId": "chat-1", "accountId": "link"},
}
BUTTONS = """
    - ask: {text: "Which?", buttons: [{text: "Bill", value: bill}, {text: "Wi-Fi", value: wifi}], into: topic}
    - say: "{{ topic }}, then."
"""


class Proxy:
    """What BM Proxy got."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take it."""
        self.seen.append((request.path, await request.json()))
        return web.Response(status=200)


@asynccontextmanager
async def proxied(
    folder: Path, flow: str = BUTTONS, channel: str = ""
) -> AsyncGenerator[tuple[House, Proxy]]:
    """A server whose channel goes over BM Proxy; the emulator has none, so that a recorder stands for it."""
    proxy = Proxy()
    async with serving(proxy.take) as origin:
        text = config(origin, flow=flow, channel=f"    api: bmproxy\n{channel}")
        text = "\n".join(line for line in text.splitlines() if "adapter_id" not in line)
        async with running_server(folder, text) as server:
            yield House(server, CmEmulator()), proxy


async def answered(here: House, count: int) -> None:
    """So many messages of the bot have been delivered."""
    (conversation,) = await here.conversations()
    path = f"/v1/conversations/{conversation['id']}/messages"
    done = [("bot", "delivered")] * count
    await here.server.until(
        path,
        lambda page: (
            [(one["author"], one["delivery"]["state"]) for one in page["items"] if one["author"] == "bot"]
            == done
        ),
    )


async def test_a_talk_over_bm_proxy(tmp_path: Path) -> None:
    """In comes the ordinary inbound body with the chat beside it, out goes the ordinary outbound body."""
    async with proxied(tmp_path) as (here, proxy):
        answer = await here.call("messages", MO)
        assert answer.status == 200
        await answered(here, 1)
        (conversation,) = await here.conversations()
        path, body = proxy.seen[0]
        (message,) = body["messages"]["msg"]
        assert conversation["user"] == {"id": "+31612345678", "name": "Ada"}
        assert conversation["context"]["chatId"] == "chat-1"
        assert path == "/conversational/bmproxy/v1/accounts/7a1f0c52-0001-4c11-9a00-000000000001"
        assert body["messages"]["authentication"] == {"productToken": "00000000-aaaa-bbbb-cccc-000000000003"}
        assert len(message.pop("reference")) == 36
        assert message == {
            "from": "0031201234567",
            "to": [{"number": "0031612345678"}],
            "body": {"type": "auto", "content": "Which?\n\n1. Bill\n2. Wi-Fi"},
            "allowedChannels": ["WhatsApp"],
        }


async def test_buttons_can_be_suggestions(tmp_path: Path) -> None:
    """With `buttons: suggestions` they are quick replies, and the tap comes back as the value."""
    async with proxied(tmp_path, channel="    buttons: suggestions\n") as (here, proxy):
        await here.call("messages", MO)
        await answered(here, 1)
        message = proxy.seen[0][1]["messages"]["msg"][0]
        assert message["body"]["content"] == "Which?"
        assert message["richContent"] == {
            "conversation": [{"text": "Which?"}],
            "suggestions": [
                {"action": "reply", "label": "Bill", "postbackdata": "bill"},
                {"action": "reply", "label": "Wi-Fi", "postbackdata": "wifi"},
            ],
        }
        await here.call("messages", {**MO, "timeUtc": "2026-01-31T12:00:05", "message": {"text": "wifi"}})
        await answered(here, 2)
        assert proxy.seen[1][1]["messages"]["msg"][0]["body"]["content"] == "wifi, then."


async def test_a_file_comes_as_a_file(tmp_path: Path) -> None:
    """The documented media fields become an attachment with its words; the message is kept as it came."""
    async with proxied(tmp_path) as (here, _):
        media = {
            "mediaUri": "http://127.0.0.1:9/a/cat.jpg",
            "contentType": "image/jpeg",
            "title": "my cat",
        }
        await here.call("messages", {**MO, "message": {"text": "look", "media": media, "custom": {}}})
        (conversation,) = await here.conversations()
        path = f"/v1/conversations/{conversation['id']}/messages"
        message = (await here.server.until(path, lambda page: page["items"]))["items"][0]
        (file,) = message["attachments"]
        assert message["text"] == "look"
        assert [file["url"], file["content_type"], file["name"]] == list(media.values())
        assert message["metadata"]["cm"]["media"] == media


async def test_a_file_goes_out_as_a_file(tmp_path: Path) -> None:
    """An attachment is a media part; its link is not repeated in the text."""
    async with proxied(tmp_path, flow="    - ask: {text: 'Go on.', into: word}\n") as (here, proxy):
        await here.call("messages", MO)
        await answered(here, 1)
        (conversation,) = await here.conversations()
        files = [
            {"url": "http://127.0.0.1:9/bill.pdf", "name": "bill.pdf", "content_type": "application/pdf"}
        ]
        body = {"author": "bot", "text": "Your bill", "attachments": files, "epoch": conversation["epoch"]}
        path = f"/v1/conversations/{conversation['id']}/messages"
        assert (await here.server.call("POST", path, body)).status == 201
        await answered(here, 2)
        message = proxy.seen[1][1]["messages"]["msg"][0]
        media = {
            "mediaName": "bill.pdf",
            "mediaUri": "http://127.0.0.1:9/bill.pdf",
            "mimeType": "application/pdf",
        }
        assert message["body"]["content"] == "Your bill"
        assert message["richContent"] == {"conversation": [{"text": "Your bill"}, {"media": media}]}


async def test_a_long_text_goes_out_in_parts(tmp_path: Path) -> None:
    """Several messages in one body, in order; the quick replies are at the last."""
    settings = "    longest_text: 20\n    buttons: suggestions\n"
    flow = BUTTONS.replace('"Which?"', '"one two three four five six"')
    async with proxied(tmp_path, flow=flow, channel=settings) as (here, proxy):
        await here.call("messages", MO)
        await answered(here, 1)
        first, second = proxy.seen[0][1]["messages"]["msg"]
        assert (first["body"]["content"], second["body"]["content"]) == ("one two three four", "five six")
        assert "richContent" not in first
        assert len(second["richContent"]["suggestions"]) == 2


async def test_a_repeated_inbound_body_is_one_message(tmp_path: Path) -> None:
    """The body has no id that is documented as unique: the whole of it, with its time, stands for one."""
    async with proxied(tmp_path) as (here, _):
        for _ in range(2):
            await here.call("messages", MO)
        await here.call("messages", {**MO, "timeUtc": "2026-01-31T12:00:05"})
        assert [one["text"] for one in await here.messages() if one["author"] == "user"] == ["hello 👋"] * 2


async def test_what_is_neither_text_nor_file_is_described(tmp_path: Path) -> None:
    """Custom content becomes words."""
    async with proxied(tmp_path) as (here, _):
        custom = {"location": {"label": "Breda", "latitude": 51.6}}
        await here.call("messages", {**MO, "message": {"custom": custom}})
        message = (await here.messages())[0]
        assert (message["text"], message["metadata"]) == ("[message] Breda", {"cm": {"custom": custom}})


async def test_an_inbound_body_without_its_chat_is_counted(tmp_path: Path) -> None:
    """Without `conversationalRouter` nobody could answer; the call is answered 200 all the same."""
    async with proxied(tmp_path) as (here, _):
        bare = {name: value for name, value in MO.items() if name != "conversationalRouter"}
        for body in (bare, {**MO, "message": "x"}, {**MO, "from": None}, []):
            assert (await here.call("messages", json.dumps(body).encode())).status == 200
        assert await here.counted("messages", "unreadable") == 4
