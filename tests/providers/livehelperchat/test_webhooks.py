"""Webhooks of Live Helper Chat at a real server: refused without the token, and otherwise a reason to look."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openhandover.core.errors import SignatureError, Unsupported
from openhandover.emulators.livehelperchat import EVENTS, LiveHelperChatEmulator
from openhandover.net.client import HttpClient
from openhandover.providers.base import WebhookRequest
from openhandover.providers.livehelperchat import LiveHelperChat
from openhandover.providers.livehelperchat.settings import Settings
from tests.contract.vendor_world import Talk, until, vendor_world

from .recordings import TEMPLATE, bodies

TOKEN = "example-webhook-token"
LONG_S = 30
"""Between two looks: what is heard sooner, was heard by webhook."""


def settings(**change: Any) -> Settings:
    """Settings with a webhook token."""
    block = {
        "base_url": "https://chat.example.com/index.php",
        "username": "openhandover",
        "api_key": "0123456789abcdef",
        "department": 1,
        "webhook_token": TOKEN,
    }
    return msgspec.convert({**block, **change}, Settings, dec_hook=lambda kind, value: kind(value))


def webhook(headers: dict[str, str]) -> WebhookRequest:
    """A request."""
    return WebhookRequest("POST", headers, {}, b"{}", time.time())


@asynccontextmanager
async def talking(folder: Path, **more: Any) -> AsyncGenerator[tuple[Talk, LiveHelperChatEmulator]]:
    """A user of a server that is called by webhook, and hardly ever looks by itself."""
    emulator = LiveHelperChatEmulator()
    more = {"webhook_token": TOKEN, "poll_s": LONG_S, **more}
    async with vendor_world(folder, "livehelperchat", emulator, webhooks=True, **more) as world:
        yield Talk(world, {}), emulator


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer"},
        {"authorization": f"Bearer {TOKEN}x"},
        {"authorization": f"Basic {TOKEN}"},
        {"authorization": TOKEN},
        {"authorization": "Bearer \udcff"},
        {"x-handover-chat": "41"},
    ],
    ids=str,
)
async def test_a_webhook_without_the_token_is_refused(headers: dict[str, str]) -> None:
    """However near it comes."""
    async with HttpClient() as http:
        with pytest.raises(SignatureError):
            LiveHelperChat("support", settings(), http).verify(webhook(headers))


async def test_both_tokens_hold_during_a_change() -> None:
    """The old one until it is taken out."""
    async with HttpClient() as http:
        changing = LiveHelperChat("support", settings(webhook_token="n" * 16, old_webhook_token=TOKEN), http)
        for token in ("n" * 16, TOKEN):
            changing.verify(webhook({"authorization": f"bearer {token}"}))
        with pytest.raises(SignatureError):
            changing.verify(webhook({"authorization": "Bearer "}))


async def test_without_a_token_no_webhook_is_taken() -> None:
    """Not one: an empty secret is nobody's."""
    async with HttpClient() as http:
        with pytest.raises(Unsupported):
            LiveHelperChat("support", settings(webhook_token=None), http).verify(
                webhook({"authorization": "Bearer "})
            )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"api_key": ""}, "`api_key` is empty"),
        ({"webhook_token": "short"}, "`webhook_token` is too short"),
        ({"webhook_token": None, "old_webhook_token": TOKEN}, "set `webhook_token` too"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], text: str) -> None:
    """With a text that says how to mend them."""
    with pytest.raises(msgspec.ValidationError, match=text):
        settings(**change)


async def test_what_operators_do_is_seen_at_once(tmp_path: Path) -> None:
    """Name, words, a file's name, another operator and the end, long before the next regular look."""
    async with talking(tmp_path) as (talk, _):
        await talk.queued()
        chat = (await talk.chat())["id"]
        emulator = talk.world.emulator
        await emulator.agent_joins(chat, "Kim")
        assert (await talk.is_(status="active"))["agent"]["name"] == "Kim"
        await emulator.agent_says(chat, "Hello, this is Kim")
        await talk.hears("Hello, this is Kim")
        await emulator.agent_transfers(chat, "Lee")
        await talk.got("handover.agent_changed")
        await emulator.agent_says(chat, "Bye")
        await emulator.agent_ends(chat)
        assert (await talk.is_(status="completed"))["reason"] == "agent_closed"
        assert talk.heard() == ["Hello, this is Kim", "Bye"]
        sent = emulator.callbacks.sent
        assert all(one.delivered for one in sent)
        assert {one.kind for one in sent} >= {
            "chat.chat_started",
            "chat.accept",
            "chat.web_add_msg_admin",
            "chat.close",
        }


