"""Who gets a handover: by hand, by the desk itself, from a colleague or a supervisor; of several the first wins."""

import asyncio
from pathlib import Path
from typing import Any

from openhandover.core.events import AgentJoined, AgentLeft, AgentMessage, FromProvider
from openhandover.core.model import Agent as Human
from openhandover.desk.office import Office
from tests.desk.floor import CONFIG, Agent, listening, queued, texts
from tests.serving import Server, running_server

AUTO = CONFIG.replace("support: {type: desk}", "support: {type: desk, accept: auto}")


def office(server: Server) -> Office:
    """The desk behind the API."""
    board = server.engine.providers["support"].board  # type: ignore[attr-defined]
    assert isinstance(board, Office)
    return board


def deaf(server: Server) -> None:
    """The desk hears no more events: what is stored is ahead of what the board knows."""
    following = office(server)._following
    assert following is not None
    following.cancel()


async def joins(server: Server, handover_id: str, agent_id: str, **more: Any) -> Any:
    """An agent joins in another process on the same store."""
    fact = AgentJoined(Human(agent_id, agent_id.title()), **more)
    return await server.engine.from_provider(
        FromProvider("support", f"{handover_id}:{agent_id}", fact, handover_id=handover_id)
    )


async def kinds(server: Server, handover_id: str) -> list[str]:
    """The types of the conversation's events."""
    items = (await server.call("GET", f"/v1/conversations/c_{handover_id}/events")).body["items"]
    return [item["type"] for item in items]


async def test_accepting_right_after_the_event_works(server: Server, anna: Agent) -> None:
    """Who hears of a handover before the board does may take it at once."""
    await server.conversation(id="c_h0", user={"id": "u"})
    await anna.entries()
    deaf(server)
    handover_id = await queued(server)
    assert (await anna.accept(handover_id)).body["agent"]["id"] == "anna"
    assert [entry["id"] for entry in await anna.entries("mine")] == [handover_id]


async def test_store_lets_only_the_first_join(server: Server, anna: Agent) -> None:
    """A second agent who accepts in another process changes nothing: the first one has it."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    answer = await joins(server, handover_id, "bob", only_if_free=True)
    assert answer == {"applied": False, "reason": "taken"}
    handover = (await server.call("GET", f"/v1/handovers/{handover_id}")).body
    assert handover["agent"]["id"] == "anna"
    assert "handover.agent_changed" not in await kinds(server, handover_id)


async def test_the_one_who_has_it_may_join_again(server: Server, anna: Agent) -> None:
    """Accepting twice is no second join, also between processes."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    assert (await joins(server, handover_id, "anna", only_if_free=True))["applied"]
    assert (await kinds(server, handover_id)).count("handover.agent_joined") == 1


