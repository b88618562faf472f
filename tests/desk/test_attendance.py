"""Who is here: presence set by the agent, by a page that sees no input, and by the server when a browser is gone."""

from pathlib import Path
from typing import Any

import pytest

from tests.desk.floor import ANNA_KEY, CONFIG, Agent, Browser, listening, queued
from tests.serving import Server, running_server

QUICK = f"{CONFIG}  offline_after_s: 0.2\n"


def standing(agent: dict[str, Any]) -> tuple[str, bool]:
    """Presence, and whether the system set it."""
    return agent["presence"], agent["auto"]


async def told(agent: Agent, body: dict[str, Any]) -> tuple[str, bool]:
    """What the answer of a presence call says."""
    answer = await agent.call("PUT", "presence", body)
    assert answer.status == 200, answer
    return standing(answer.body)


async def visited(server: Server, agent_id: str) -> Browser:
    """An agent whose page has been open, and is closed."""
    browser = await Browser(server, agent_id).log_in()
    async with listening(browser) as stream:
        await stream.until("desk.resync")
    return browser


async def test_page_without_input_sets_away_and_back(server: Server) -> None:
    """An idle page makes an online agent away, marked as such, and input brings them back."""
    anna = await Browser(server, "anna").log_in()
    assert await told(anna, {"presence": "online"}) == ("online", False)
    assert await told(anna, {"presence": "away", "auto": True}) == ("away", True)
    assert await told(anna, {"presence": "online", "auto": True}) == ("online", False)


async def test_page_never_overrules_what_the_agent_chose(server: Server) -> None:
    """Busy stays busy without input, and a chosen away is not ended by moving the mouse."""
    anna = await Browser(server, "anna").log_in()
    await anna.here("busy")
    assert await told(anna, {"presence": "away", "auto": True}) == ("busy", False)
    await anna.here("away")
    assert await told(anna, {"presence": "away", "auto": True}) == ("away", False)
    assert await told(anna, {"presence": "online", "auto": True}) == ("away", False)


async def test_a_guess_about_what_has_changed_meanwhile_counts_for_nothing(server: Server) -> None:
    """`presence_since` is what the page knew; who came back on another device since is there."""
    anna = await Browser(server, "anna").log_in()
    known = (await anna.call("PUT", "presence", {"presence": "online"})).body["presence_since"]
    guess = {"presence": "away", "auto": True, "presence_since": known}
    assert await told(anna, guess) == ("away", True)
    assert await told(anna, {"presence": "online", "auto": True}) == ("online", False)
    assert await told(anna, guess) == ("online", False)
    assert (
        await anna.call("PUT", "presence", {"presence": "away", "presence_since": known})
    ).code == "invalid"


async def test_a_device_in_use_keeps_its_agent_online(ahead_s: list[float], server: Server) -> None:
    """What an idle page guesses counts only when no other page of the agent told of input for just as long."""
    anna = await Browser(server, "anna").log_in()
    known = (await anna.call("PUT", "presence", {"presence": "online"})).body["presence_since"]
    guess = {"presence": "away", "auto": True, "presence_since": known}
    for _ in range(2):
        ahead_s[0] += 599
        used = await anna.call("PUT", "presence", {"presence": "online", "auto": True})
        assert (standing(used.body), used.body["presence_since"]) == (("online", False), known)
        ahead_s[0] += 590
        assert await told(anna, guess) == ("online", False)
    ahead_s[0] += 10
    assert await told(anna, guess) == ("away", True)


async def test_presence_says_since_when(server: Server, anna: Agent) -> None:
    """The time is that of the last change, not of the last call."""
    first = (await anna.call("GET", "me")).body["agent"]["presence_since"]
    again = (await anna.call("PUT", "presence", {"presence": "online"})).body["presence_since"]
    other = (await anna.call("PUT", "presence", {"presence": "busy"})).body["presence_since"]
    sam = (await Agent(server, "sam").call("GET", "me")).body["agent"]
    assert (first is not None, first == again, other > first) == (True, True, True)
    assert (sam["presence"], sam["presence_since"]) == ("offline", None)


async def test_supervisor_sets_the_presence_of_others(server: Server, anna: Agent) -> None:
    """`agent` and `for` name the other; agents among themselves may not, and nobody is idle for others."""
    sue = await Browser(server, "sue").log_in()
    answer = await sue.call("PUT", "presence", {"presence": "busy", "agent": "anna"})
    assert (answer.body["id"], answer.body["presence"]) == ("anna", "busy")
    by_key = await Agent(server, "sue").call("PUT", "presence", {"presence": "away", "for": "anna"})
    assert (by_key.body["id"], by_key.body["presence"]) == ("anna", "away")
    assert (await anna.call("PUT", "presence", {"presence": "away", "agent": "bob"})).code == "forbidden"
    for field in ("agent", "for"):
        refused = await sue.call("PUT", "presence", {"presence": "away", field: "ana"})
        (error,) = refused.body["errors"]
        assert error == {"path": field, "detail": 'is not a configured agent; did you mean "anna"?'}
    idle = await sue.call("PUT", "presence", {"presence": "away", "agent": "anna", "auto": True})
    assert idle.code == "invalid"
    assert (await sue.call("PUT", "presence", {"presence": "busy", "auto": True})).code == "invalid"


