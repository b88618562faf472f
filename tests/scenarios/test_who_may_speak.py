"""Floor and epoch, seen by a bot that posts over the API; and one handover at a time."""

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.world import TEXT, World, lines, living, soon


async def test_a_bot_that_missed_the_handover_is_stale(world: World) -> None:
    """Missing epoch 422, old epoch 409 stale_epoch, current epoch but the human's floor 409 floor_taken."""
    chat = await world.began()
    assert (await world.bot_posts(chat, "hi", 1)).status == 201
    handover_id, talk = await world.active(chat)
    missing = await world.call("POST", f"/v1/conversations/{chat}/messages", {"author": "bot", "text": "x"})
    assert (missing.status, missing.code) == (422, "invalid")
    stale = await world.bot_posts(chat, "late", 1)
    assert (stale.status, stale.code) == (409, "stale_epoch")
    taken = await world.bot_posts(chat, "me too", 2)
    assert (taken.status, taken.code) == (409, "floor_taken")
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    assert (await world.bot_posts(chat, "late again", 2)).code == "stale_epoch"
    assert (await world.bot_posts(chat, "back", 3)).status == 201
    await world.channel.heard("back")
    assert [m["text"] for m in await world.messages(chat) if m["author"] == "bot"] == ["hi", "back"]


@pytest.mark.parametrize(
    ("to", "user", "agent"), [("user", True, False), ("agent", False, True), ("both", True, True)]
)
async def test_output_marked_for_somebody_passes_during_a_handover(
    world: World, to: str, user: bool, agent: bool
) -> None:
    """`to` lifts the floor check, never the epoch check; the agent sees it as the bot's."""
    chat = await world.began()
    _, talk = await world.active(chat)
    assert (await world.bot_posts(chat, "hint", 1, to=to)).code == "stale_epoch"
    assert (await world.bot_posts(chat, "hint", 2, to=to)).status == 201
    await world.says(chat, "after")
    world.desk.says(talk, "after that")
    await soon(lambda: "after" in lines(talk))
    await world.channel.heard("after that")
    assert ("hint" in world.channel.texts(), "hint" in lines(talk, "bot")) == (user, agent)


async def test_one_open_handover_per_conversation(world: World) -> None:
    """The second is refused with the id of the first, whatever its epoch; of many at once one wins."""
    chat = await world.began()
    body = {"initiator": "user"}
    answers = await asyncio.gather(
        *(world.call("POST", f"/v1/conversations/{chat}/handovers", body) for _ in range(6))
    )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409, 409]
    winner = next(answer.body["id"] for answer in answers if answer.status == 201)
    refused = [answer for answer in answers if answer.status == 409]
    assert {(answer.code, answer.body["handover_id"]) for answer in refused} == {("handover_open", winner)}
    late = await world.call("POST", f"/v1/conversations/{chat}/handovers", {"epoch": 1})
    assert late.code == "handover_open"


async def test_a_bot_needs_the_epoch_to_hand_over(world: World) -> None:
    """Missing 422, stale 409."""
    chat = await world.began()
    where = f"/v1/conversations/{chat}/handovers"
    assert (await world.call("POST", where, {})).code == "invalid"
    assert (await world.call("POST", where, {"epoch": 7})).code == "stale_epoch"
    assert (await world.call("POST", where, {"epoch": 1})).status == 201


async def test_conversations_of_one_user_are_independent(world: World) -> None:
    """Two chats of the same user, two handovers, nothing is mixed up."""
    chats = [await world.began() for _ in range(2)]
    talks = [(await world.active(chat))[1] for chat in chats]
    for n, chat in enumerate(chats):
        await world.says(chat, f"to {n}")
    await soon(lambda: all(talk.lines for talk in talks))
    assert [lines(talk) for talk in talks] == [["to 0"], ["to 1"]]


