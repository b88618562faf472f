"""Limits with small values, each told by its reason; and the flow's chance to do something else."""

import asyncio

import pytest

from tests.scenarios.world import World, lines, soon

OFF = dict.fromkeys(
    ("open_s", "queue_s", "first_reply_s", "agent_idle_s", "user_idle_s", "user_gone_s", "total_s"), 0
)


async def test_nobody_comes(world: World) -> None:
    """queue_s: error queue_timeout, and the desk gets a cancel."""
    handover_id, talk = await world.queued(await world.began(), {"limits": {"queue_s": 1}})
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == ("queue_timeout", "system")
    await soon(lambda: talk.state == "closed")
    assert world.desk.calls[-1] == "/cancel"


async def test_the_desk_never_answers(world: World) -> None:
    """open_s: error provider_error."""
    world.desk.down()
    handover_id = await world.asks(await world.began(), {"limits": {"open_s": 1}})
    ended = await world.until(handover_id, status="error")
    assert (ended["reason"], ended["ended_by"]) == ("provider_error", "system")


async def test_the_agent_joins_and_says_nothing(world: World) -> None:
    """first_reply_s counts from joined: error agent_timeout."""
    handover_id, _ = await world.active(await world.began(), {"limits": {"first_reply_s": 1}})
    assert (await world.until(handover_id, status="error"))["reason"] == "agent_timeout"


async def test_the_agent_who_left_gives_the_next_one_time(world: World) -> None:
    """agent.left restarts first_reply_s."""
    handover_id, talk = await world.active(await world.began(), {"limits": {"first_reply_s": 1.5}})
    world.desk.says(talk, "hello")
    await world.channel.heard("hello")
    await asyncio.sleep(2)
    assert (await world.handover(handover_id))["status"] == "active"
    world.desk.leaves(talk)
    assert (await world.until(handover_id, status="error"))["reason"] == "agent_timeout"


async def test_the_agent_does_not_answer(world: World) -> None:
    """agent_idle_s runs only while the last word is the user's."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"limits": {"agent_idle_s": 1}})
    world.desk.says(talk, "hello")
    await world.channel.heard("hello")
    await asyncio.sleep(1.5)
    assert (await world.handover(handover_id))["status"] == "active"
    await world.says(chat, "a question")
    assert (await world.until(handover_id, status="error"))["reason"] == "agent_timeout"


async def test_the_user_does_not_answer(world: World) -> None:
    """user_idle_s runs only while the last word is the agent's: completed user_idle, and the desk gets a close."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"limits": {"user_idle_s": 1}})
    await world.says(chat, "hello")
    await asyncio.sleep(1.5)
    assert (await world.handover(handover_id))["status"] == "active"
    world.desk.says(talk, "a question")
    ended = await world.until(handover_id, status="completed")
    assert (ended["reason"], ended["ended_by"]) == ("user_idle", "system")
    await soon(lambda: talk.state == "closed")
    assert world.desk.calls[-1] == "/close"


@pytest.mark.parametrize(("active", "status"), [(False, "cancelled"), (True, "completed")])
async def test_the_user_is_gone(world: World, active: bool, status: str) -> None:
    """user_gone_s after the disconnect; whoever comes back in time is still served."""
    chat = await world.began()
    settings = {"limits": {"user_gone_s": 1}}
    handover_id, _ = await (world.active(chat, settings) if active else world.queued(chat, settings))
    where = f"/v1/conversations/{chat}/presence"
    await world.call("POST", where, {"state": "disconnected"})
    await asyncio.sleep(0.3)
    await world.call("POST", where, {"state": "connected"})
    await asyncio.sleep(1.2)
    assert (await world.handover(handover_id))["ended_at"] is None
    await world.call("POST", where, {"state": "disconnected"})
    ended = await world.until(handover_id, status=status)
    assert (ended["reason"], ended["ended_by"]) == ("user_left", "user")


@pytest.mark.parametrize("stage", ["requested", "queued", "active"])
async def test_everything_ends_some_day(world: World, stage: str) -> None:
    """total_s: completed total_timeout, wherever it stands."""
    chat = await world.began()
    settings = {"limits": OFF | {"total_s": 1.5}}
    if stage == "requested":
        world.desk.down()
        handover_id = await world.asks(chat, settings)
    else:
        handover_id, _ = await (
            world.active(chat, settings) if stage == "active" else world.queued(chat, settings)
        )
    ended = await world.until(handover_id, status="completed")
    assert (ended["reason"], ended["ended_by"]) == ("total_timeout", "system")


async def test_zero_switches_a_limit_off(world: World) -> None:
    """Nothing ends by itself with every limit off."""
    chat = await world.began()
    handover_id, talk = await world.active(chat, {"limits": OFF})
    world.desk.says(talk, "hello")
    await world.channel.heard("hello")
    await world.call("POST", f"/v1/conversations/{chat}/presence", {"state": "disconnected"})
    await asyncio.sleep(2)
    assert (await world.handover(handover_id))["status"] == "active"


async def test_inactivity_can_be_a_mere_event(world: World) -> None:
    """With events.inactive an idle limit counts, is armed again, and the user's next message resets it."""
    chat = await world.began()
    settings = {"limits": {"user_idle_s": 1}, "events": {"inactive": True}}
    handover_id, talk = await world.active(chat, settings)
    world.desk.says(talk, "are you there?")
    await world.channel.got("handover.inactive", 2)
    counts = [event["data"]["inactivity_count"] for event in world.channel.of("handover.inactive")]
    assert counts[:2] == [1, 2]
    await world.says(chat, "yes")
    await soon(lambda: "yes" in lines(talk))
    assert (await world.handover(handover_id))["inactivity_count"] == 0
    assert (await world.handover(handover_id))["status"] == "active"


async def test_a_restart_does_not_stop_the_clock(world: World) -> None:
    """A limit that ran out while the server was down is applied when it is back; one that did not goes on."""
    soonest, _ = await world.queued(await world.began(), {"limits": {"queue_s": 1.2}})
    later, _ = await world.queued(await world.began(), {"limits": {"queue_s": 4}})
    await world.stop()
    await asyncio.sleep(1.3)
    await world.start()
    assert (await world.until(soonest, within_s=2, status="error"))["reason"] == "queue_timeout"
    assert (await world.handover(later))["status"] == "queued"
    assert (await world.until(later, status="error"))["reason"] == "queue_timeout"
