"""What every store promises, whatever it is made of. A store's own test file subclasses `StoreSuite` and gives
`open_store`; opening twice under one name must reach the same data."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec
import pytest
from msgspec.structs import replace

from openhandover.core.errors import Refused
from openhandover.core.model import (
    Agent,
    Attempt,
    Conversation,
    Ending,
    Entry,
    Handover,
    Lane,
    Rating,
    Settings,
    Status,
    Target,
    User,
)
from openhandover.store.port import (
    Changes,
    Claim,
    Delivered,
    HandoverFilter,
    HandoverRow,
    Loaded,
    LogRow,
    Mark,
    NeedRecent,
    Parked,
    Receiver,
    Store,
    StoreError,
    Unit,
    Upload,
)

START = 1_767_600_000.0


def new(conversation_id: str, *, user: str = "u1", at: float = START) -> Conversation:
    """A fresh conversation."""
    return Conversation(conversation_id, "web", User(user, "Anna", "anna@example.com"), at)


def said(
    state: Conversation, text: str, *, key: str | None = None, at: float = START, **more: object
) -> Entry:
    """The entry of the next message."""
    seq = state.seq + 1
    fields = {
        "id": f"m{seq}",
        "seq": seq,
        "author": "user",
        "text": text,
        "at": "2026-01-05T10:00:00Z",
        **more,
    }
    data = msgspec.Raw(msgspec.json.encode(fields))
    return Entry(state.id, seq, "message.created", at, "bot", 1, data, to_bot=True, key=key)


def create(conversation_id: str, *, user: str = "u1", at: float = START) -> Unit:
    """A unit that begins a conversation."""
    return Unit(conversation_id, lambda _: Changes(new(conversation_id, user=user, at=at)))


def say(
    conversation_id: str,
    text: str,
    *,
    message_id: str | None = None,
    at: float = START,
    result: object = None,
    **more: object,
) -> Unit:
    """A unit that adds one message; with an id, the second time adds nothing and answers "known"."""
    key = None if message_id is None else f"user:{message_id}"

    def decide(loaded: Loaded) -> Changes:
        if loaded.message is not None:
            return Changes(result="known")
        state = loaded.conversation or new(conversation_id)
        entry = said(state, text, key=key, at=at, **more)
        return Changes(replace(state, seq=entry.seq), (entry,), result=result or entry.seq)

    return Unit(conversation_id, decide, message_key=key)


def update(conversation_id: str, **fields: object) -> Unit:
    """A unit that sets fields of the state."""

    def decide(loaded: Loaded) -> Changes:
        assert loaded.conversation is not None
        return Changes(replace(loaded.conversation, **fields))

    return Unit(conversation_id, decide)


def mark(conversation_id: str, *marks: Mark) -> Unit:
    """A unit that notes deliveries."""
    return Unit(conversation_id, lambda _: Changes(marks=marks))


def handover(handover_id: str, *, conversation_id: str = "c1", at: float = START) -> HandoverRow:
    """A requested handover as a row."""
    state = Handover(
        handover_id, conversation_id, (Target("support"),), Settings(), "bot", at, 1, 1, why="Anna is sad",
        attempts=(Attempt("support", at),),
    )  # fmt: skip
    return HandoverRow(state, "web", "en", fingerprint="f1")


def keep(*rows: HandoverRow) -> Unit:
    """A unit that saves handovers."""
    return Unit(rows[0].handover.conversation_id, lambda _: Changes(handovers=rows))


def texts(rows: Sequence[LogRow]) -> list[str]:
    """The texts of log rows."""
    return [msgspec.json.decode(row.entry.data)["text"] for row in rows]


Opener = Callable[[], Awaitable[Store]]


class StoreSuite:
    """The promises of `openhandover.store.port`."""

    @pytest.fixture
    async def open_store(self) -> AsyncIterator[Opener]:
        """Opens and starts a store on the test's own data; every store opened is stopped afterwards."""
        raise NotImplementedError
        yield

    @pytest.fixture
    async def store(self, open_store: Opener) -> Store:
        """A started, empty store."""
        return await open_store()

    # --- units of work

    async def test_units_of_one_conversation_run_in_order(self, store: Store) -> None:
        """Units of one conversation run in the order of their submission, each on the state that the last one left."""
        found = await asyncio.gather(*(store.transact(say("c1", f"t{n}")) for n in range(300)))
        assert [each.result for each in found] == list(range(1, 301))
        assert texts(await store.log("c1", 0, 1000)) == [f"t{n}" for n in range(300)]

    async def test_conversations_do_not_mix(self, store: Store) -> None:
        """Many conversations at once each keep their own order and numbers."""
        units = [say(f"c{n % 7}", f"t{n}") for n in range(210)]
        await asyncio.gather(*(store.transact(unit) for unit in units))
        for n in range(7):
            assert texts(await store.log(f"c{n}", 0, 100)) == [f"t{m}" for m in range(210) if m % 7 == n]

    async def test_a_raising_unit_leaves_no_trace(self, store: Store) -> None:
        """A unit that raises is left out, only its caller hears of it, and its neighbours are saved."""

        def refuse(_: Loaded) -> Changes:
            raise Refused("stale_epoch")

        results = await asyncio.gather(
            store.transact(say("c1", "a")),
            store.transact(Unit("c1", refuse)),
            store.transact(say("c1", "b")),
            store.transact(Unit("c2", refuse)),
            return_exceptions=True,
        )
        assert [isinstance(each, Refused) for each in results] == [False, True, False, True]
        assert texts(await store.log("c1", 0, 10)) == ["a", "b"]
        assert await store.conversation("c2") is None

    async def test_a_unit_that_cannot_be_saved_fails_alone(self, store: Store) -> None:
        """Data that the database or the encoder refuses fails its own unit; units before and after it are saved."""

        def unsayable(loaded: Loaded) -> Changes:
            assert loaded.conversation is not None
            return Changes(replace(loaded.conversation, context={"x": object()}))

        def unstorable(loaded: Loaded) -> Changes:
            assert loaded.conversation is not None
            entry = replace(said(loaded.conversation, "x"), type="bad \ud800")
            return Changes(replace(loaded.conversation, seq=entry.seq), (entry,))

        await store.transact(create("c1"))
        results = await asyncio.gather(
            store.transact(say("c1", "a")),
            store.transact(Unit("c1", unsayable)),
            store.transact(say("c1", "b")),
            store.transact(Unit("c1", unstorable)),
            store.transact(say("c1", "c")),
            return_exceptions=True,
        )
        assert [isinstance(each, StoreError) for each in results] == [False, True, False, True, False]
        assert texts(await store.log("c1", 0, 10)) == ["a", "b", "c"]
        state = await store.conversation("c1")
        assert state is not None
        assert (state.seq, state.context) == (3, {})

    async def test_entries_must_follow_the_state(self, store: Store) -> None:
        """A unit whose entries repeat a seq, or belong to another conversation, is refused and changes nothing."""
        await store.transact(say("c1", "a"))
        state = await store.conversation("c1")
        assert state is not None
        for wrong in (replace(said(state, "x"), seq=1), replace(said(state, "x"), conversation_id="c2")):
            with pytest.raises(StoreError):
                await store.transact(Unit("c1", lambda _, wrong=wrong: Changes(state, (wrong,))))
        assert texts(await store.log("c1", 0, 10)) == ["a"]
        assert await store.log("c2", 0, 10) == []

    async def test_everything_of_a_unit_is_saved_together(self, store: Store) -> None:
        """State, entries, deliveries, completed data, handover, session, claim and cursor of one unit are all there."""

        def decide(_: Loaded) -> Changes:
            state = new("c1")
            first = said(state, "one")
            second = said(replace(state, seq=1), "two")
            return Changes(
                replace(state, seq=2),
                (first, second),
                (Mark(1, "agent", "delivered", 2, START + 1),),
                ((2, b'{"text":"zwei"}'),),
                (handover("h1"),),
                (("support", "x1", "c1/1"),),
                Claim("support", "e1", START, "applied", "h1"),
                ("listener", "41"),
            )

        await store.transact(Unit("c1", decide, claim=("support", "e1")))
        rows = await store.log("c1", 0, 10)
        assert texts(rows) == ["one", "zwei"]
        assert rows[0].delivered == Delivered(agent=("delivered", 2, START + 1))
        assert await store.handover("h1") == handover("h1")
        assert await store.session("support", "x1") == "c1/1"
        assert await store.get("cursor", "listener") == b"41"
        assert not await store.claim(Claim("support", "e1", START, "again"))

    async def test_a_refused_unit_saves_nothing_of_itself(self, store: Store) -> None:
        """When one part of a unit is impossible, no other part of it is saved."""
        await store.claim(Claim("support", "e1", START, "unknown"))

        def decide(_: Loaded) -> Changes:
            entry = said(new("c1"), "one")
            claim = Claim("support", "e1", START, "applied")
            sessions = (("support", "x1", "c1"),)
            return Changes(
                replace(new("c1"), seq=1),
                (entry,),
                sessions=sessions,
                claim=claim,
                handovers=(handover("h1"),),
            )

        with pytest.raises(StoreError):
            await store.transact(Unit("c1", decide))
        assert await store.conversation("c1") is None
        assert await store.log("c1", 0, 10) == []
        assert await store.session("support", "x1") is None
        assert await store.handover("h1") is None

    async def test_a_message_id_is_taken_once(self, store: Store) -> None:
        """Of many posts with one message id, together and later, exactly one is kept, and the others see it."""
        units = [say("c1", "hi", message_id="m", result="new") for _ in range(50)]
        results = [each.result for each in await asyncio.gather(*(store.transact(unit) for unit in units))]
        assert sorted(results) == ["known"] * 49 + ["new"]
        assert (await store.transact(say("c1", "hi", message_id="m"))).result == "known"
        assert (await store.transact(say("c2", "hi", message_id="m", result="new"))).result == "new"
        assert len(await store.log("c1", 0, 100)) == 1

    async def test_a_known_message_comes_with_its_delivery(self, store: Store) -> None:
        """A unit that asks for a message gets it with how far it got, also when that changed just before."""
        seen: list[tuple[str, Delivered | None]] = []

        def look(loaded: Loaded) -> Changes:
            assert loaded.message is not None
            seen.append((msgspec.json.decode(loaded.message.data)["text"], loaded.message_delivery))
            return Changes()

        asked = Unit("c1", look, message_key="user:m")
        done = Unit("c1", lambda _: Changes(rewritten=((1, b'{"text":"ho"}'),)))
        units = [
            say("c1", "hi", message_id="m"),
            asked,
            mark("c1", Mark(1, "bot", "delivered", 1, START)),
            asked,
            done,
            asked,
        ]
        await asyncio.gather(*(store.transact(unit) for unit in units))
        await store.transact(asked)
        delivered = Delivered(bot=("delivered", 1, START))
        assert seen == [("hi", Delivered()), ("hi", delivered), ("ho", delivered), ("ho", delivered)]

    async def test_an_event_is_claimed_once(self, store: Store) -> None:
        """Of many units and free claims for one event, exactly one takes it."""

        def decide(loaded: Loaded) -> Changes:
            if loaded.claimed:
                return Changes(result=False)
            return Changes(claim=Claim("support", "e1", START, "applied"), result=True)

        unit = Unit("c1", decide, claim=("support", "e1"))
        taken = [each.result for each in await asyncio.gather(*(store.transact(unit) for _ in range(20)))]
        free = await asyncio.gather(
            *(store.claim(Claim("support", "e1", START, "unknown")) for _ in range(5))
        )
        assert sorted([*taken, *free]) == [False] * 24 + [True]
        assert await store.claim(Claim("other", "e1", START, "unknown"))

    async def test_a_handover_id_is_known_to_all_conversations(self, store: Store) -> None:
        """A handover asked for by id is found, whichever conversation has it, also when it was made just before."""

        def decide(loaded: Loaded) -> Changes:
            return Changes(result=loaded.handover and loaded.handover.handover.conversation_id)

        asked = Unit("c2", decide, handover_id="h1")
        units = [asked, keep(handover("h1")), asked]
        results = [each.result for each in await asyncio.gather(*(store.transact(unit) for unit in units))]
        assert results == [None, None, "c1"]
        assert (await store.transact(asked)).result == "c1"

    async def test_recent_messages_are_loaded_on_demand(self, store: Store) -> None:
        """A unit that needs recent messages is asked again with them, including those of the same transaction."""
        seen: list[list[str]] = []

        def decide(loaded: Loaded) -> Changes:
            if loaded.recent is None:
                raise NeedRecent(1, 2)
            seen.append(texts(loaded.recent))
            return Changes()

        units = [
            say("c1", "a"),
            say("c1", "b"),
            Unit("c1", decide),
            say("c1", "c"),
            say("c1", "d"),
            Unit("c1", decide),
        ]
        await asyncio.gather(*(store.transact(unit) for unit in units))
        assert seen == [["b"], ["c", "d"]]

    async def test_a_read_sees_what_was_answered(self, store: Store) -> None:
        """What a unit changed is read by whoever was answered, every time."""
        for n in range(1, 40):
            await store.transact(say("c1", f"t{n}", message_id=f"m{n}"))
            state, row, log = await asyncio.gather(
                store.conversation("c1"), store.message("c1", f"user:m{n}"), store.log("c1", n - 1, 5)
            )
            assert state is not None
            assert row is not None
            assert (state.seq, row.entry.seq, len(log)) == (n, n, 1)

    async def test_a_cancelled_caller_harms_nobody(self, store: Store) -> None:
        """When a caller stops waiting, the units beside its own are answered all the same."""
        tasks = [asyncio.create_task(store.transact(say("c1", f"t{n}"))) for n in range(10)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(each, Changes) for each in done] == [n != 3 for n in range(10)]

    async def test_data_outlives_the_store(self, open_store: Opener) -> None:
        """After stop and start everything is as it was."""
        store = await open_store()
        await store.transact(say("c1", "a"))
        before = await store.conversation("c1")
        await store.stop()
        store = await open_store()
        assert await store.conversation("c1") == before
        assert texts(await store.log("c1", 0, 10)) == ["a"]
        assert (await store.transact(say("c1", "b"))).result == 2

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
        """Parked events of a session come out once, in order, each once however often it was parked."""
        for n in (1, 2, 1, 3):
            await store.park(Parked("support", "x1", f"e{n}", START, str(n).encode()))
        await store.park(Parked("support", "x2", "e1", START, b"other"))
        assert await store.unpark("support", "x1") == [b"1", b"2", b"3"]
        assert await store.unpark("support", "x1") == []

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

    # --- reports, retention, operation

    async def test_reports_run_by_name(self, store: Store) -> None:
        """A named report answers rows by column name."""
        await store.transact(keep(handover("h1"), handover("h2")))
        found = await store.report("handover_statuses", {"from_at": 0.0, "to_at": START * 2})
        assert list(found) == [{"status": "requested", "handovers": 2}]

    async def test_purge_forgets_old_texts_and_files(self, store: Store) -> None:
        """Old messages lose text, then files; ids, authors and times stay, and younger messages stay whole."""
        file = {"id": "f1", "name": "secret.png", "content_type": "image/png", "size": 3, "url": "x"}
        for n in range(1200):
            await store.transact(say("c1", f"secret {n}", at=START + n, attachments=[file]))
        await store.add_upload(Upload("f1", "secret.png", "image/png", 3, START, "aa"))
        await store.add_upload(Upload("f2", "young.png", "image/png", 3, START + 1100, "bb"))
        digest = HandoverRow(replace(handover("h1").handover, ended_at=START + 1), "web", "en", b'"secret"')
        await store.transact(keep(digest))
        gone = await store.purge(claims_before=0, messages_before=START + 1100, files_before=START + 50)
        assert list(gone) == ["f1"]
        assert await store.upload("f1") is None
        assert await store.upload("f2") is not None
        rows = await store.log("c1", 0, 2000)
        assert texts(rows) == [""] * 1100 + [f"secret {n}" for n in range(1100, 1200)]
        assert ["attachments" in msgspec.json.decode(row.entry.data) for row in rows] == [False] * 50 + [
            True
        ] * 1150
        first = msgspec.json.decode(rows[0].entry.data)
        assert (first["id"], first["author"], first["at"]) == ("m1", "user", "2026-01-05T10:00:00Z")
        kept = await store.handover("h1")
        assert kept is not None
        assert kept.digest is None
        assert await store.purge(claims_before=0, messages_before=START + 1150, files_before=None) == []
        assert texts(await store.log("c1", 1149, 2)) == ["", "secret 1150"]

    async def test_purge_forgets_old_claims_and_parked_events(self, store: Store) -> None:
        """Claims and parked events go when they are older than asked, younger ones stay."""
        await store.claim(Claim("s", "old", START, "applied"))
        await store.claim(Claim("s", "young", START + 10, "applied"))
        await store.park(Parked("s", "x1", "old", START, b"1"))
        await store.park(Parked("s", "x1", "young", START + 10, b"2"))
        await store.purge(claims_before=START + 5, messages_before=None, files_before=None)
        assert await store.claim(Claim("s", "old", START, "applied"))
        assert not await store.claim(Claim("s", "young", START, "applied"))
        assert await store.unpark("s", "x1") == [b"2"]

    async def test_erase_removes_the_person(self, store: Store) -> None:
        """After erasing a user nothing of them is in states, log or handovers; counts and other users stay."""
        file = {"id": "f1", "name": "Anna.png", "content_type": "image/png", "size": 3, "url": "x"}
        await store.transact(say("c1", "I am Anna", author_name="Anna", attachments=[file]))
        await store.transact(say("c1", "still Anna", message_id="Anna-2"))
        await store.transact(update("c1", context={"name": "Anna"}, handover=handover("h1").handover))
        await store.transact(keep(HandoverRow(handover("h1").handover, "web", "en", b'"Anna"')))
        await store.add_upload(Upload("f1", "Anna.png", "image/png", 3, START, "aa"))
        await store.transact(create("c2", user="u2"))
        assert list(await store.erase("u1")) == ["f1"]
        state, row, log = (
            await store.conversation("c1"),
            await store.handover("h1"),
            await store.log("c1", 0, 10),
        )
        assert state is not None
        assert row is not None
        assert texts(log) == ["", ""]
        everything = repr((state, row, [bytes(each.entry.data) for each in log]))
        assert "Anna" not in everything
        assert "anna@" not in everything
        assert (state.seq, row.handover.status) == (2, Status.REQUESTED)
        assert (await store.conversations("u1", None, 10)).items == []
        assert [each.id for each in (await store.conversations("u2", None, 10)).items] == ["c2"]
        assert await store.upload("f1") is None

    async def test_ready(self, store: Store) -> None:
        """A started store is ready."""
        assert await store.ready()
