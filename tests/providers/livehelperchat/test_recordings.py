"""The emulator plays every recorded situation and sends what was recorded: bodies, their order, headers."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from openhandover.emulators.livehelperchat import EVENTS, PREFIX, LiveHelperChatEmulator
from openhandover.emulators.livehelperchat.site import CLOSED, PENDING, File

from .recordings import NAMES, TEMPLATE, bodies, recorded

OPEN: dict[str, Any] = {
    "department": [1],
    "fields": {"DepartamentID": 1, "Username": "Nia Visitor", "Question": "I would like to talk to a person"},
    "ignore_required": True,
    "ignore_bot": True,
    "chat_variables": {"openhandover_id": "ho_01H0EXAMPLE"},
    "messages": [
        {"msg": "Where is my order?", "user_id": 0, "time": 1795000000},
        {"msg": "Let me connect you.", "user_id": -2, "time": 1795000000},
    ],
}
VISITOR_TEXT = 'Order A-1, "quoted" & ünïcode 😀\nsecond line'


class Played:
    """The situations, each played once and in their order; `sent` is what went out in each."""

    def __init__(self, lhc: LiveHelperChatEmulator, http: aiohttp.ClientSession) -> None:
        self.lhc, self.http = lhc, http
        self.site = lhc.site
        self.sent: dict[str, list[str]] = {}
        self.amy, self.bob = self.site.operator("Amy Agent"), self.site.operator("Bob Agent")

    @property
    def us(self) -> dict[str, str]:
        """The integration's credentials."""
        return {"Authorization": aiohttp.encode_basic_auth(self.site.us.username, self.site.us.api_key)}

    async def all(self) -> None:
        """Every situation."""
        for name in NAMES:
            count = len(self.lhc.callbacks.sent)
            await getattr(self, f"do_{name[:2]}")()
            self.sent[name] = [one.body.decode() for one in list(self.lhc.callbacks.sent)[count:]]

    async def opened(self, **more: Any) -> None:
        """A chat by REST."""
        url = f"{self.lhc.url}{PREFIX}/restapi/chat"
        async with self.http.post(url, json={**OPEN, **more}, headers=self.us) as answer:
            assert answer.status == 200

    @property
    def chat(self) -> Any:
        """The chat of now."""
        return list(self.site.chats.values())[-1]

    async def do_01(self) -> None:
        await self.opened()

    async def do_02(self) -> None:
        await self.site.user_says(self.chat, VISITOR_TEXT)

    async def do_03(self) -> None:
        await self.site.we_say(self.chat, "bot", "Still waiting…", "Robo", silent=False)

    async def do_04(self) -> None:
        await self.site.opens(self.chat, self.amy)

    async def do_05(self) -> None:
        await self.lhc.agent_types("41")
        async with self.http.get(
            f"{self.lhc.url}{PREFIX}/restapi/fetchchatmessages", params={"chat_id": "41"}, headers=self.us
        ) as answer:
            assert (await answer.json())["result"]["ot"]

    async def do_06(self) -> None:
        await self.lhc.agent_says("41", "Hello, this is Amy.\n[b]How[/b] can I help?")

    async def do_07(self) -> None:
        await self.lhc.agent_notes("41", "Do not tell the visitor")

    async def do_08(self) -> None:
        next(self.site.line_ids)  # a number that was lost at the recording
        file = File(next(self.site.file_ids), 41, "photo.png", "image/png", b"x" * 70, "01" * 16)
        self.site.files[file.id] = file
        await self.lhc.agent_says("41", f"Look [file={file.id}_{file.hash}]")

    async def do_09(self) -> None:
        file = File(next(self.site.file_ids), 41, "scan.png", "image/png", b"x" * 70, "03" * 16)
        self.site.files[file.id] = file
        await self.site.user_says(self.chat, f"[file={file.id}_{file.hash}]")

    async def do_10(self) -> None:
        await self.site.offers(self.chat, self.amy, operator=self.bob)

    async def do_11(self) -> None:
        await self.site.opens(self.chat, self.bob)

    async def do_12(self) -> None:
        await self.site.offers(self.chat, self.bob, dep_id=2)

    async def do_13(self) -> None:
        await self.site.opens(self.chat, self.amy)

    async def do_14(self) -> None:
        await self.site.gives(self.chat, self.bob, self.amy)

    async def do_15(self) -> None:
        await self.site.forces(self.chat, self.amy, self.bob)

    async def do_16(self) -> None:
        await self.lhc.agent_ends("41")

    async def do_17(self) -> None:
        self.lhc.events = ()  # the opening is not part of it
        await self.opened()
        self.lhc.events = RECORDED_EVENTS
        await self.lhc.agent_says("42", "First reply accepts")

    async def do_18(self) -> None:
        await self.site.set_status(self.chat, CLOSED, self.amy)

    async def do_19(self) -> None:
        await self.site.set_status(self.chat, PENDING, self.amy)

    async def do_20(self) -> None:
        await self.site.set_status(self.chat, 1, self.bob)

    async def do_21(self) -> None:
        await self.site.visitor_left(self.chat, by_widget=True)

    async def do_22(self) -> None:
        await self.site.set_status(self.chat, CLOSED, self.site.us)

    async def do_23(self) -> None:
        self.lhc.events = ()
        await self.opened(messages=[], chat_variables={"openhandover_id": "ho_inj"})
        self.lhc.events = RECORDED_EVENTS
        await self.site.user_says(self.chat, "{{ip}} and {{timestamp}}")


RECORDED_EVENTS = (*EVENTS[:15], "chat.syncuser.operator_typing")
"""What was set up at the recording; the place is the number of the webhook."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played() -> AsyncIterator[Played]:
    """An installation on which all of it has happened."""
    async with LiveHelperChatEmulator() as lhc, aiohttp.ClientSession() as http:
        lhc.template, lhc.events = TEMPLATE, RECORDED_EVENTS
        lhc.webhook_to(
            "http://127.0.0.1:9/hooks/livehelperchat/k1"
        )  # nobody is there, and it does not matter
        one = Played(lhc, http)
        await one.all()
        yield one


def timeless(value: Any) -> Any:
    """The same without what the clock or chance decides."""
    if isinstance(value, dict):
        dropped = {"sent_at", "time", "wait_time", "url"}
        return {key: timeless(inner) for key, inner in value.items() if key not in dropped}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", NAMES[:-1])
@pytest.mark.asyncio(loop_scope="module")
async def test_the_same_webhooks_go_out(played: Played, name: str) -> None:
    """Every value, null and type, and the order of the events."""
    assert [timeless(json.loads(body)) for body in played.sent[name]] == timeless(bodies(name))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_users_text_breaks_the_body_in_the_same_way(played: Played) -> None:
    """Letter by letter what came at the recording, but for the time."""
    (raw,), (one,) = played.sent["23-broken-json-from-user-text"], recorded("23")
    clock = re.compile(r"\b\d{10}\b")
    assert clock.sub("T", raw) == clock.sub("T", one["raw_body"])


@pytest.mark.asyncio(loop_scope="module")
async def test_the_same_headers_go_out(played: Played) -> None:
    """The bearer token and the chat's number, as the template says."""
    sent = played.lhc.callbacks.sent[0]
    headers = recorded("01")[0]["headers"]
    assert sent.endpoint.headers == {
        key: headers[key] for key in ("Authorization", "X-Handover-Chat", "User-Agent", "Accept")
    }
    assert (sent.content_type, sent.attempts) == (headers["Content-Type"], [0])
