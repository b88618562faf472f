"""What happens between the request and the first word of a person."""

import asyncio

from tests.scenarios.world import World, lines, soon


async def test_the_message_is_delivered_before_the_desk_is_asked(world: World) -> None:
    """`message` has reached the channel before /open is called, and comes before `handover.requested`."""
    world.channel.slow(0.3)
    chat = await world.began()
    await world.asks(chat, {"message": "You get a person now"})
    await world.channel.heard("You get a person now")
    assert world.desk.calls == []
    world.channel.slow(0)
    await world.channel.got("handover.queued")
    assert world.channel.types()[:2] == ["message.created", "handover.requested"]
    assert world.desk.calls[0] == "/open"


async def test_a_broken_channel_does_not_keep_the_person_away_for_ever(world: World) -> None:
    """A channel that takes nothing holds the open call back for ten seconds at most."""
    world.channel.fail_next(503, 5)
    chat = await world.began()
    handover_id = await world.asks(chat, {"message": "You get a person now"})
    await world.channel.until(lambda self: len(self.tries) == 2)
    assert world.desk.knocks == []
    await world.until(handover_id, within_s=14, status="queued")


async def test_accepted_is_said_only_after_the_desk_accepted(world: World) -> None:
    """The accepted message waits for the provider's 2xx, and is said once."""
    world.desk.fail_next(503)
    chat = await world.began()
    handover_id = await world.asks(chat, {"accepted_message": "Somebody comes"})
    await world.channel.got("handover.requested")
    assert "Somebody comes" not in world.channel.texts()
    await world.until(handover_id, status="queued")
    await world.channel.heard("Somebody comes")
    await world.channel.got("handover.queued")
    assert world.channel.texts().count("Somebody comes") == 1
    assert world.desk.calls == ["/open"]


async def test_the_catalogue_text_is_said_when_the_step_has_none(world: World) -> None:
    """Without `accepted_message` the catalogue text is said, but none when `message` is set."""
    first, second = await world.began(), await world.began()
    await world.until(await world.asks(first), status="queued")
    await world.until(await world.asks(second, {"message": "Now"}), status="queued")
    await world.channel.until(lambda self: len(self.of("handover.queued")) == 2)
    said = {
        chat: [m["text"] for m in await world.messages(chat) if m["author"] == "system"]
        for chat in (first, second)
    }
    assert len(said[first]) == 1
    assert said[second] == ["Now"]


async def test_an_empty_text_is_silence(world: World) -> None:
    """`""` says nothing."""
    chat = await world.began()
    handover_id = await world.asks(chat, {"accepted_message": "", "message": ""})
    await world.until(handover_id, status="queued")
    assert await world.messages(chat) == []


async def test_messages_before_acceptance_arrive_after_open_in_order(world: World) -> None:
    """What the user writes while the desk makes up its mind follows the open call, in order, once."""
    world.desk.may_answer.clear()
    chat = await world.began()
    await world.says(chat, "before")
    handover_id = await world.asks(chat)
    for n in range(4):
        await world.says(chat, f"early {n}")
    world.desk.may_answer.set()
    await world.until(handover_id, status="queued")
    talk = await world.talk(handover_id)
    await soon(lambda: len(lines(talk)) == 5)
    assert lines(talk) == ["before", "early 0", "early 1", "early 2", "early 3"]
    assert world.desk.calls == ["/open", *["/messages"] * 4]


async def test_the_transcript_tells_the_whole_story(world: World) -> None:
    """The desk gets given transcript, user and bot messages, each with its author; system texts never."""
    past = [
        {"author": "user", "text": "from elsewhere", "at": "2026-01-02T03:04:05Z"},
        {"author": "bot", "text": "answered there", "at": "2026-01-02T03:04:06Z"},
    ]
    chat = await world.began(transcript=past, context={"order": 7}, language="en")
    await world.says(chat, "here")
    assert (await world.bot_posts(chat, "bot here", 1)).status == 201
    handover_id = await world.asks(chat, {"message": "A person comes"}, reason="wants a refund")
    talk = await world.talk(handover_id)
    assert [(line["author"], line["text"]) for line in talk.lines] == [
        ("user", "from elsewhere"),
        ("bot", "answered there"),
        ("user", "here"),
        ("bot", "bot here"),
    ]
    assert talk.lines[0]["at"].startswith("2026-01-02T03:04:05")
    assert (talk.reason, talk.user["id"]) == ("wants a refund", "u1")


async def test_the_transcript_can_be_cut_or_kept_back(world: World) -> None:
    """`max_messages` keeps the last ones, `send: false` none; what is written later still goes."""
    chats = [await world.began() for _ in range(2)]
    for chat in chats:
        for n in range(4):
            await world.says(chat, f"m{n}")
    _, cut = await world.queued(chats[0], {"transcript": {"max_messages": 2}})
    _, none = await world.queued(chats[1], {"transcript": {"send": False}})
    assert (lines(cut), lines(none)) == (["m2", "m3"], [])
    await world.says(chats[1], "after")
    await soon(lambda: lines(none) == ["after"])


