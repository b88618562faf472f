"""The desk's event stream: who sees what, and what happens after a gap."""

import asyncio
from collections.abc import AsyncIterator

from openhandover.desk.hub import Hub


async def take(stream: AsyncIterator[bytes], count: int) -> list[str]:
    """The next events as `kind data`."""
    frames = [await asyncio.wait_for(anext(stream), 5) for _ in range(count)]
    return [
        " ".join(line.split(b": ", 1)[1].decode() for line in frame.split(b"\n")[1:3]) for frame in frames
    ]


async def test_agent_sees_only_what_is_theirs_in_order() -> None:
    """Events for others are left out; the rest comes in order, also what is published while waiting."""
    hub = Hub()
    stream = hub.follow("anna", hub.place)
    hub.publish("a", 1, {"anna", "bob"})
    hub.publish("b", 2, {"bob"})
    waiting = asyncio.create_task(take(stream, 2))
    await asyncio.sleep(0)
    hub.publish("c", 3, {"anna"})
    assert await waiting == ["a 1", "c 3"]


async def test_resumed_stream_misses_nothing() -> None:
    """From the last event id on, everything since comes first."""
    hub = Hub()
    hub.publish("a", 1, {"anna"})
    place = hub.place
    hub.publish("b", 2, {"anna"})
    assert await take(hub.follow("anna", place), 1) == ["b 2"]


async def test_unknown_place_is_answered_with_a_resync() -> None:
    """After a restart, with nonsense or without any place, the client is told to load everything again."""
    hub = Hub()
    hub.publish("a", 1, {"anna"})
    for place in (None, "", "other-1", f"{hub.place}9", "nonsense", f"{hub.place.split('-')[0]}--1"):
        assert await take(hub.follow("anna", place), 1) == ["desk.resync {}"]


async def test_slow_reader_is_resynced_and_goes_on() -> None:
    """Who falls behind the ring gets a resync instead of a silent gap, then the newest events."""
    hub = Hub(kept=3)
    stream = hub.follow("anna", hub.place)
    hub.publish("first", 0, {"anna"})
    assert await take(stream, 1) == ["first 0"]
    for number in range(10):
        hub.publish("n", number, {"anna"})
    assert await take(stream, 1) == ["desk.resync {}"]
    hub.publish("last", 1, {"anna"})
    assert await take(stream, 1) == ["last 1"]


async def test_dismissed_stream_says_why_and_ends() -> None:
    """What was told before still comes, then the reason, then nothing; streams of other sessions go on."""
    hub = Hub()
    gone, stays, keyed = (hub.follow("anna", hub.place, session) for session in ("s1", "s2", None))
    hub.publish("a", 1, {"anna"})
    for stream in (gone, stays, keyed):
        assert await take(stream, 1) == ["a 1"]
    hub.publish("b", 2, {"anna"})
    hub.dismiss("anna", "expired", lambda session: session == "s1")
    assert await take(gone, 1) == ["b 2"]
    assert await anext(gone) == b'event: desk.logged_out\ndata: {"reason":"expired"}\n\n'
    assert await anext(gone, None) is None
    hub.publish("c", 3, {"anna"})
    for stream in (stays, keyed):
        assert await take(stream, 2) == ["b 2", "c 3"]


async def test_each_event_is_encoded_once() -> None:
    """A hundred screens get the very same bytes."""
    hub = Hub()
    streams = [hub.follow("anna", hub.place) for _ in range(100)]
    waiting = [asyncio.create_task(anext(stream)) for stream in streams]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    hub.publish("a", 1, {"anna", "bob"})
    frames = await asyncio.gather(*waiting)
    assert len({id(frame) for frame in frames}) == 1
