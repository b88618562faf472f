"""Somebody asks why a handover is stuck: every call to and from the contact centre is on record, without secrets."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from click.testing import CliRunner

from openhandover.cli import main
from tests.net.loopback import serving
from tests.providers.http.emulator import SECRET
from tests.scenarios.world import World, living, soon
from tests.serving import KEY


async def diagnosis(world: World, handover_id: str) -> dict[str, Any]:
    """What the API says."""
    return (await world.call("GET", f"/v1/handovers/{handover_id}/diagnosis")).body


async def test_every_call_is_on_record(tmp_path: Path) -> None:
    """Open, messages, the agent's events and the end, with status, time and outcome, in order."""
    async with living(tmp_path) as world:
        chat = await world.began()
        handover_id, talk = await world.active(chat)
        await world.says(chat, "my card is broken")
        await soon(lambda: [line for line in talk.lines if line["text"] == "my card is broken"])
        world.desk.closes(talk)
        await world.until(handover_id, status="completed")
        found = await diagnosis(world, handover_id)
    calls = [(call["direction"], call["operation"], call["status"]) for call in found["calls"]]
    assert calls == [
        ("out", "open", 200),
        ("in", "AgentJoined", None),
        ("out", "send", 200),
        ("in", "Closed", None),
    ]
    assert found["calls"][0]["target"] == f"POST {world.desk.url}/open"
    assert {call["detail"] for call in found["calls"] if call["direction"] == "in"} == {"applied"}
    assert found["counts"]["pending"] == 0
    assert "my card is broken" not in str(found["calls"])


async def test_a_desk_that_does_not_answer(tmp_path: Path) -> None:
    """Each try is there with what the desk said, and the command line tells it in order of time."""
    async with living(tmp_path) as world:
        handover_id = await world.asks(await world.began(), provider="support")
        await world.until(handover_id, status="queued")
        world.desk.fail_next(503, 2, path="/messages")
        chat = (await world.handover(handover_id))["conversation_id"]
        await world.says(chat, "are you there?")
        talk = await world.talk(handover_id)
        await soon(lambda: [line for line in talk.lines if line["text"] == "are you there?"])
        found = await diagnosis(world, handover_id)
        statuses = [call["status"] for call in found["calls"] if call["operation"] == "send"]
        assert statuses == [503, 503, 200]
        shown = await asyncio.to_thread(
            CliRunner().invoke,
            main,
            ["handover", "--url", world.server.url, "--key", KEY, "show", handover_id, "--diagnose"],
        )
    assert shown.exit_code == 0, shown.output
    lines = shown.output.splitlines()
    sends = [line for line in lines if "> send POST" in line]
    assert [line.split("-> ")[1][:3] for line in sends] == ["503", "503", "200"]
    assert "Stands: queued, attempt 1 at support" in lines
    assert any(line.startswith("Calls that failed: 2 of ") for line in lines)
    times = [line.split("  ")[0] for line in lines[: lines.index("")]]
    assert times == sorted(times)


async def test_no_secret_is_shown(tmp_path: Path) -> None:
    """A desk that repeats our secret in its refusal does not bring it into the record, nor what is hidden from logs."""

    async def refuses(request: web.Request) -> web.Response:
        return web.Response(status=400, text=f"expected {SECRET}; ask kim@example.com")

    hidden = "redaction: {to_log: [email]}\n"
    async with serving(refuses) as url:
        rude = f"  rude: {{type: http, url: '{url}', secret: '{SECRET}'}}\n"
        async with living(tmp_path, rude + hidden) as world:
            handover_id = await world.asks(await world.began(), provider="rude")
            await world.until(handover_id, status="error")
            found = await diagnosis(world, handover_id)
    (call,) = found["calls"]
    assert (call["status"], call["detail"].partition(";")[0]) == (400, "expected ***")
    assert SECRET not in str(found)
    assert "kim@example.com" not in str(found)


async def test_a_late_event_says_so(tmp_path: Path) -> None:
    """What the desk said after the end is there with the reason why it had no effect."""
    async with living(tmp_path) as world:
        handover_id, _ = await world.queued(await world.began())
        await world.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
        await world.until(handover_id, status="cancelled")
        await world.webhook(
            {"event_id": "x1", "type": "agent.joined", "handover_id": handover_id, "agent": {}}
        )
        found = await diagnosis(world, handover_id)
    (late,) = [call for call in found["calls"] if call["direction"] == "in"]
    assert (late["operation"], late["target"], late["detail"]) == ("AgentJoined", "x1", "ended")


async def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    """The record outlives the process, and is gone with the user."""
    async with living(tmp_path) as world:
        chat = await world.began()
        handover_id, _ = await world.active(chat)
        await world.restart()
        assert [call["operation"] for call in (await diagnosis(world, handover_id))["calls"]] == [
            "open",
            "AgentJoined",
        ]