async def test_the_open_call_says_what_the_contract_says(world: World) -> None:
    """Body and key of /open."""
    import json

    chat = await world.began(context={"order": 7})
    handover_id = await world.asks(
        chat, {"route": {"skills": ["billing"], "note": "{{ user.id }}"}}, reason="why"
    )
    await world.until(handover_id, status="queued")
    (body,) = world.desk.bodies[f"{handover_id}:1"]
    sent = json.loads(body)
    assert sent == {
        "handover_id": handover_id,
        "attempt": 1,
        "reason": "why",
        "initiator": "user",
        "conversation": {"id": chat, "channel": "api", "language": "en", "medium": "text"},
        "user": {"id": "u1"},
        "context": {"order": 7},
        "settings": {"skills": ["billing"], "note": "u1"},
        "transcript": [],
    }


async def test_the_place_in_the_queue_is_told(world: World) -> None:
    """Position and wait come with the acceptance and with every update; the handover shows the last one."""
    first, second = await world.began(), await world.began()
    _, ahead = await world.queued(first)
    handover_id, _ = await world.queued(second, {"queue": {"position": True, "every_s": 0}})
    queued = (
        await world.channel.until(
            lambda self: [e for e in self.of("handover.queued") if e["handover_id"] == handover_id]
        )
    )[0]
    assert queued["data"]["queue"] == {"position": 2, "estimated_wait_ms": 120_000, "alternative_text": None}
    world.desk.joins(ahead)
    update = await world.channel.got("handover.queue_updated")
    assert (update["handover_id"], update["data"]["queue"]["position"]) == (handover_id, 1)
    said = await world.channel.until(lambda self: [t for t in self.texts("system") if "1" in t])
    assert len(said) == 1
    assert (await world.handover(handover_id))["queue"]["position"] == 1


async def test_a_long_queue_gets_the_alternative(world: World) -> None:
    """At max_position the alternative text replaces the update."""
    for _ in range(2):
        await world.queued(await world.began())
    rules = {"position": True, "every_s": 0, "alternative": {"max_position": 3, "text": "Come back tomorrow"}}
    handover_id, _ = await world.queued(await world.began(), {"queue": rules})
    await world.channel.heard("Come back tomorrow")
    assert (await world.handover(handover_id))["queue"]["alternative_text"] == "Come back tomorrow"


async def test_repeated_acknowledgement_while_queued(world: World) -> None:
    """`repeat_accepted_message` answers every message of a waiting user, and stops with the person."""
    chat = await world.began()
    _, talk = await world.queued(chat, {"accepted_message": "Hold on", "repeat_accepted_message": True})
    for n in range(2):
        await world.says(chat, f"still there? {n}")
    await world.channel.until(lambda self: self.texts().count("Hold on") == 3)
    world.desk.joins(talk)
    await world.channel.got("handover.active")
    await world.says(chat, "hello")
    await soon(lambda: "hello" in lines(talk))
    assert world.channel.texts().count("Hold on") == 3


async def test_where_the_desk_tells_nothing_we_estimate(world: World) -> None:
    """By our own count and the mean handling time, marked; those behind hear when somebody leaves; only who asks."""
    world.desk.place = lambda position: {}
    rules = {"queue": {"position": True, "every_s": 0}}
    chats = [await world.began() for _ in range(4)]
    plain, ahead = await world.queued(chats[0])
    second, _ = await world.queued(chats[1], rules)
    third, _ = await world.queued(chats[2], rules)
    assert (await world.handover(plain))["queue"]["position"] is None
    places = [(await world.handover(one))["queue"] for one in (second, third)]
    assert [place["position"] for place in places] == [2, 3]
    assert [place["estimated_wait_ms"] for place in places] == [600_000, 900_000]
    assert all(place["estimated"] for place in places)
    await world.restart()
    world.desk.joins(ahead)
    for handover_id, position in ((second, 1), (third, 2)):
        await world.server.until(
            f"/v1/handovers/{handover_id}", lambda found, at=position: found["queue"]["position"] == at
        )
    await world.channel.got("handover.queue_updated", 2)
    updates = [
        (one["handover_id"], one["data"]["queue"]["estimated"])
        for one in world.channel.of("handover.queue_updated")
    ]
    assert updates == [(second, True), (third, True)]
    said = [[m["text"] for m in await world.messages(chat) if m["author"] == "system"] for chat in chats[1:3]]
    assert [len(texts) for texts in said] == [3, 3]


async def test_the_desks_own_word_replaces_our_estimate(world: World) -> None:
    """Once the vendor tells its place, ours is not used any more."""
    world.desk.place = lambda position: {}
    _, ahead = await world.queued(await world.began())
    handover_id, _ = await world.queued(await world.began(), {"events": {"queue_updated": True}})
    assert (await world.handover(handover_id))["queue"]["estimated"]
    told = {"event_id": "e1", "type": "queue.updated", "handover_id": handover_id, "position": 9}
    assert (await world.webhook(told)).body == {"applied": True}
    world.desk.joins(ahead)
    await world.channel.got("handover.active")
    await asyncio.sleep(0.6)
    queue = (await world.handover(handover_id))["queue"]
    assert queue == {"position": 9, "estimated_wait_ms": None, "alternative_text": None}
