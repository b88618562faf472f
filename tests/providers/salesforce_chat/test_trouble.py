"""What goes wrong with Chat, and what becomes of the conversation."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from openhandover.emulators.salesforce_chat import SalesforceChatEmulator
from tests.contract.vendor_world import Talk, VendorWorld, until, vendor_world


def living(
    folder: Path, emulator: SalesforceChatEmulator | None = None, **settings: Any
) -> AbstractAsyncContextManager[VendorWorld]:
    """A world of Chat with these settings."""
    there = emulator or SalesforceChatEmulator()
    return vendor_world(folder, "salesforce_chat", there, webhooks=False, **settings)


def chat(world: VendorWorld) -> SalesforceChatEmulator:
    """The emulated organisation."""
    assert isinstance(world.emulator, SalesforceChatEmulator)
    return world.emulator


@pytest.fixture
async def world(tmp_path: Path) -> AsyncGenerator[VendorWorld]:
    """Chat, enabled."""
    async with living(tmp_path) as world:
        yield world


async def test_a_retired_product_refuses(tmp_path: Path) -> None:
    """Off, as it is by default: the step is wrong, and nobody is called."""
    async with living(tmp_path, enabled=False) as world:
        one = await (await Talk(world, {}).begin()).asks()
        found = await one.is_(status="error")
        assert found["reason"] == "configuration"
        assert "retired" in found["error"]["message"]
        assert not world.emulator.requests


async def test_nobody_there_is_a_failure_and_no_completed_handover(world: VendorWorld) -> None:
    """`ChatRequestFail`, at once or later."""
    world.emulator.set_online(False)
    one = await (await Talk(world, {}).begin()).asks()
    assert (await one.is_(status="error"))["reason"] == "unavailable"
    world.emulator.set_online()
    two = await Talk(world, {}).queued()
    chat(world).chat_fails((await two.chat())["id"])
    assert (await two.is_(status="error"))["reason"] == "unavailable"


async def test_what_is_said_while_waiting_is_due_until_an_agent_is_there(world: VendorWorld) -> None:
    """Over a crash, in its order, after the opening line; no transcript unless the step asks for one."""
    one = await Talk(world, {}).begin("this stays with the bot")
    await one.asks({"transcript": {}}, reason="billing")
    await one.is_(status="queued")
    await one.says("first")
    await world.restart()
    await one.says("second")
    states = {line["text"]: line["delivery"]["state"] for line in await world.messages(one.id)}
    assert states["first"] == states["second"] == "pending"
    assert one.lines() == []
    await world.emulator.agent_joins((await one.chat())["id"])
    await one.shown("second")
    assert await one.settled("second") == "delivered"
    assert one.lines("user") == ["The user asks for a person.\nbilling", "first", "second"]


@pytest.mark.parametrize("end", ["cancel", "fail"])
async def test_what_no_agent_has_got_is_failed_in_the_end(world: VendorWorld, end: str) -> None:
    """Whoever ends it: nothing counts as delivered, the end waits for nobody, and the provider's memory keeps no word."""
    secret = "nobody reads this"
    one = await Talk(world, {}).queued()
    await one.says(secret)
    if end == "cancel":
        await world.call("POST", f"/v1/handovers/{one.handover_id}/cancel")
    else:
        chat(world).chat_fails((await one.chat())["id"])
    await until(lambda: one.mine()[0]["state"] == "ended", "the chat is ended")
    assert await one.settled(secret) == "failed"
    assert len(one.events("message.failed")) == 1
    await world.stop()
    with sqlite3.connect(next(world.folder.glob("*.db"))) as database:
        rows = database.execute("select value from item where kind = 'provider:vendor'").fetchall()
    (kept,) = [bytes(value) for (value,) in rows if b"affinity" in bytes(value)]
    assert secret.encode() not in kept


async def test_what_waited_goes_to_the_next_provider(world: VendorWorld) -> None:
    """Nobody takes the chat: its messages are part of what the next one gets, and are not failed."""
    one = await (await Talk(world, {}).begin()).asks({"limits": {"queue_s": 1}, "fallback": ["vendor"]})
    await one.is_(status="queued", attempt=1)
    await one.says("I wait")
    await one.is_(status="queued", attempt=2)
    await until(lambda: [chat["state"] for chat in one.mine()] == ["ended", "waiting"], "the next chat")
    await world.emulator.agent_joins(one.mine()[-1]["id"])
    await one.shown("I wait")
    assert await one.settled("I wait") == "delivered"
    assert one.events("message.failed") == []


async def test_a_session_that_moved_is_found_again(world: VendorWorld) -> None:
    """503: the affinity has changed. Poll and message meet it together; nothing is lost and nothing repeated."""
    one = await Talk(world, {}).active()
    for text in (texts := [f"word {n}" for n in range(5)]):
        chat(world).chat_moves((await one.chat())["id"])
        await one.says(text)
        await one.shown(text)
    await one.agent_says("I see you")
    await one.hears("I see you")
    assert one.lines("user")[-5:] == texts
    moves = len(world.emulator.requests_to("ReconnectSession"))
    assert moves == len(world.emulator.requests_to("ChasitorResyncState")) == 5