async def test_me_tells_the_settings_of_the_desk(server: Server, anna: Agent) -> None:
    """The page learns from `me` when to set an agent to away."""
    settings = (await anna.call("GET", "me")).body["settings"]
    assert settings == {"away_after_s": 600, "offline_after_s": 120, "offer_s": 30}


async def test_agent_whose_browser_is_gone_leaves_conversations_to_the_others(tmp_path: Path) -> None:
    """Once the last event stream has closed for long enough: offline by the system, `agent_left`, offered again."""
    async with running_server(tmp_path, QUICK) as server:
        anna = await Browser(server, "anna").log_in()
        bob = await Agent(server, "bob").here()
        async with listening(anna) as first, listening(anna) as second:
            await first.until("desk.resync")
            await second.until("desk.resync")
            await anna.here()
            handover_id = await queued(server)
            assert (await anna.accept(handover_id)).status == 200
            async with listening(bob) as at_bob:
                await at_bob.until("desk.resync")
        (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
        assert (entry["status"], entry["agent"], entry["offer"]["agent"]) == ("active", None, "bob")
        me = (await anna.call("GET", "me")).body["agent"]
        assert standing(me) == ("offline", True)
        assert (await anna.say(handover_id, "sorry")).code == "agent_unavailable"
        assert await told(anna, {"presence": "online", "auto": True}) == ("online", False)
        assert (await anna.say(handover_id, "sorry, my line was down")).status == 201  # nobody had taken it
        assert [entry["id"] for entry in await anna.entries("mine")] == [handover_id]


async def test_open_stream_keeps_the_agent_here(tmp_path: Path) -> None:
    """Of two windows one is enough; who acts by API key needs none."""
    async with running_server(tmp_path, QUICK) as server:
        anna = await Browser(server, "anna").log_in()
        bob = await Agent(server, "bob").here()
        sue = await visited(server, "sue")
        async with listening(anna) as stays:
            await stays.until("desk.resync")
            async with listening(anna) as goes:
                await goes.until("desk.resync")
                await anna.here()
            await sue.here()  # her page is closed: that she goes offline shows that the time has passed
            await sue.until("me", lambda me: me["agent"]["presence"] == "offline")
            for agent in (anna, bob):
                assert (await agent.call("GET", "me")).body["agent"]["presence"] == "online"
        await anna.until("me", lambda me: me["agent"]["presence"] == "offline")


async def test_agent_who_went_on_by_key_stays(tmp_path: Path) -> None:
    """The last word counts: presence set by a key does not depend on a browser any more."""
    async with running_server(tmp_path, QUICK) as server:
        anna, sue = await visited(server, "anna"), await visited(server, "sue")
        await anna.here("busy")
        body = {"presence": "online"}
        assert (await server.call("PUT", "/v1/desk/presence", body, key=ANNA_KEY)).status == 200
        await sue.here()
        await sue.until("me", lambda me: me["agent"]["presence"] == "offline")
        assert (await anna.call("GET", "me")).body["agent"]["presence"] == "online"


async def test_agent_without_a_page_stays(tmp_path: Path) -> None:
    """A script that logs in, goes online and only calls has no browser that could go, also after a restart."""
    async with running_server(tmp_path, QUICK) as server:
        await (await Browser(server, "bob").log_in()).here()
    async with running_server(tmp_path, QUICK) as server:
        anna = await (await Browser(server, "anna").log_in()).here()
        sue = await visited(server, "sue")
        await sue.here()
        await sue.until("me", lambda me: me["agent"]["presence"] == "offline")
        agents = (await anna.call("GET", "agents")).body["items"]
        assert {agent["id"]: agent["presence"] for agent in agents} == {
            "anna": "online", "bob": "online", "sam": "offline", "sue": "offline",
        }  # fmt: skip


@pytest.mark.parametrize(("returns", "within_s"), [(True, 5), (False, 0.2)])
async def test_browser_must_listen_again_after_a_restart(
    tmp_path: Path, returns: bool, within_s: float
) -> None:
    """The agent is still online after a restart, and stays so only if their page comes back in time."""
    async with running_server(tmp_path, CONFIG) as server:
        for agent_id in ("anna", "sue"):
            await (await visited(server, agent_id)).here()
    async with running_server(tmp_path, f"{CONFIG}  offline_after_s: {within_s}\n") as server:
        anna = await Browser(server, "anna").log_in()
        if not returns:
            await anna.until("me", lambda me: standing(me["agent"]) == ("offline", True))
            return
        async with listening(anna) as stream:
            await stream.until("desk.resync")
            sue = await Browser(server, "sue").log_in()
            await sue.until("me", lambda me: standing(me["agent"]) == ("offline", True))
            assert (await anna.call("GET", "me")).body["agent"]["presence"] == "online"


async def test_zero_switches_it_off(tmp_path: Path) -> None:
    """With `offline_after_s: 0` nobody is sent away: no timer runs."""
    async with running_server(tmp_path, f"{CONFIG}  offline_after_s: 0\n") as server:
        anna = await Browser(server, "anna").log_in()
        async with listening(anna) as stream:
            await stream.until("desk.resync")
            await anna.here()
        me = (await anna.call("GET", "me")).body
        assert (me["agent"]["presence"], me["settings"]["offline_after_s"]) == ("online", 0)
