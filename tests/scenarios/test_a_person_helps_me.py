"""The main story: the user asks for a person, both write, the person closes, the bot goes on."""

from tests.scenarios.world import World, lines, soon

HUMAN_PART = [
    "handover.requested",
    "floor.changed",
    "handover.queued",
    "handover.agent_joined",
    "handover.active",
    "handover.completed",
    "floor.changed",
]


async def test_both_sides_write_and_the_person_closes(world: World) -> None:
    """Every message reaches the other side once and in order, and the outcome is told."""
    chat = await world.began()
    await world.says(chat, "my invoice is wrong")
    handover_id, talk = await world.active(chat)
    for n in range(5):
        await world.says(chat, f"user {n}")
        world.desk.says(talk, f"agent {n}")
    await world.channel.heard("agent 4")
    await soon(lambda: "user 4" in lines(talk))
    world.desk.closes(talk)
    ended = await world.until(handover_id, status="completed")
    await world.channel.until(lambda self: self.types()[-1] == "floor.changed")
    assert (ended["reason"], ended["ended_by"], ended["agent"]["name"]) == ("agent_closed", "agent", "Robin")
    assert lines(talk, "user") == ["my invoice is wrong", *(f"user {n}" for n in range(5))]
    assert world.channel.texts("agent") == [f"agent {n}" for n in range(5)]
    assert [type_ for type_ in world.channel.types() if not type_.startswith("message.")] == HUMAN_PART


async def test_the_digest_tells_the_bot_what_happened(world: World) -> None:
    """Messages, agents, duration and outcome of the human part."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    await world.says(chat, "hello person")
    await soon(lambda: "hello person" in lines(talk))
    world.desk.says(talk, "hello user")
    await world.channel.heard("hello user")
    world.desk.closes(talk)
    digest = (await world.until(handover_id, status="completed"))["digest"]
    assert digest["outcome"] == {"status": "completed", "reason": "agent_closed", "ended_by": "agent"}
    assert [(one["author"], one["text"]) for one in digest["messages"] if one["author"] != "system"] == [
        ("user", "hello person"),
        ("agent", "hello user"),
    ]
    assert digest["agents"] == [{"id": "robin", "name": "Robin"}]
    assert digest["files"] == []
    assert digest["duration_s"] > 0
    assert "Robin" in digest["summary"]


async def test_floor_and_epoch_change_hands(world: World) -> None:
    """The floor is the human's while the handover is open, and each change raises the epoch by one."""
    chat = await world.began()
    before = (await world.call("GET", f"/v1/conversations/{chat}")).body
    handover_id, talk = await world.active(chat)
    during = (await world.call("GET", f"/v1/conversations/{chat}")).body
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    after = (await world.call("GET", f"/v1/conversations/{chat}")).body
    assert [one["floor"] for one in (before, during, after)] == ["bot", "human", "bot"]
    assert [one["epoch"] - before["epoch"] for one in (before, during, after)] == [0, 1, 2]
    assert [one["handover_id"] for one in (before, during, after)] == [None, handover_id, None]


async def test_the_next_handover_just_works(world: World) -> None:
    """After the end a new one gets a fresh vendor session, with everything said so far as transcript."""
    chat = await world.began()
    first, talk = await world.active(chat)
    world.desk.says(talk, "from the first agent")
    await world.channel.heard("from the first agent")
    world.desk.closes(talk)
    await world.until(first, status="completed")
    await world.says(chat, "between")
    second, other = await world.active(chat)
    assert other.external_id != talk.external_id
    assert lines(other) == ["from the first agent", "between"]
    await world.says(chat, "again")
    await soon(lambda: lines(other)[-1] == "again")
    assert "again" not in lines(talk)
    assert (await world.handover(second))["attempt"] == 1


async def test_the_proof_equals_what_both_ends_saw(world: World) -> None:
    """Every relayed message is in the proof once, delivered, in the order both ends saw."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    for n in range(10):
        await world.says(chat, f"u{n}")
        world.desk.says(talk, f"a{n}")
    await world.channel.heard("a9")
    await soon(lambda: "u9" in lines(talk))
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    proof = await world.server.until(
        f"/v1/handovers/{handover_id}/proof", lambda proof: proof["counts"]["pending"] == 0
    )
    texts = {message["id"]: message["text"] for message in await world.messages(chat)}
    seen = {
        way: [texts[item["id"]] for item in proof["items"] if item["direction"] == way]
        for way in ("to_agent", "to_user")
    }
    assert seen == {"to_agent": lines(talk, "user"), "to_user": world.channel.texts("agent")}
    assert proof["counts"] == {
        "accepted": 20,
        "delivered": 20,
        "pending": 0,
        "failed": 0,
        "repeated": 0,
        "misordered": 0,
    }


async def test_the_channel_webhook_equals_the_event_stream(world: World) -> None:
    """The channel gets, in order, the stored events minus the user's own messages and presence."""
    chat = await world.began()
    await world.says(chat, "hello")
    handover_id, talk = await world.active(chat)
    await world.says(chat, "hi person")
    world.desk.says(talk, "hi user")
    await world.channel.heard("hi user")
    await soon(lambda: "hi person" in lines(talk))
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")

    def for_channel(event: dict) -> bool:
        if event["type"].startswith("message.") and event["type"] != "message.created":
            return users.get(event["data"]["message_id"], False)
        return event["type"] != "message.created" or event["data"]["author"] != "user"

    last = world.channel.types
    await world.channel.until(
        lambda self: last()[-1] == "floor.changed" and last().count("floor.changed") == 2
    )
    users = {message["id"]: message["author"] == "user" for message in await world.messages(chat)}
    stored = [event for event in await world.events(chat) if for_channel(event)]
    got = world.channel.stored(chat)
    assert got == stored[: len(got)]
    assert {event["type"] for event in stored[len(got) :]} <= {"message.delivered"}