async def test_a_session_that_moved_counts_anew(world: VendorWorld) -> None:
    """Its messages have the numbers that others had before: none is taken for one of those, none is shown twice."""
    one = await Talk(world, {}).active()
    for n in range(3):
        await one.agent_says(f"before {n}")
        await one.hears(f"before {n}")
        chat(world).chat_moves((await one.chat())["id"])
        await until(lambda: not chat(world).chats[one.mine()[0]["id"]].must_move, "it is reconnected")
        if n == 1:
            await world.restart()
        await one.agent_says(f"after {n}")
        await one.hears(f"after {n}")
    assert one.heard()[1:] == [f"{when} {n}" for n in range(3) for when in ("before", "after")]


async def test_a_reconnection_that_was_not_kept_is_made_again(world: VendorWorld) -> None:
    """A crash at that moment: the session has an affinity that nobody knows, and is still the same chat."""
    one = await Talk(world, {}).active()
    there = chat(world).chats[(await one.chat())["id"]]
    there.move(there.offset + len(there.told))
    await one.agent_says("are you there?")
    await one.hears("are you there?")
    await one.says("yes")
    await one.shown("yes")
    assert one.heard() == [f"hello {one.token}", "are you there?"]


async def test_a_session_that_is_gone_is_the_end(world: VendorWorld) -> None:
    """403: nobody polled for too long. An error, because no agent has ended it."""
    one = await Talk(world, {}).active()
    chat(world).chat_expires((await one.chat())["id"])
    await one.says("hello?")
    assert (await one.is_(status="error"))["reason"] == "provider_error"
    assert await one.settled("hello?") == "failed"


async def test_quiet_polls_keep_the_chat_alive(tmp_path: Path) -> None:
    """204: the same question again, one at a time."""
    async with living(tmp_path, SalesforceChatEmulator(poll_s=0.1)) as world:
        one = await Talk(world, {}).active()
        before = len(world.emulator.requests_to("Messages"))
        await until(lambda: len(world.emulator.requests_to("Messages")) > before + 5, "more polls")
        acks = {poll.query["ack"] for poll in list(world.emulator.requests_to("Messages"))[before + 1 :]}
        assert len(acks) == 1
        await one.agent_says("still here")
        await one.hears("still here")


async def test_a_poll_that_is_not_answered_in_time_is_given_up(tmp_path: Path) -> None:
    """The vendor says how long one may take; then the next one."""
    emulator = SalesforceChatEmulator(
        client_poll_timeout_s=-4.0, poll_s=60
    )  # with what the way takes: one second
    async with living(tmp_path, emulator) as world:
        one = await Talk(world, {}).queued()
        await until(lambda: len(world.emulator.requests_to("Messages")) >= 3, "the next poll")
        await one.agent_says("at last")
        await one.hears("at last")


async def test_an_agent_who_is_gone_and_nobody_comes(tmp_path: Path) -> None:
    """After `left_s` it was the end."""
    async with living(tmp_path, left_s=1) as world:
        one = await Talk(world, {}).active()
        await world.emulator.agent_leaves((await one.chat())["id"])
        assert (await one.is_(status="completed"))["reason"] == "agent_closed"
        await until(lambda: one.mine()[0]["state"] == "ended", "the chat is ended")


async def test_an_end_that_is_refused_is_said_in_the_other_form(world: VendorWorld) -> None:
    """Two forms of `ChatEnd` have been seen to be taken."""
    one = await Talk(world, {}).active()
    world.emulator.faults.fail_next(400, endpoint="ChatEnd")
    await world.call("POST", f"/v1/handovers/{one.handover_id}/close")
    await until(lambda: one.mine()[0]["state"] == "ended", "the chat is ended")
    assert [end.json for end in world.emulator.requests_to("ChatEnd")] == [
        {"type": "ChatEndReason", "reason": "client"},
        {"reason": "client"},
    ]


async def test_one_message_that_is_refused_for_good_does_not_hold_up_the_next(world: VendorWorld) -> None:
    """It is failed, and its sender is told."""
    one = await Talk(world, {}).active()
    world.emulator.faults.fail_next(400, endpoint="ChatMessage")
    await one.says("odd")
    await one.says("plain")
    await one.shown("plain")
    assert await one.settled("odd") == "failed"
    assert "odd" not in one.lines("user")


async def test_domains_that_may_chat(tmp_path: Path) -> None:
    """Where an organisation lists them, ours has to be said."""
    async with living(tmp_path, origin="https://shop.example") as world:
        chat(world).origin = "https://shop.example"
        await Talk(world, {}).active()
        chat(world).origin = "https://other.example"
        with capture_logs() as logs:
            one = await (await Talk(world, {}).begin()).asks()
            assert (await one.is_(status="error"))["reason"] == "auth"
        assert any("`origin`" in str(record) for record in logs)


async def test_a_large_message_of_the_agent(world: VendorWorld) -> None:
    """100 kB in one poll."""
    one = await Talk(world, {}).active()
    await one.agent_says(text := "long " * 20_000 + ".")
    await one.hears(text)


async def test_typing_is_told_while_an_agent_is_there(world: VendorWorld) -> None:
    """Before, there is nobody to see it."""
    one = await Talk(world, {}).queued()
    where = f"/v1/conversations/{one.id}/typing"
    await world.call("POST", where, {"author": "user", "on": True})
    await one.agent_says("hello")
    await one.hears("hello")
    await world.call("POST", where, {"author": "user", "on": False})
    await until(lambda: world.emulator.requests_to("ChasitorNotTyping"), "the end of typing is told")
    assert not world.emulator.requests_to("ChasitorTyping")
