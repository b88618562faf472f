"""What every store promises to whoever reads, lists and keeps; part of `StoreSuite`."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from msgspec.structs import replace

from openhandover.core.errors import Refused
from openhandover.core.model import Agent, Ending, Entry, Lane, Rating, Status, Target
from openhandover.store.port import (
    Changes,
    Delivered,
    HandoverFilter,
    HandoverRow,
    Loaded,
    Mark,
    Parked,
    Receiver,
    Store,
    Unit,
    Upload,
)
from tests.contract.store_units import (
    START,
    Opener,
    create,
    handover,
    keep,
    mark,
    new,
    said,
    say,
    texts,
    update,
)


class StoreReads:
    """What the reads and the lists promise."""

    @pytest.fixture
    async def open_store(self) -> AsyncIterator[Opener]:
        """Opens and starts a store on the test's own data; every store opened is stopped afterwards."""
        raise NotImplementedError
        yield

    @pytest.fixture
    async def store(self, open_store: Opener) -> Store:
        """A started, empty store."""
        return await open_store()

    # --- the log

    async def test_log_pages(self, store: Store) -> None:
        """The log is read after a seq, up to a seq, in order; messages alone on request."""

        def event(loaded: Loaded) -> Changes:
            assert loaded.conversation is not None
            entry = replace(said(loaded.conversation, "-"), type="floor.changed", to_bot=False, to_user=True)
            return Changes(replace(loaded.conversation, seq=entry.seq), (entry,))

        for n in range(5):
            await store.transact(say("c1", f"t{n}"))
            await store.transact(Unit("c1", event))
        assert [row.entry.seq for row in await store.log("c1", 3, 4)] == [4, 5, 6, 7]
        assert [row.entry.seq for row in await store.log("c1", 3, 100, until=6)] == [4, 5, 6]
        assert texts(await store.log("c1", 2, 2, messages_only=True)) == ["t1", "t2"]
        assert texts(await store.tail("c1", 6, 2)) == ["t1", "t2"]

    async def test_each_receiver_has_its_lane(self, store: Store) -> None:
        """A lane holds the entries due to one receiver after a seq, in order; agent lanes are kept apart."""

        def decide(_: Loaded) -> Changes:
            state = new("c1")
            to = [
                {"to_user": True},
                {"to_bot": True},
                {"to_agent": 1},
                {"to_agent": 2},
                {"to_user": True, "to_agent": 1},
            ]
            entries = [
                replace(said(replace(state, seq=n), str(n)), **{"to_bot": False, **each})
                for n, each in enumerate(to)
            ]
            return Changes(replace(state, seq=len(to)), entries)

        await store.transact(Unit("c1", decide))

        async def seqs(receiver: Receiver, after: int = 0, agent_lane: int = 0) -> list[int]:
            return [each.seq for each in await store.lane("c1", receiver, after, 10, agent_lane=agent_lane)]

        assert await seqs("user") == [1, 5]
        assert await seqs("user", 1) == [5]
        assert await seqs("bot") == [2]
        assert await seqs("agent", agent_lane=1) == [3, 5]
        assert await seqs("agent", agent_lane=2) == [4]

    async def test_an_entry_comes_back_as_it_was(self, store: Store) -> None:
        """Every field of an entry survives, its data byte for byte."""
        data = msgspec.Raw(b'{"b":1,  "a":"\xc3\xa9"}')
        entry = Entry(
            "c1", 1, "x.y", 1.25, "human", 7, data, "h1", True, False, 3, "agent:\x00k", "d", "support:e"
        )
        await store.transact(Unit("c1", lambda _: Changes(replace(new("c1"), seq=1), (entry,))))
        row = await store.message("c1", "agent:\x00k")
        assert row is not None
        assert bytes(row.entry.data) == bytes(data)
        assert replace(row.entry, data=data) == entry

    async def test_a_delivery_never_goes_back(self, store: Store) -> None:
        """Failed may become delivered, delivered may become read; the time stays that of the delivery, and a second
        delivery is counted as a repeat."""
        await store.transact(say("c1", "a"))
        steps: list[tuple[Mark, Delivered]] = [
            (Mark(1, "user", "failed", 1, 1.0), Delivered(user=("failed", 1, 1.0))),
            (Mark(1, "user", "delivered", 2, 2.0), Delivered(user=("delivered", 2, 2.0))),
            (Mark(1, "user", "delivered", 1, 3.0), Delivered(user=("delivered", 2, 2.0), repeats=1)),
            (Mark(1, "user", "read", 0, 4.0), Delivered(user=("read", 2, 2.0), repeats=1)),
            (Mark(1, "user", "failed", 3, 5.0), Delivered(user=("read", 3, 2.0), repeats=1)),
            (Mark(1, "user", "delivered", 1, 6.0), Delivered(user=("read", 3, 2.0), repeats=2)),
        ]
        for step, expected in steps:
            await store.transact(mark("c1", step))
            (row,) = await store.log("c1", 0, 1)
            assert row.delivered == expected

    async def test_reading_before_the_acknowledgement_is_no_repeat(self, store: Store) -> None:
        """The news that a message was read may overtake that of its delivery; only a third one is a repeat."""
        await store.transact(say("c1", "a"))
        read, delivered = Mark(1, "user", "read", 0, 1.0), Mark(1, "user", "delivered", 1, 1.0)
        for step, tries, repeats in ((read, 0, 0), (delivered, 1, 0), (delivered, 1, 1)):
            await store.transact(mark("c1", step))
            (row,) = await store.log("c1", 0, 1)
            assert row.delivered == Delivered(user=("read", tries, 1.0), repeats=repeats)

    # --- lists

    async def test_pages_of_conversations_are_stable(self, store: Store) -> None:
        """Paging shows every conversation once, newest first, whatever is added between two pages."""
        for n in range(10):
            await store.transact(create(f"c{n}", user="u1" if n % 2 else "u2", at=START + n // 3))
        seen: list[str] = []
        cursor: str | None = None
        for n in range(20):
            page = await store.conversations(None, cursor, 3)
            seen += [each.id for each in page.items]
            cursor = page.next
            if cursor is None:
                break
            await store.transact(create(f"new{n}", user="u3", at=START + 100 + n))
        assert seen == [f"c{n}" for n in reversed(range(10))]
        mine = await store.conversations("u1", None, 100)
        assert [each.id for each in mine.items] == ["c9", "c7", "c5", "c3", "c1"]
        assert mine.next is None

    async def test_a_foreign_cursor_is_refused(self, store: Store) -> None:
        """A cursor that is none of ours is refused as invalid."""
        for cursor in ("x", "%%%", "eyJhIjoxfQ", "é", "W251bGwsMV0"):
            with pytest.raises(Refused) as refused:
                await store.handovers(HandoverFilter(), cursor, 10)
            assert refused.value.code == "invalid"

    async def test_handovers_are_found_by_what_they_are(self, store: Store) -> None:
        """The list of handovers can be narrowed by status, provider, channel, time and conversation, and is paged."""
        rows = [handover(f"h{n}", at=START + n) for n in range(6)]
        ended = replace(rows[0].handover, status=Status.COMPLETED, ended_at=START + 9)
        rows[0] = HandoverRow(ended, "web", "en", b'{"summary":"s"}', "f1")
        rows[1] = HandoverRow(replace(rows[1].handover, chain=(Target("backup"),)), "phone", "nl")
        await store.transact(keep(*rows))

        async def ids(where: HandoverFilter) -> list[str]:
            return [each.handover.id for each in (await store.handovers(where, None, 100)).items]

        assert await ids(HandoverFilter()) == ["h5", "h4", "h3", "h2", "h1", "h0"]
        assert await ids(HandoverFilter(status=("completed", "error"))) == ["h0"]
        assert await ids(HandoverFilter(provider="backup")) == ["h1"]
        assert await ids(HandoverFilter(channel="phone", conversation_id="c1")) == ["h1"]
        assert await ids(HandoverFilter(from_at=START + 2, to_at=START + 4)) == ["h3", "h2"]
        assert await ids(HandoverFilter(conversation_id="c2")) == []
        first = await store.handovers(HandoverFilter(), None, 4)
        second = await store.handovers(HandoverFilter(), first.next, 4)
        assert [each.handover.id for each in second.items] == ["h1", "h0"]
        assert second.next is None
        assert second.items[1] == rows[0]

    async def test_a_later_save_keeps_digest_and_fingerprint(self, store: Store) -> None:
        """A handover saved again without its digest and fingerprint does not lose them."""
        await store.transact(keep(HandoverRow(handover("h1").handover, "web", "en", b"{}", "f1")))
        rated = replace(handover("h1").handover, rating=Rating(5), agent=Agent("a", "Bo"))
        await store.transact(keep(HandoverRow(rated, "web", "en")))
        assert await store.handover("h1") == HandoverRow(rated, "web", "en", b"{}", "f1")

    # --- due work

    async def test_wakes_come_in_order(self, store: Store) -> None:
        """Timers are found earliest first, follow every change of the state, and are gone when it has none."""
        for n, at in enumerate((30.0, 10.0, 20.0)):
            await store.transact(create(f"c{n}"))
            await store.transact(update(f"c{n}", deadlines={"total": at, "later": 99.0}))
        assert await store.next_wake() == 10.0
        assert await store.wakes(20.0, 10) == [("c1", 10.0), ("c2", 20.0)]
        assert await store.wakes(99.0, 1) == [("c1", 10.0)]
        await store.transact(update("c1", deadlines={}))
        await store.transact(update("c2", deadlines={}, preparing={4: 50.0}))
        assert await store.wakes(99.0, 10) == [("c0", 30.0), ("c2", 50.0)]
        await asyncio.gather(*(store.transact(update(f"c{n}", deadlines={}, preparing={})) for n in range(3)))
        assert await store.next_wake() is None

    async def test_busy_conversations_are_found(self, store: Store) -> None:
        """A conversation is listed as long as its state says that something is due."""
        lane = Lane(1, "h1", 1, "support", 1, opened=True, done=3, last=3)
        busy = {
            "a": {"user_last": 1},
            "b": {"bot_last": 1},
            "c": {"preparing": {1: 9.0}},
            "d": {"lanes": (replace(lane, last=4),)},
            "e": {"lanes": (replace(lane, opened=False),)},
            "f": {"lanes": (replace(lane, ending=Ending("close", "bot_closed")),)},
        }
        idle = {"x": {"lanes": (lane,)}, "y": {"user_last": 2, "user_done": 2}}
        for conversation_id, fields in (busy | idle).items():
            await store.transact(create(conversation_id))
            await store.transact(update(conversation_id, **fields))
        assert await store.busy(None, 4) == ["a", "b", "c", "d"]
        assert await store.busy("d", 4) == ["e", "f"]
        await store.transact(update("a", user_done=1))
        assert await store.busy(None, 1) == ["b"]

    # --- events of unknown sessions, small things, files

    async def test_parked_events_wait_in_order(self, store: Store) -> None:
        """Parked events of a session are kept in order, each once however often it was parked, until forgotten."""
        for n in (1, 2, 1, 3):
            await store.park(Parked("support", "x1", f"e{n}", START, str(n).encode()))
        await store.park(Parked("support", "x2", "e1", START, b"other"))
        assert sorted(await store.parked_sessions()) == [("support", "x1"), ("support", "x2")]
        assert await store.parked("support", "x1") == [("e1", b"1"), ("e2", b"2"), ("e3", b"3")]
        await store.forget_parked("support", "x1", ["e1", "e2"])
        assert await store.parked("support", "x1") == [("e3", b"3")]
        await store.forget_parked("support", "x1", ["e3"])
        assert await store.parked_sessions() == [("support", "x2")]

    async def test_values_are_kept_by_name(self, store: Store) -> None:
        """A value is replaced by `put`, kept by `put_new`, and listed with its kind."""
        await store.put("k", "a", b"1")
        await store.put("k", "a", b"2")
        assert await store.put_new("k", "a", b"3") == b"2"
        kept = await asyncio.gather(*(store.put_new("k", "b", str(n).encode()) for n in range(9)))
        assert len(set(kept)) == 1
        assert await store.get("k", "a") == b"2"
        assert await store.get("other", "a") is None
        assert await store.all("k") == {"a": b"2", "b": kept[0]}

    async def test_a_file_is_registered_once(self, store: Store) -> None:
        """The first registration of an upload id stays."""
        first = Upload("f1", "a.png", "image/png", 3, START, "aa", "fp")
        assert await store.add_upload(first) == first
        assert await store.add_upload(Upload("f1", "b.png", "image/png", 4, START, "bb")) == first
        assert await store.upload("f1") == first
        assert await store.upload("f2") is None
