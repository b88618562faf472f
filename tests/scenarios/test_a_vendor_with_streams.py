"""A provider that is listened to session by session: each from where it was, as long as something can come."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from openhandover.core import table
from openhandover.core.events import SessionLost
from openhandover.engine import Engine
from openhandover.store.port import StoreError
from tests.scenarios.session_vendor import Vendor, listened
from tests.scenarios.world import World, soon


@pytest.fixture
async def both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[tuple[World, Vendor]]:
    """The world and the vendor."""
    async with listened(tmp_path, monkeypatch) as found:
        yield found


async def queued(world: World) -> tuple[str, str]:
    """A conversation and its handover, accepted by the vendor."""
    chat = await world.began()
    handover_id = await world.asks(chat, provider="stream")
    await world.until(handover_id, status="queued")
    return chat, handover_id


async def test_both_sides_write(both: tuple[World, Vendor]) -> None:
    """The main story; after the end nobody listens any more."""
    world, vendor = both
    chat, handover_id = await queued(world)
    vendor.emit("s1", "greeting", "Welcome!")
    await world.channel.heard("Welcome!")
    assert (await world.handover(handover_id))["status"] == "queued"
    vendor.emit("s1", "joined")
    await world.says(chat, "hello")
    vendor.emit("s1", "message", "hi")
    await world.channel.heard("hi")
    await soon(lambda: vendor.said == [("s1", "hello")])
    vendor.emit("s1", "closed")
    await world.until(handover_id, status="completed")
    await soon(lambda: not vendor.listening)
    assert vendor.ended == []
    assert vendor.resumed == [("s1", 0)]


async def test_each_session_has_its_own_place_after_a_restart(both: tuple[World, Vendor]) -> None:
    """What came in between comes after the restart, what came before does not come again."""
    world, vendor = both
    await queued(world)
    await queued(world)
    for n in range(3):
        vendor.emit("s1", "message", f"s1 before {n}")
    vendor.emit("s2", "message", "s2 before")
    vendor.emit("s2", "ping", "")
    vendor.emit("s2", "ping", ".")
    await soon(lambda: len(world.channel.texts("agent")) == 4)
    await world.stop()
    vendor.emit("s1", "message", "s1 meanwhile")
    vendor.emit("s2", "message", "s2 meanwhile")
    vendor.resumed.clear()
    await world.start()
    await world.channel.heard("s1 meanwhile")
    await world.channel.heard("s2 meanwhile")
    assert sorted(vendor.resumed) == [("s1", 3), ("s2", 3)]
    assert len(world.channel.texts("agent")) == 6


async def test_a_broken_stream_goes_on_where_it_was(both: tuple[World, Vendor]) -> None:
    """Cut in the middle of a talk, then refused for a while: nothing is lost, nothing comes twice."""
    world, vendor = both
    await queued(world)
    vendor.emit("s1", "message", "one")
    await world.channel.heard("one")
    vendor.refuse["/streams"] = 503
    vendor.cut("s1")
    vendor.emit("s1", "message", "two")
    await soon(lambda: not vendor.listening)
    del vendor.refuse["/streams"]
    await world.channel.heard("two")
    assert world.channel.texts("agent") == ["one", "two"]
    assert vendor.resumed[-1] == ("s1", 1)


async def test_early_events_wait_for_their_session(both: tuple[World, Vendor]) -> None:
    """The vendor's agent writes before the open call has returned: read from the beginning."""
    world, vendor = both
    vendor.may_open.clear()
    chat = await world.began()
    handover_id = await world.asks(chat, provider="stream")
    await soon(lambda: vendor.sessions)
    for n in range(3):
        vendor.emit("s1", "message", f"early {n}")
    assert (await world.handover(handover_id))["status"] == "requested"
    vendor.may_open.set()
    await world.channel.heard("early 2")
    assert world.channel.texts("agent") == [f"early {n}" for n in range(3)]