async def test_a_forged_webhook_is_refused_and_a_repeated_one_does_nothing(tmp_path: Path) -> None:
    """It could only have made us look."""
    async with talking(tmp_path) as (talk, emulator):
        await talk.active()
        real = emulator.callbacks.sent[-1]
        before = [event["type"] for event in await talk.world.events(talk.id)]
        for headers, status in (({}, 401), (real.endpoint.headers, 200), (real.endpoint.headers, 200)):
            answer = await talk.world.call(
                "POST",
                "/webhooks/vendor",
                data=real.body,
                headers={**headers, "content-type": "application/json"},
                key=None,
            )
            assert answer.status == status
        assert [event["type"] for event in await talk.world.events(talk.id)][: len(before)] == before
        assert talk.heard() == [f"hello {talk.token}"]


@pytest.mark.parametrize(
    "text", ["{{ip}} and {{timestamp}}", "{{lhc.var.openhandover_id}}", '{{msg_clean}}"]}']
)
async def test_a_users_text_cannot_stop_the_webhooks(tmp_path: Path, text: str) -> None:
    """With a template that repeats what was written: taken all the same, and the operator is heard."""
    async with talking(tmp_path) as (talk, emulator):
        emulator.template = TEMPLATE
        await talk.active()
        await talk.says(text)
        await talk.shown(text)
        await talk.agent_says(answer := f"About {text}")
        await talk.hears(answer)
        assert all(one.delivered for one in emulator.callbacks.sent)


async def test_a_recorded_webhook_is_taken(tmp_path: Path) -> None:
    """Of a chat that is not ours: nothing happens, and it need not come again."""
    async with talking(tmp_path) as (talk, emulator):
        await talk.queued()
        for body in bodies("06") + bodies("16"):
            data = msgspec.json.encode({**body, "chat": {**body["chat"], "id": 9999}})
            headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
            answer = await talk.world.call("POST", "/webhooks/vendor", data=data, headers=headers, key=None)
            assert answer.status == 200
        assert not talk.heard()
        assert (await talk.handover())["status"] == "queued"
        assert emulator.callbacks.sent


async def test_a_large_webhook_and_a_large_message(tmp_path: Path) -> None:
    """100 kB of either are taken whole."""
    async with talking(tmp_path) as (talk, emulator):
        emulator.template = TEMPLATE
        await talk.active()
        await talk.agent_says(text := "long " * 20_000 + "end")
        await talk.hears(text)
        assert max(len(one.body) for one in emulator.callbacks.sent if one.delivered) > 200_000


async def test_an_unknown_event_is_kept(tmp_path: Path) -> None:
    """It is stored and counted, and we look."""
    async with talking(tmp_path) as (talk, emulator):
        await talk.active()
        emulator.events = (*EVENTS, "chat.moon_phase")
        chat = emulator.site.chat((await talk.chat())["id"])
        await emulator.site.fire("chat.moon_phase", chat)
        assert emulator.callbacks.sent[-1].delivered
        await talk.agent_says("Still here")
        await talk.hears("Still here")


async def test_their_typing_does_not_make_us_look_for_ever(tmp_path: Path) -> None:
    """The event is caused by our look; another look for it would cause the next one."""
    async with talking(tmp_path) as (talk, emulator):
        emulator.events = (*EVENTS, "chat.syncuser.operator_typing")
        await talk.active()
        await emulator.agent_types((await talk.chat())["id"])
        await talk.says(text := "Are you there?")  # our own message's webhook makes us look
        await talk.shown(text)
        await talk.got("typing.started")
        looks = len(emulator.requests_to("messages"))
        await until(
            lambda: [one for one in emulator.callbacks.sent if one.kind == "chat.syncuser.operator_typing"],
            "their webhook of it",
        )
        assert len(emulator.requests_to("messages")) <= looks + 4


async def test_a_revoked_key_in_the_middle_of_a_talk(tmp_path: Path) -> None:
    """What was said meanwhile is heard once there is a good key again; nothing is lost."""
    async with talking(tmp_path, poll_s=0.2) as (talk, emulator):
        await talk.active()
        us = emulator.site.us
        us.api_key, kept = "another", us.api_key
        await talk.agent_says("Can you hear me?")
        looks = len(emulator.requests_to("chats.count"))
        await until(
            lambda: len(emulator.requests_to("chats.count")) > looks, "we find out why we are refused"
        )
        us.api_key = kept
        await talk.hears("Can you hear me?")
        assert (await talk.handover())["status"] == "active"


async def test_a_deleted_chat_ends_the_handover(tmp_path: Path) -> None:
    """Nobody is there any more, and the user is with the bot again."""
    async with talking(tmp_path, poll_s=0.2) as (talk, emulator):
        await talk.active()
        emulator.site.chats.clear()
        assert (await talk.is_(status="error"))["reason"] == "provider_error"
        await talk.says("Hello?")
        await talk.bot_got("Hello?")