async def test_accept_behind_the_back_of_the_board_is_refused_with_the_name(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """The other one accepted where this board could not see it: `already_taken`, and the sentence says by whom."""
    handover_id = await queued(server)
    await anna.sees(lambda entries: entries)
    deaf(server)
    await joins(server, handover_id, "anna")
    lost = await bob.call("POST", f"handovers/{handover_id}/accept", {})
    assert (lost.code, lost.body["agent"], lost.body["detail"]) == ("already_taken", "anna", "Anna was first")
    place = office(server).board.places[handover_id]
    assert place.agent_id == "anna"


async def test_join_that_loses_in_the_store_is_refused_kindly(server: Server, bob: Agent) -> None:
    """Between looking and joining another process was faster: the claim is given back and the winner named."""
    handover_id = await queued(server)
    await bob.sees(lambda entries: entries)
    deaf(server)
    desk = office(server)
    place = desk.board.places[handover_id]
    await joins(server, handover_id, "anna")
    try:
        await desk.join(place, "bob")
    except Exception as error:  # noqa: BLE001  (what kind it is, is what is tested)
        assert (getattr(error, "code", error), str(error)) == ("already_taken", "Anna was first")
    else:
        raise AssertionError("bob got it too")
    assert desk.board.places[handover_id].agent_id == "anna"


async def test_desk_accepts_for_the_agent(tmp_path: Path) -> None:
    """With `accept: auto` it is the agent's at once, up to their capacity; their screen is told, without an offer."""
    async with running_server(tmp_path, AUTO) as server:
        bob = await Agent(server, "bob").here()
        async with listening(bob) as stream:
            await stream.until("desk.resync")
            for number in range(4):
                await queued(server, f"h{number}")
            for number in range(3):
                given = await stream.until("desk.assigned")
                assert given == {"handover_id": f"h{number}", "by": "auto", "from": None}
            assert "desk.offer" not in [kind for kind, _ in stream.seen]
        mine = await bob.sees(lambda entries: len(entries) == 3, "mine")
        assert {entry["status"] for entry in mine} == {"active"}
        (waits,) = await bob.entries("queue")
        assert (waits["id"], waits["offer"]) == ("h3", None)
        await bob.call("POST", "handovers/h0/close", {})
        await bob.sees(lambda entries: [entry["id"] for entry in entries][-1:] == ["h3"], "mine")


async def test_desk_gives_to_who_is_free_when_one_goes(tmp_path: Path) -> None:
    """Automatic accept also takes what an agent leaves behind."""
    async with running_server(tmp_path, AUTO) as server:
        bob = await Agent(server, "bob").here()
        await queued(server)
        await bob.sees(lambda entries: entries, "mine")
        anna = await Agent(server, "anna").here()
        await bob.here("offline")
        await anna.sees(lambda entries: entries, "mine")
        assert "handover.agent_left" in await kinds(server, "h1")


async def test_agent_who_goes_while_accepting_does_not_keep_it(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """Accepting and going offline at once: whichever comes first, a colleague gets the offer."""
    handover_id = await queued(server)
    await anna.sees(lambda entries: entries)
    desk = office(server)
    place = desk.board.places[handover_id]
    await anna.here("offline")
    await desk.join(place, "anna")  # the call had passed its checks before she went
    (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
    assert (entry["agent"], entry["offer"]["agent"]) == (None, "bob")


async def test_supervisor_assigns_what_waits(server: Server, anna: Agent, bob: Agent) -> None:
    """Transfer of a waiting handover gives it to that agent; who gets something is told by whom."""
    handover_id = await queued(server)
    sue = Agent(server, "sue")
    path = f"handovers/{handover_id}/transfer"
    assert (await anna.call("POST", path, {"agent": "bob"})).code == "forbidden"
    async with listening(bob) as stream:
        await stream.until("desk.resync")
        given = await sue.call("POST", path, {"agent": "bob", "note": "your customer"})
        assert (given.body["status"], given.body["agent"]["id"]) == ("active", "bob")
        assert await stream.until("desk.assigned") == {
            "handover_id": handover_id,
            "by": "agent",
            "from": {"id": "sue", "name": "Sue"},
        }
    assert (await sue.call("POST", path, {"agent": "bob"})).status == 200
    assert "handover.agent_changed" not in await kinds(server, handover_id)
    assert (await sue.call("POST", path, {"agent": "anna"})).body["agent"]["id"] == "anna"


async def test_supervisor_moves_what_waits_to_another_inbox(server: Server, anna: Agent) -> None:
    """It leaves the queue of the one inbox and waits in the other."""
    sam = await Agent(server, "sam").here()
    handover_id = await queued(server)
    await anna.sees(lambda entries: entries)
    moved = await Agent(server, "sue").call("POST", f"handovers/{handover_id}/transfer", {"inbox": "sales"})
    assert (moved.status, moved.body["status"]) == (200, "queued")
    assert await anna.entries() == []
    assert [(entry["id"], entry["inbox"], entry["position"]) for entry in await sam.entries()] == [
        (handover_id, "sales", 1)
    ]


async def test_transfer_of_what_has_ended_is_refused(server: Server, anna: Agent, bob: Agent) -> None:
    """It ended where the board could not see it: neither a colleague nor an inbox gets it."""
    for handover_id in ("h1", "h2"):
        await anna.accept(await queued(server, handover_id))
    deaf(server)
    for handover_id, body in (("h1", {"agent": "bob"}), ("h2", {"inbox": "sales"})):
        await server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
        answer = await anna.call("POST", f"handovers/{handover_id}/transfer", body)
        assert answer.code == "handover_ended"
    assert await anna.entries() == []


async def test_agent_left_behind_is_asked_last(server: Server, anna: Agent, bob: Agent) -> None:
    """What a colleague gives back to the inbox goes to the other one first."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    left = FromProvider("support", "left", AgentLeft(), handover_id=handover_id)
    async with asyncio.timeout(10):
        await server.engine.from_provider(left)
        (entry,) = await bob.sees(lambda entries: entries and entries[0]["offer"])
    assert entry["offer"]["agent"] == "bob"


async def test_words_that_cross_a_transfer_do_not_take_it_back(
    server: Server, anna: Agent, bob: Agent
) -> None:
    """A colleague got it in another process just before: the message is refused and nothing changes hands."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    deaf(server)
    await joins(server, handover_id, "bob")
    desk = office(server)
    place = desk.board.places[handover_id]
    assert place.agent_id == "anna"
    fact = AgentMessage("last words", agent=desk.named("anna"), only_if_free=True)
    assert await desk.report(place, fact) == {"applied": False, "reason": "taken"}
    late = await anna.say(handover_id, "last words", id="m1")
    assert (late.code, late.body["agent"]) == ("forbidden", "bob")
    handover = (await server.call("GET", f"/v1/handovers/{handover_id}")).body
    assert handover["agent"]["id"] == "bob"
    assert await texts(server, handover_id) == [("user", "my invoice is wrong")]
