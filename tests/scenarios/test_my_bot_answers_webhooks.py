"""A bot of one's own behind a webhook: what it gets, and what its answers do."""

from typing import Any

from tests.scenarios.world import World, lines, soon


def answering(world: World, reply: Any) -> None:
    """The bot answers user messages with `reply(event)`, other events with nothing."""
    world.bot.answer = lambda event: reply(event) if event["type"] == "message.created" else None


async def test_it_answers_in_the_reply(world: World) -> None:
    """Messages in the answer are taken as its posts, with ids `{webhook-id}:n`."""
    answering(world, lambda event: {"messages": [{"text": "one"}, {"text": "two"}]})
    chat = await world.began(channel="bots")
    said = await world.says(chat, "hi")
    await world.channel.heard("two")
    assert world.channel.texts("bot") == ["one", "two"]
    ids = [m["id"] for m in await world.messages(chat) if m["author"] == "bot"]
    assert ids == [f"{chat}:{said['seq']}:0", f"{chat}:{said['seq']}:1"]


async def test_it_hands_over_in_the_reply(world: World) -> None:
    """A handover in the answer begins one, after its messages; the bot then hears how it goes."""
    answering(
        world, lambda event: {"messages": [{"text": "I get somebody"}], "handover": {"reason": "asked"}}
    )
    chat = await world.began(channel="bots")
    said = await world.says(chat, "a person please")
    await world.channel.got("handover.queued")
    handover_id = f"{chat}:{said['seq']}:1"
    talk = await world.talk(handover_id)
    assert (talk.reason, lines(talk)) == ("asked", ["a person please", "I get somebody"])
    world.desk.joins(talk)
    await world.until(handover_id, status="active")
    await world.says(chat, "for the person")
    await soon(lambda: "for the person" in lines(talk))
    world.desk.says(talk, "done")
    await world.channel.heard("done")
    world.desk.closes(talk)
    done = await world.bot.got("handover.completed")
    await world.bot.got("floor.changed", 2)
    assert done["data"]["digest"]["outcome"]["status"] == "completed"
    assert world.bot.types() == [
        "message.created",
        "handover.requested",
        "floor.changed",
        "handover.queued",
        "handover.agent_joined",
        "handover.active",
        "handover.completed",
        "floor.changed",
    ]
    assert world.bot.texts() == ["a person please"]


async def test_a_lost_reply_repeats_nothing(world: World) -> None:
    """The bot is asked again with the same id, answers again, and the user hears it once."""
    answering(world, lambda event: {"messages": [{"text": f"you said {event['data']['text']}"}]})
    world.bot.lose_next_reply()
    chat = await world.began(channel="bots")
    await world.says(chat, "a")
    await world.says(chat, "b")
    await world.channel.heard("you said b")
    assert world.channel.texts("bot") == ["you said a", "you said b"]
    assert len(world.bot.tries) == 3


async def test_a_stale_answer_is_dropped(world: World) -> None:
    """The user got a person while the bot was thinking: its answer reaches nobody."""
    answering(world, lambda event: {"messages": [{"text": "too late"}], "handover": {}})
    world.bot.may_answer.clear()
    chat = await world.began(channel="bots")
    await world.says(chat, "hi")
    await world.bot.until(lambda self: self.tries)
    handover_id, talk = await world.active(chat)
    world.bot.may_answer.set()
    await world.bot.got("handover.active")
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    await world.bot.got("handover.completed")
    assert [m["text"] for m in await world.messages(chat) if m["author"] == "bot"] == []
    assert len([e for e in await world.events(chat) if e["type"] == "handover.requested"]) == 1


async def test_a_senseless_answer_is_dropped(world: World) -> None:
    """An answer that is no JSON, or breaks the rules of a post, changes nothing; the next event comes."""
    answers = iter(
        [["list"], {"messages": [{"text": ""}]}, {"message": []}, {"messages": [{"text": "sane"}]}]
    )
    answering(world, lambda event: next(answers))
    chat = await world.began(channel="bots")
    for n in range(4):
        await world.says(chat, f"{n}")
    await world.channel.heard("sane")
    assert world.channel.texts("bot") == ["sane"]


async def test_it_posts_later(world: World) -> None:
    """An empty answer, then a post with the event's epoch."""
    chat = await world.began(channel="bots")
    await world.says(chat, "hi")
    event = await world.bot.got("message.created")
    assert (event["floor"], event["epoch"], event["data"]["author"]) == ("bot", 1, "user")
    assert (await world.bot_posts(chat, "later", event["epoch"])).status == 201
    await world.channel.heard("later")


async def test_it_hears_of_its_own_failed_messages(world: World) -> None:
    """The channel refuses its message for good: message.failed comes to the bot."""
    world.channel.gone("nonsense")
    chat = await world.began(channel="bots")
    posted = await world.bot_posts(chat, "nonsense", 1)
    failed = await world.bot.got("message.failed")
    assert failed["data"] == {"message_id": posted.body["id"]}


async def test_it_gets_triggers(world: World) -> None:
    """event.triggered with the event's name."""
    chat = await world.began(channel="bots")
    await world.call("POST", f"/v1/conversations/{chat}/trigger", {"event": "cart_abandoned"})
    assert (await world.bot.got("event.triggered"))["data"] == {"event": "cart_abandoned"}


async def test_a_bot_that_is_down_gets_everything_later(world: World) -> None:
    """Events wait in order and are repeated byte for byte."""
    world.bot.fail_next(503, 2)
    chat = await world.began(channel="bots")
    for n in range(3):
        await world.says(chat, f"m{n}")
    await world.bot.heard("m2")
    assert world.bot.texts() == ["m0", "m1", "m2"]


async def test_a_message_after_the_end_goes_to_the_bot(world: World) -> None:
    """It is never swallowed."""
    chat = await world.began(channel="bots")
    handover_id, talk = await world.active(chat)
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    await world.says(chat, "thanks bot")
    await world.bot.heard("thanks bot")
    assert "thanks bot" not in lines(talk)


async def test_metadata_of_an_answer_fires_an_event(world: World) -> None:
    """`triggerEvent` fires after the answer was delivered; during a handover it is logged and ignored."""
    chat = await world.began(channel="bots")
    await world.bot_posts(chat, "x", 1, metadata={"triggerEvent": "handover"})
    assert (await world.bot.got("event.triggered"))["data"] == {"event": "handover"}
