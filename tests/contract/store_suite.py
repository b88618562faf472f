"""What every store promises, whatever it is made of. A store's own test file subclasses `StoreSuite` and gives
`open_store`; opening twice must reach the same data."""

import asyncio
from typing import cast

import msgspec
import pytest
from msgspec.structs import replace

from openhandover.core.errors import Refused
from openhandover.core.model import Target
from openhandover.store.port import (
    Changes,
    Claim,
    Cursor,
    Delivered,
    Loaded,
    Mark,
    NeedRecent,
    Store,
    StoreError,
    Unit,
)
from tests.contract.store_operation import StoreOperation
from tests.contract.store_reads import StoreReads
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
)


class StoreSuite(StoreReads, StoreOperation):
    """The promises of `openhandover.store.port`; here those of a unit of work."""

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

        def recall(loaded: Loaded) -> Changes:
            if loaded.recent is None:
                raise NeedRecent(0, 9)
            return Changes(result=texts(loaded.recent))

        await store.transact(create("c1"))
        results = await asyncio.gather(
            store.transact(say("c1", "a")),
            store.transact(Unit("c1", unsayable)),
            store.transact(say("c1", "b")),
            store.transact(Unit("c1", unstorable)),
            store.transact(say("c1", "c")),
            store.transact(Unit("c1", recall)),
            return_exceptions=True,
        )
        assert [isinstance(each, StoreError) for each in results] == [False, True, False, True, False, False]
        assert cast(Changes, results[-1]).result == ["a", "b", "c"]
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
                Cursor("listener", "41", START),
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

    # --- providers that are listened to

    async def test_sessions_to_be_heard(self, store: Store) -> None:
        """Open ones, and those that ended since; of these providers only, each conversation once."""
        for n in range(5):
            await store.transact(create(f"c{n}"))
        for n, ended_at in enumerate((None, START + 9, START + 10, None)):
            row = handover(f"h{n}", conversation_id=f"c{n}")
            await store.transact(keep(replace(row, handover=replace(row.handover, ended_at=ended_at))))
        row = handover("h9", conversation_id="c4")
        other = replace(row.handover, chain=(Target("other"),))
        await store.transact(keep(replace(row, handover=other)))
        asked = {"providers": '["support", "backup"]', "since": START + 10}
        found = await store.report("heard_sessions", asked)
        assert sorted(one["conversation_id"] for one in found) == ["c0", "c2", "c3"]

    async def test_a_dated_cursor_is_forgotten(self, store: Store) -> None:
        """The place in the stream of a session that is long over; that of an everlasting stream stays."""
        for number, cursor in enumerate((Cursor("s1", "4", START), Cursor("all", "7"))):
            await store.transact(
                Unit(f"c{number}", lambda _, it=cursor, n=number: Changes(new(f"c{n}"), cursor=it))
            )
        assert await store.get("cursor", "s1") == b"4"
        await store.purge(claims_before=START + 1, parked_before=0, messages_before=None, files_before=None)
        assert await store.all("cursor") == {"all": b"7"}