async def test_refused_credentials_are_tried_again(
    both: tuple[World, Vendor], caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log says what to check; once they are right again, everything is there."""
    world, vendor = both
    vendor.refuse["/streams"] = 401
    await queued(world)
    vendor.emit("s1", "message", "one")
    told: list[str] = []

    def is_told() -> bool:
        told.append(capsys.readouterr().out + caplog.text)
        return "check the provider's credentials" in "".join(told)

    await soon(is_told)
    del vendor.refuse["/streams"]
    await world.channel.heard("one")
    await soon(lambda: is_told() and "listener_back" in "".join(told))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(404, ("error", "provider_error", "provider")), (410, ("completed", "agent_closed", "agent"))],
)
@pytest.mark.parametrize("path", ["/streams", "/say"])
async def test_a_session_that_is_no_more(
    both: tuple[World, Vendor], path: str, status: int, outcome: tuple[str, str, str]
) -> None:
    """Lost there is an error, closed there is the agent's end, be it heard from the stream or in answer to a message.
    What was due has failed, and the digest says so."""
    world, vendor = both
    chat, handover_id = await queued(world)
    vendor.emit("s1", "message", "one")
    await world.channel.heard("one")
    vendor.refuse[path] = status
    if path == "/streams":
        vendor.cut("s1")
    else:
        await world.says(chat, "hello?")
    found = await world.until(handover_id, status=outcome[0])
    assert (found["status"], found["reason"], found["ended_by"]) == outcome
    if path == "/say":
        texts = [(one["text"], one["delivery"]["state"]) for one in found["digest"]["messages"]]
        assert texts[-1] == ("hello?", "failed")
    assert vendor.ended == []
    if status == 404:  # else last words may still come
        await soon(lambda: not vendor.listening)


async def test_last_words_are_heard_for_a_while(
    both: tuple[World, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completed by us: the agent's last words come, also over a restart; then the stream is let go."""
    world, vendor = both
    monkeypatch.setitem(table.GRACE, "late_message", table.Grace(4, ""))  # type: ignore[arg-type]
    _, handover_id = await queued(world)
    vendor.emit("s1", "message", "one")
    await world.until(handover_id, status="active")
    await world.call("POST", f"/v1/handovers/{handover_id}/close")
    await soon(lambda: vendor.ended == [("s1", "bot_closed")])
    vendor.emit("s1", "message", "bye")
    await world.channel.heard("bye")
    await world.restart()
    vendor.emit("s1", "message", "really")
    await world.channel.heard("really")
    await soon(lambda: not vendor.listening)


async def test_who_withdraws_does_not_listen(both: tuple[World, Vendor]) -> None:
    """Nothing can come any more."""
    world, vendor = both
    _, handover_id = await queued(world)
    await soon(lambda: vendor.listening)
    await world.call("POST", f"/v1/handovers/{handover_id}/cancel")
    await soon(lambda: vendor.ended and not vendor.listening)
    vendor.resumed.clear()
    await world.restart()
    await queued(world)
    await soon(lambda: "s2" in vendor.listening)
    assert {session for session, _ in vendor.resumed} == {"s2"}


async def test_leaving_is_the_end_when_nobody_comes(both: tuple[World, Vendor]) -> None:
    """Also when the server was away while the time went by; the vendor is told."""
    world, vendor = both
    _, handover_id = await queued(world)
    vendor.emit("s1", "joined")
    vendor.emit("s1", "left", "0.3")
    await soon(lambda: "handover.agent_left" in world.channel.types())
    await world.restart()
    found = await world.until(handover_id, status="completed")
    assert (found["reason"], found["ended_by"]) == ("agent_closed", "agent")
    await soon(lambda: vendor.ended == [("s1", "agent_closed")])


async def test_a_fault_of_ours_loses_no_event(
    both: tuple[World, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that could not be taken in comes again."""
    world, vendor = both
    await queued(world)
    engine: Engine = world.server.engine
    listened_ = engine._arrivals.listened  # pyright: ignore[reportPrivateUsage]
    faults = [RuntimeError("a fault")]

    async def faulty(*event: object) -> object:
        if faults:
            raise faults.pop()
        return await listened_(*event)  # type: ignore[arg-type]

    monkeypatch.setattr(engine._arrivals, "listened", faulty)  # pyright: ignore[reportPrivateUsage]
    vendor.emit("s1", "message", "one")
    await world.channel.heard("one")
    assert world.channel.texts("agent") == ["one"]


async def test_an_end_that_cannot_be_saved_is_heard_again(
    both: tuple[World, Vendor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the moment when the vendor says that it is over: the handover ends even so."""
    world, vendor = both
    _, handover_id = await queued(world)
    await soon(lambda: vendor.listening)
    work = world.server.engine._work  # pyright: ignore[reportPrivateUsage]
    run, faults = work.run, [StoreError("disk full"), StoreError("disk full")]

    async def full(conversation_id: str, event: Any, **more: Any) -> Any:
        if isinstance(event, SessionLost) and faults:
            raise faults.pop()
        return await run(conversation_id, event, **more)

    monkeypatch.setattr(work, "run", full)
    vendor.refuse["/streams"] = 410
    vendor.cut("s1")
    assert (await world.until(handover_id, status="completed"))["reason"] == "agent_closed"
    assert not faults
