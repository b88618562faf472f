"""The desk's event stream: what is on an agent's screen, and what is not."""

import asyncio

from tests.desk.floor import Agent, listening, queued
from tests.serving import Server


async def test_screens_follow_the_queue(server: Server, anna: Agent, bob: Agent) -> None:
    """When the head of the queue is taken, the others' entries come again with their new positions, and the
    events that are for users do not."""
    async with listening(bob) as stream:
        await stream.until("desk.resync")
        for number in range(3):
            await queued(server, f"h{number}")
        await anna.accept("h0")
        for handover_id, position in (("h1", 1), ("h2", 2)):
            wanted = (handover_id, position)
            await stream.until(
                "desk.entry",
                lambda data, wanted=wanted: (data["entry"]["id"], data["entry"]["position"]) == wanted,
            )
        await server.until("/v1/handovers/h2", lambda handover: handover["queue"]["position"] == 2)
        await server.said("c_h2", text="hello?")
        await stream.until("message.created", lambda event: event["data"]["text"] == "hello?")
        assert "handover.queue_updated" not in [kind for kind, _ in stream.seen]


async def test_stream_brings_offer_messages_and_typing(server: Server, anna: Agent) -> None:
    """What happens is on the agent's screen: the offer, the user's words, their typing, the end."""
    async with listening(anna) as stream:
        await stream.until("desk.resync")
        handover_id = await queued(server)
        assert (await stream.until("desk.offer"))["handover_id"] == handover_id
        await anna.accept(handover_id)
        await stream.until("desk.entry", lambda data: data["entry"]["agent"] is not None)
        await server.said("c_h1", text="are you there?")
        message = await stream.until("message.created", lambda event: event["data"]["author"] == "user")
        assert message["data"]["text"] == "are you there?"
        await server.call("POST", "/v1/conversations/c_h1/typing", {"author": "user", "on": True})
        await stream.until("typing.started")
        await server.call("POST", f"/v1/handovers/{handover_id}/cancel", {})
        ended = await stream.until("desk.entry", lambda data: data["entry"]["ended_at"] is not None)
        assert ended["entry"]["status"] == "cancelled"


async def test_stream_resumes_without_a_gap(server: Server, anna: Agent) -> None:
    """What came while the agent was away is delivered on return; after a restart there is a re-sync instead."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    async with listening(anna) as stream:
        await stream.until("desk.resync")
        await server.said("c_h1", text="one")
        await stream.until("message.created", lambda event: event["data"]["text"] == "one")
        place = stream.last_id
    await server.said("c_h1", text="two")
    async with listening(anna, place) as stream:
        await stream.until("message.created", lambda event: event["data"]["text"] == "two")
        assert "desk.resync" not in [kind for kind, _ in stream.seen]
    async with listening(anna, "before-the-restart-7") as stream:
        await stream.until("desk.resync")


async def test_stream_keeps_others_conversations_away(server: Server, anna: Agent, bob: Agent) -> None:
    """An agent hears nothing of a colleague's conversation; a supervisor does."""
    await anna.accept(await queued(server))
    async with listening(bob) as at_bob, listening(Agent(server, "sue")) as at_sue:
        await at_bob.until("desk.resync")
        await at_sue.until("desk.resync")
        await server.said("c_h1", text="private")
        await at_sue.until("message.created", lambda event: event["data"]["text"] == "private")
        await bob.here("away")
        await at_bob.until("desk.presence", lambda data: data["agent"]["presence"] == "away")
        assert "message.created" not in [kind for kind, _ in at_bob.seen]


async def test_agent_typing_reaches_the_user(server: Server, anna: Agent) -> None:
    """Typing at the desk shows in the conversation's events, unstored."""
    handover_id = await queued(server)
    await anna.accept(handover_id)
    headers = {"Authorization": "Bearer test-key-for-chats", "Accept": "text/event-stream"}
    async with server.http.get(f"{server.url}/v1/conversations/c_h1/events", headers=headers) as response:
        await anna.call("POST", f"handovers/{handover_id}/typing", {"on": True})
        async with asyncio.timeout(10):
            async for line in response.content:
                if line == b"event: typing.started\n":
                    break