async def test_waiting_for_the_answer(world: World) -> None:
    """?wait_s holds the answer until the desk accepted or the handover ended."""
    world.desk.slow(0.3)
    first, second = await world.began(), await world.began()
    where = "/v1/conversations/{}/handovers?wait_s=5"
    answer = await world.call("POST", where.format(first), {"initiator": "user"})
    assert (answer.status, answer.body["status"]) == (201, "queued")
    world.desk.online = False
    answer = await world.call("POST", where.format(second), {"initiator": "user"})
    assert (answer.body["status"], answer.body["reason"]) == ("error", "unavailable")


async def test_a_repeated_request_is_one_handover(world: World) -> None:
    """The same id and body gives the same handover as it is now; another body is id_reused."""
    chat = await world.began()
    where = f"/v1/conversations/{chat}/handovers"
    body = {"id": "mine", "initiator": "user"}
    assert (await world.call("POST", where, body)).status == 201
    await world.until("mine", status="queued")
    again = await world.call("POST", where, body)
    assert (again.status, again.body["status"]) == (200, "queued")
    assert (await world.call("POST", where, body | {"reason": "x"})).code == "id_reused"
    assert world.desk.calls == ["/open"]
    await world.call("POST", "/v1/handovers/mine/cancel")
    assert (await world.call("POST", where, body)).body["status"] == "cancelled"


async def test_triggers_wait_for_the_bots_floor(world: World) -> None:
    """409 floor_taken while a human has it."""
    chat = await world.began()
    where = f"/v1/conversations/{chat}/trigger"
    assert (await world.call("POST", where, {"event": "x"})).status == 202
    await world.active(chat)
    assert (await world.call("POST", where, {"event": "x"})).code == "floor_taken"


async def test_a_transferred_conversation_returns_with_the_users_message(world: World) -> None:
    """The floor stays human after a transfer; the next message gives it back to the bot."""
    chat = await world.began()
    await world.until(await world.asks(chat, provider="log"), status="transferred")
    after = (await world.call("GET", f"/v1/conversations/{chat}")).body
    assert (after["floor"], after["epoch"]) == ("human", 2)
    assert (await world.bot_posts(chat, "x", 2)).code == "floor_taken"
    second = await world.call("POST", f"/v1/conversations/{chat}/handovers", {"epoch": 2})
    assert second.code == "floor_taken"
    await world.says(chat, "hello again")
    await world.channel.got("handover.returned")
    back = (await world.call("GET", f"/v1/conversations/{chat}")).body
    assert (back["floor"], back["epoch"]) == ("bot", 3)
    assert (await world.bot_posts(chat, "welcome", 3)).status == 201


async def test_a_transferred_conversation_returns_by_call(world: World) -> None:
    """POST /return, once; twice changes nothing."""
    chat = await world.began()
    handover_id = await world.asks(chat, provider="log")
    await world.until(handover_id, status="transferred")
    for _ in range(2):
        answer = await world.call("POST", f"/v1/handovers/{handover_id}/return")
        assert (answer.status, answer.body["status"]) == (200, "transferred")
    await world.channel.got("handover.returned")
    assert (await world.call("GET", f"/v1/conversations/{chat}")).body["epoch"] == 3
    assert len([e for e in await world.events(chat) if e["type"] == "handover.returned"]) == 1


async def test_with_return_by_call_a_message_gives_nothing_back(tmp_path: Path) -> None:
    """`return: call`: what the user writes meanwhile is recorded; only the call returns the conversation."""
    text = TEXT.replace(
        "quiet: {{type: api, provider: support}}", "quiet: {{type: api, provider: log, return: call}}"
    )
    async with living(tmp_path, text=text) as world:
        chat = await world.began(channel="quiet")
        handover_id = await world.asks(chat)
        await world.until(handover_id, status="transferred")
        await world.says(chat, "anybody?")
        assert (await world.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "human"
        await world.call("POST", f"/v1/handovers/{handover_id}/return")
        assert (await world.call("GET", f"/v1/conversations/{chat}")).body["floor"] == "bot"
        assert [m["text"] for m in await world.messages(chat) if m["author"] == "user"] == ["anybody?"]
