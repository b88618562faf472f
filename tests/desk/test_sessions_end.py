"""A session that ends elsewhere: its event stream says so and closes, and the next call is refused."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from openhandover.config.load import load_text
from openhandover.core.settings import Secret
from tests.desk.floor import ANNA_KEY, CONFIG, Agent, Browser, listening, queued
from tests.serving import Server, running_server


async def test_logging_out_in_another_window_ends_the_stream(server: Server) -> None:
    """The other window hears `desk.logged_out`; another session of the same agent goes on."""
    here, other = await Browser(server, "anna").log_in(), await Browser(server, "anna").log_in()
    by_key = Agent(server, "anna")
    async with listening(here) as stream, listening(other) as stays, listening(by_key) as keyed:
        for one in (stream, stays, keyed):
            await one.until("desk.resync")
        assert (await here.call("POST", "logout", {})).status == 204
        assert await stream.until("desk.logged_out") == {"reason": "logged_out"}
        assert await stream.ended()
        await other.here("busy")
        for one in (stays, keyed):
            await one.until("desk.presence", lambda data: data["agent"]["presence"] == "busy")
    assert (await here.call("GET", "me")).code == "unauthorized"


async def test_session_that_lasted_long_enough_ends_its_stream(tmp_path: Path) -> None:
    """The stream does not outlive the session."""
    text = CONFIG.replace("desk:\n", "desk:\n  session_hours: 0.0002\n")  # 0.72 s
    async with running_server(tmp_path, text) as server:
        anna = await Browser(server, "anna").log_in()
        async with listening(anna) as stream:
            assert await stream.until("desk.logged_out") == {"reason": "expired"}
            assert await stream.ended()
        assert (await anna.call("GET", "me")).code == "unauthorized"


async def test_a_session_ends_by_the_clock_of_the_engine(ahead_s: list[float], server: Server) -> None:
    """All parts of a server have one time: what the engine's clock says is over is over at the desk."""
    anna = await Browser(server, "anna").log_in()
    assert (await anna.call("GET", "me")).status == 200
    ahead_s[0] = server.engine.config.desk.session_hours * 3600 + 1
    assert (await anna.call("GET", "me")).code == "unauthorized"


@pytest.mark.parametrize(("changed", "reason"), [(True, "password_changed"), (False, "removed")])
async def test_agents_configured_anew_lose_their_sessions(server: Server, changed: bool, reason: str) -> None:
    """A new password ends browser sessions, a removed agent loses everything; colleagues only load again."""
    anna, bob = await Browser(server, "anna").log_in(), await Agent(server, "bob").here()
    by_key = Agent(server, "anna")
    agents = dict(load_text(CONFIG).agents)
    before = agents.pop("anna")
    if changed:
        agents["anna"] = replace(before, password_hash=Secret(f"{before.password_hash}x"))
    async with listening(anna) as stream, listening(by_key) as keyed, listening(bob) as at_bob:
        for one in (stream, keyed, at_bob):
            await one.until("desk.resync")
        server.engine.reload_agents(agents)
        assert await stream.until("desk.logged_out") == {"reason": reason}
        assert await stream.ended()
        if changed:
            await keyed.until("desk.resync")
        else:
            assert await keyed.until("desk.logged_out") == {"reason": "removed"}
        await at_bob.until("desk.resync")
    assert (await anna.call("GET", "me")).code == "unauthorized"
    answer = await server.call("GET", "/v1/desk/me", key=ANNA_KEY)
    assert answer.status == (200 if changed else 403)


async def test_conversations_of_a_removed_agent_are_left_to_the_others(server: Server, anna: Agent) -> None:
    """Nobody waits for somebody who does not work here any more."""
    bob = await Agent(server, "bob").here()
    await anna.accept(await queued(server))
    agents = dict(load_text(CONFIG).agents)
    del agents["anna"]
    server.engine.reload_agents(agents)
    (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
    assert (entry["status"], entry["agent"], entry["offer"]["agent"]) == ("active", None, "bob")


async def test_agent_missing_after_a_restart_leaves_conversations_too(tmp_path: Path) -> None:
    """The same when the file changed while the server was down."""
    async with running_server(tmp_path, CONFIG) as server:
        await (await Agent(server, "anna").here()).accept(await queued(server))
    lines = [line for line in CONFIG.splitlines() if "anna" not in line.lower()]
    async with running_server(tmp_path, "\n".join(lines)) as server:
        bob = await Agent(server, "bob").here()
        (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
        assert (entry["status"], entry["agent"]) == ("active", None)
