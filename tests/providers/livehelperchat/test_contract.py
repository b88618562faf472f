"""Live Helper Chat keeps what every provider promises, looked at and told by webhooks."""

import sqlite3
from pathlib import Path
from typing import Any, ClassVar

from openhandover.emulators.livehelperchat import LiveHelperChatEmulator
from tests.contract.provider_suite import ProviderSuite
from tests.contract.vendor_world import Talk, until, vendor_world


class TestLiveHelperChat(ProviderSuite):
    """Without webhooks: everything that we know, we have looked for."""

    type = "livehelperchat"
    emulator = LiveHelperChatEmulator
    open_endpoint, send_endpoint = "chat.create", "message.user"
    close_endpoint = "chat.status"
    route: ClassVar[dict[str, Any]] = {}


async def test_the_record_of_calls_does_not_hold_the_visitor_s_secret(tmp_path: Path) -> None:
    """Whoever has it may write in the user's name there; it is a part of some addresses."""
    lhc = LiveHelperChatEmulator()
    async with vendor_world(tmp_path, "livehelperchat", lhc, webhooks=False) as world:
        one = await Talk(world, {}).queued()
        await until(lambda: lhc.requests_to("chat.check"), "the queue is looked at")
        await one.agent_says("hello")
        await one.is_(status="active")
        await world.call("POST", f"/v1/conversations/{one.id}/typing", {"author": "user", "on": True})
        await until(lambda: lhc.requests_to("typing"), "typing is told")
        secret = lhc.site.chats[int(one.mine()[0]["id"])].hash
        await world.call("POST", f"/v1/handovers/{one.handover_id}/cancel")
        await until(lambda: one.mine()[0]["state"] == "ended", "the chat is closed")
        await world.stop()
    with sqlite3.connect(next(world.folder.glob("*.db"))) as database:
        noted = database.execute("select * from vendor_call").fetchall()
    assert any("checkchatstatus" in str(row) for row in noted)
    assert any("usertyping" in str(row) for row in noted)
    assert not any(secret in str(row) for row in noted)
