"""The user withdraws, the bot or an operator ends it."""

import json

import pytest

from tests.scenarios.world import World, lines, soon


async def test_cancel_while_the_desk_is_being_asked(world: World) -> None:
    """It ends at once; the open call that succeeds after all is followed by a cancel."""
    world.desk.may_answer.clear()
    chat = await world.began()
    handover_id = await world.asks(chat)
    await soon(lambda: world.desk.knocks == ["/open"])
    answer = await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    ended = answer.body
    assert (ended["status"], ended["reason"], ended["ended_by"]) == ("cancelled", "user_cancelled", "user")
    assert world.desk.calls == []
    world.desk.may_answer.set()
    await soon(lambda: len(world.desk.calls) == 2)
    assert world.desk.calls == ["/open", "/cancel"]
    assert (await world.handover(handover_id))["status"] == "cancelled"
    assert "handover.queued" not in world.channel.types()


async def test_cancel_before_the_desk_was_asked(world: World) -> None:
    """A desk that was never called is not bothered at all."""
    world.channel.may_answer.clear()
    chat = await world.began()
    handover_id = await world.asks(chat, {"message": "One moment"})
    await world.channel.until(lambda self: self.tries)
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    world.channel.may_answer.set()
    await world.channel.got("handover.cancelled")
    assert world.desk.knocks == []


@pytest.mark.parametrize("active", [False, True])
async def test_cancel_by_call_in_every_open_state(world: World, active: bool) -> None:
    """`POST /cancel` works queued and active; the desk gets a cancel; a second call changes nothing."""
    chat = await world.began()
    handover_id, talk = await (world.active(chat) if active else world.queued(chat))
    first = (await world.call("POST", f"/v1/handovers/{handover_id}/cancel")).body
    again = await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    assert (first["status"], first["reason"]) == ("cancelled", "user_cancelled")
    assert (again.status, again.body["status"], again.body["ended_at"]) == (
        200,
        "cancelled",
        first["ended_at"],
    )
    await soon(lambda: talk.state == "closed")
    assert "/cancel" in world.desk.calls
    assert json.loads(world.desk.bodies[f"{handover_id}:1:cancel"][0])["reason"] == "user_cancelled"


@pytest.mark.parametrize("how", [{"text": "Never mind"}, {"text": "x", "button": "openhandover.cancel"}])
async def test_cancel_by_button(world: World, how: dict) -> None:
    """The button is answered and recorded, not relayed."""
    chat = await world.began()
    handover_id, talk = await world.queued(chat, {"cancel": {"button": "Never mind"}})
    offered = (await world.channel.until(lambda self: self.of("message.created")))[0]["data"]["buttons"]
    assert offered == [{"text": "Never mind", "value": "openhandover.cancel"}]
    await world.says(chat, **how)
    await world.until(handover_id, status="cancelled")
    await soon(lambda: talk.state == "closed")
    assert lines(talk) == []
    assert [m["author"] for m in await world.messages(chat)][-2:] == ["user", "system"]


async def test_the_button_is_relayed_once_a_person_is_there(world: World) -> None:
    """`cancel.while: queued` limits the button, and then the words are words."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"cancel": {"button": "Never mind"}})
    await world.says(chat, "Never mind")
    await soon(lambda: "Never mind" in lines(talk))
    assert (await world.handover(handover_id))["status"] == "active"


async def test_messages_before_the_cancel_go_before_it(world: World) -> None:
    """What was accepted before the end reaches the desk before our cancel."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.slow(0.2)
    for n in range(3):
        await world.says(chat, f"last words {n}")
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    world.desk.slow(0)
    await soon(lambda: talk.state == "closed")
    assert lines(talk) == ["last words 0", "last words 1", "last words 2"]
    assert world.desk.calls[-4:] == ["/messages", "/messages", "/messages", "/cancel"]


@pytest.mark.parametrize(
    ("by", "active", "status", "ended_by", "call"),
    [
        ("bot", False, "cancelled", "bot", "/cancel"),
        ("operator", False, "cancelled", "system", "/cancel"),
        ("bot", True, "completed", "bot", "/close"),
        ("operator", True, "completed", "system", "/close"),
    ],
)
async def test_closing_from_our_side(
    world: World, by: str, active: bool, status: str, ended_by: str, call: str
) -> None:
    """Before a person it is a cancel, with one a close; the reason is bot_closed."""
    chat = await world.began()
    handover_id, talk = await (world.active(chat) if active else world.queued(chat))
    ended = (await world.call("POST", f"/v1/handovers/{handover_id}/close", {"by": by})).body
    assert (ended["status"], ended["reason"], ended["ended_by"]) == (status, "bot_closed", ended_by)
    await soon(lambda: talk.state == "closed")
    assert world.desk.calls[-1] == call


async def test_the_desk_that_ended_it_gets_neither(world: World) -> None:
    """Neither cancel nor close goes to a desk that closed by itself."""
    chat = await world.began()
    handover_id, talk = await world.active(chat)
    world.desk.closes(talk)
    await world.until(handover_id, status="completed")
    await world.says(chat, "for the bot")
    other, _ = await world.queued(chat)
    await world.until(other, status="queued")
    assert not {"/cancel", "/close"} & set(world.desk.calls)


async def test_a_person_may_close_before_answering(world: World) -> None:
    """Closed while queued is completed by the agent."""
    chat = await world.began()
    handover_id, talk = await world.queued(chat)
    world.desk.closes(talk)
    ended = await world.until(handover_id, status="completed")
    assert (ended["reason"], ended["ended_by"], ended["active_at"]) == ("agent_closed", "agent", None)


async def test_a_lost_open_is_withdrawn_even_when_the_next_handover_has_begun(world: World) -> None:
    """The desk opened but its answer was lost; the user cancels and asks again: the first session gets its cancel."""
    world.desk.lose_next_reply()
    chat = await world.began()
    first = await world.asks(chat)
    await soon(lambda: world.desk.calls == ["/open"])
    world.desk.may_answer.clear()
    await world.call("POST", f"/v1/handovers/{first}/cancel")
    second = await world.asks(chat)
    world.desk.may_answer.set()
    await world.until(second, status="queued")
    talk = await world.talk(first)
    await soon(lambda: talk.state == "closed")
    assert (await world.talk(second)).state == "waiting"
    assert len(world.desk.talks) == 2
