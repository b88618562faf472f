"""Receivers and desks that answer nonsense, refuse, or are flooded."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from tests.net.loopback import serving
from tests.providers.http.emulator import SECRET
from tests.scenarios.world import TEXT, World, lines, living, soon


async def test_a_channel_that_refuses_ten_times_loses_that_message_only(world: World) -> None:
    """Ten tries on a 4xx, then it is failed and listed, and the next one passes."""
    chat = await world.began()
    assert (await world.bot_posts(chat, "first", 1)).status == 201
    await world.channel.heard("first")
    world.channel.fail_next(422, 10, Retry_After="0")
    bad = (await world.bot_posts(chat, "unbearable", 1)).body
    await world.bot_posts(chat, "fine", 1)
    await world.channel.heard("fine")
    assert world.channel.tries.count(f"{chat}:{bad['seq']}") == 10
    where = f"/v1/conversations/{chat}/messages"
    page = await world.server.until(where, lambda page: page["items"][-1]["delivery"]["state"] == "delivered")
    states = {m["text"]: m["delivery"] for m in page["items"]}
    assert states["unbearable"] == {"state": "failed", "attempts": 10}


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 500])
async def test_a_channel_in_trouble_is_waited_for(world: World, status: int) -> None:
    """These heal by themselves: the event is repeated, unchanged, however often."""
    world.channel.fail_next(status, 12, Retry_After="0")
    chat = await world.began()
    await world.bot_posts(chat, "at last", 1)
    await world.channel.heard("at last")
    assert len(world.channel.tries) == 13


async def test_the_log_says_why_a_receiver_waits_and_why_it_failed(world: World) -> None:
    """Whoever reads the log need not guess: the status is in it, when it waits and when it is given up."""
    chat = await world.began()
    with capture_logs() as logged:
        world.channel.fail_next(401, 1, Retry_After="0")
        await world.bot_posts(chat, "later", 1)
        await world.channel.heard("later")
        world.channel.fail_next(410, 1)
        await world.bot_posts(chat, "never", 1)
        await world.bot_posts(chat, "last", 1)
        await world.channel.heard("last")
    told = [one for one in logged if one["event"] in {"delivery_waits", "delivery_failed"}]
    assert [(one["event"], one["detail"]) for one in told] == [
        ("delivery_waits", "HTTP status 401"),
        ("delivery_failed", "gone: HTTP status 410"),
    ]


async def test_the_first_retry_comes_within_a_second(world: World) -> None:
    """And the pauses double."""
    world.channel.fail_next(503, 2)
    chat = await world.began()
    await world.bot_posts(chat, "hello", 1)
    await world.channel.until(lambda self: self.tries)
    began = time.monotonic()
    await world.channel.until(lambda self: len(self.tries) == 2)
    assert time.monotonic() - began < 1
    await world.channel.heard("hello")
    assert time.monotonic() - began > 1.4


@pytest.mark.parametrize(
    "answer", [b"", b"{", b"[]", b"{}", b'{"external_id": 7}', b'{"external_id": ""}', b"\xff", b"null"]
)
async def test_a_desk_that_accepts_with_nonsense(tmp_path: Path, answer: bytes) -> None:
    """A 2xx that names no conversation is no acceptance: an honest failure, and the fallback is tried."""

    async def desk(_: web.Request) -> web.Response:
        return web.Response(body=answer, content_type="application/json")

    async with serving(desk) as url:
        odd = f"  odd: {{type: http, url: '{url}', secret: '{SECRET}'}}\n"
        async with living(tmp_path, odd) as world:
            chat = await world.began()
            handover_id = await world.asks(
                chat, {"fallback": ["backup"], "limits": {"open_s": 2}}, provider="odd"
            )
            found = await world.until(handover_id, status="queued")
            assert found["provider"] == "backup"
            assert found["attempts"][0]["reason"] in {"provider_error", "rejected"}


async def test_a_failure_without_number_waits_for_overtaken_words(world: World) -> None:
    """handover.failed lets the last message pass for a second, as a close does; unknown reasons are `unknown`."""
    chat = await world.began()
    handover_id = await world.asks(chat)
    await world.until(handover_id, status="queued")
    await world.webhook(
        {"event_id": "f", "type": "handover.failed", "handover_id": handover_id, "reason": "sunspots"}
    )
    await world.webhook(
        {
            "event_id": "m",
            "type": "agent.message",
            "handover_id": handover_id,
            "message": {"id": "m", "text": "sorry"},
        }
    )
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == ("unknown", "provider")
    await world.channel.heard("sorry")


async def test_a_flood_keeps_its_order(world: World) -> None:
    """Two hundred messages each way at once: all there, in order, none twice."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)

    async def flood() -> None:
        for n in range(200):
            await world.says(chat, f"u{n}")

    for n in range(200):
        world.desk.says(talk, f"a{n}")
    await flood()
    await world.channel.heard("a199", within_s=30)
    await soon(lambda: "u199" in lines(talk), within_s=30)
    assert lines(talk, "user") == [f"u{n}" for n in range(200)]
    assert world.channel.texts("agent") == [f"a{n}" for n in range(200)]
    counts = (
        await world.server.until(f"/v1/handovers/{handover_id}/proof", lambda p: not p["counts"]["pending"])
    )["counts"]
    assert (counts["delivered"], counts["misordered"], counts["repeated"]) == (400, 0, 0)


async def test_many_conversations_do_not_wait_for_each_other(world: World) -> None:
    """One whose message the desk cannot take for now holds up nobody else."""
    stuck = await world.began()
    _, stuck_talk = await world.active(stuck)
    others = [await world.began() for _ in range(5)]
    talks = [(await world.active(chat))[1] for chat in others]
    world.desk.fail_next(503, Retry_After="3")
    began = time.monotonic()
    await world.says(stuck, "later")
    await soon(lambda: not world.desk._fail)
    await asyncio.gather(*(world.says(chat, "now") for chat in others))
    await soon(lambda: all("now" in lines(talk) for talk in talks))
    assert time.monotonic() - began < 2.5
    assert "later" not in lines(stuck_talk)
    await soon(lambda: "later" in lines(stuck_talk))


async def test_a_private_channel_address_is_refused(tmp_path: Path) -> None:
    """A channel webhook on a private address that is not in `outbound.allow` is never called; it stays due."""
    text = TEXT.replace('outbound: {{allow: ["127.0.0.1/32"]}}\n', "")
    async with living(tmp_path, text=text) as world:
        chat = await world.began()
        with capture_logs() as logged:
            await world.bot_posts(chat, "hello", 1)
            await soon(lambda: [one for one in logged if one["event"] == "delivery_waits"])
        assert world.channel.tries == []
        assert (await world.messages(chat))[0]["delivery"]["state"] == "pending"
