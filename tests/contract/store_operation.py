"""What every store promises to whoever reports, forgets and operates; part of `StoreSuite`."""

import msgspec
from msgspec.structs import replace

from openhandover.core.model import Status
from openhandover.core.view import message_of
from openhandover.store.port import (
    Claim,
    HandoverRow,
    Parked,
    Store,
    Upload,
    VendorCall,
)
from tests.contract.store_units import (
    START,
    create,
    handover,
    keep,
    say,
    texts,
    update,
)


class StoreOperation:
    """What the reports, the forgetting and the operation promise."""

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
        gone = await store.purge(
            claims_before=0, parked_before=0, messages_before=START + 1100, files_before=START + 50
        )
        assert list(gone) == ["f1"]
        assert await store.upload("f1") is None
        assert await store.upload("f2") is not None
        rows = await store.log("c1", 0, 2000)
        assert texts(rows) == [""] * 1100 + [f"secret {n}" for n in range(1100, 1200)]
        files = [msgspec.json.decode(row.entry.data)["attachments"] for row in rows]
        assert files == [[]] * 50 + [[file]] * 1150
        assert [message_of(row.entry).text for row in rows[:1100]] == [""] * 1100
        first = msgspec.json.decode(rows[0].entry.data)
        assert (first["id"], first["author"], first["at"]) == ("m1", "user", "2026-01-05T10:00:00Z")
        kept = await store.handover("h1")
        assert kept is not None
        assert kept.digest is None
        assert (
            await store.purge(
                claims_before=0, parked_before=0, messages_before=START + 1150, files_before=None
            )
            == []
        )
        assert texts(await store.log("c1", 1149, 2)) == ["", "secret 1150"]

    async def test_purge_forgets_what_is_known_of_silent_conversations(self, store: Store) -> None:
        """Context and flow variables go with the last text of a conversation, also where nothing was ever said; where
        somebody spoke since, they stay. Who the user is stays, and so do counts."""
        known = {"context": {"order": "secret"}, "run": '{"vars": "secret"}', "evidence": {"en": 1.0}}
        for n in range(600):
            await store.transact(say(f"c{n}", "secret", at=START))
        await store.transact(create("unspoken", at=START))
        await store.transact(create("young", at=START + 20))
        await store.transact(say("c2", "still here", at=START + 20))
        for name in ("c0", "c1", "c2", "c599", "unspoken", "young"):
            await store.transact(update(name, **known))
        await store.purge(claims_before=0, parked_before=0, messages_before=START + 10, files_before=None)
        for name in ("c0", "c1", "c599", "unspoken"):
            state = await store.conversation(name)
            assert state is not None
            assert (state.context, state.run, state.evidence) == ({}, None, {})
            assert (state.user.id, state.seq) == ("u1", 0 if name == "unspoken" else 1)
        for name in ("c2", "young"):
            state = await store.conversation(name)
            assert state is not None
            assert (state.context, state.run) == (known["context"], known["run"])
        await store.purge(claims_before=0, parked_before=0, messages_before=START + 30, files_before=None)
        for name in ("c2", "young"):
            state = await store.conversation(name)
            assert state is not None
            assert (state.context, state.run) == ({}, None)

    async def test_purge_leaves_an_open_handover_its_flow(self, store: Store) -> None:
        """However long nobody speaks, the flow goes on after the handover; what it knew goes with the texts after its end."""
        known = {"context": {"order": "secret"}, "run": '{"vars": "secret"}'}
        row = handover("h1")
        await store.transact(say("c1", "secret", at=START))
        await store.transact(update("c1", handover=row.handover, **known))
        await store.purge(claims_before=0, parked_before=0, messages_before=START + 10, files_before=None)
        state = await store.conversation("c1")
        assert state is not None
        assert (state.context, state.run) == (known["context"], known["run"])
        ended = replace(row.handover, status=Status.COMPLETED, ended_at=START + 20)
        await store.transact(update("c1", handover=ended))
        await store.transact(say("c1", "bye", at=START + 20))
        await store.purge(claims_before=0, parked_before=0, messages_before=START + 30, files_before=None)
        state = await store.conversation("c1")
        assert state is not None
        assert (state.context, state.run) == ({}, None)

    async def test_vendor_calls_are_kept_for_a_while(self, store: Store) -> None:
        """The last ones of a handover come oldest first; old ones are forgotten with the claims."""

        def call(number: int, handover_id: str = "h1") -> VendorCall:
            return VendorCall(START + number, handover_id, 1, "out", "send", f"POST /{number}", 200, 5)

        await store.add_vendor_calls([call(number) for number in range(4)])
        await store.add_vendor_calls([call(9, "h2")])
        assert [one.target for one in await store.vendor_calls("h1", 3)] == ["POST /1", "POST /2", "POST /3"]
        assert await store.vendor_calls("h1", 1) == [call(3)]
        await store.purge(claims_before=START + 2, parked_before=0, messages_before=None, files_before=None)
        assert await store.vendor_calls("h1", 9) == [call(2), call(3)]
        assert await store.vendor_calls("h2", 9) == [call(9, "h2")]

    async def test_purge_forgets_old_claims_and_parked_events(self, store: Store) -> None:
        """Claims and parked events go when they are older than asked, younger ones stay."""
        await store.claim(Claim("s", "old", START, "applied"))
        await store.claim(Claim("s", "young", START + 10, "applied"))
        await store.park(Parked("s", "x1", "old", START, b"1"))
        await store.park(Parked("s", "x1", "young", START + 10, b"2"))
        await store.purge(claims_before=START + 5, parked_before=0, messages_before=None, files_before=None)
        assert await store.claim(Claim("s", "old", START, "applied"))
        assert not await store.claim(Claim("s", "young", START, "applied"))
        assert len(await store.parked("s", "x1")) == 2
        await store.purge(claims_before=0, parked_before=START + 5, messages_before=None, files_before=None)
        assert await store.parked("s", "x1") == [("young", b"2")]

    async def test_purge_forgets_dated_values(self, store: Store) -> None:
        """A value with a date goes when it is older than asked; one without, and one put again, stay."""
        await store.put_new("k", "old", b"1", at=START)
        await store.put("k", "renewed", b"1", at=START)
        await store.put("k", "renewed", b"2", at=START + 10)
        await store.put("k", "for good", b"1")
        await store.purge(claims_before=START + 5, parked_before=0, messages_before=None, files_before=None)
        assert await store.all("k") == {"for good": b"1", "renewed": b"2"}

    async def test_erase_removes_the_person(self, store: Store) -> None:
        """After erasing a user nothing of them is in states, log or handovers; counts and other users stay."""
        file = {"id": "f1", "name": "Anna.png", "content_type": "image/png", "size": 3, "url": "x"}
        await store.transact(say("c1", "I am Anna", author_name="Anna", attachments=[file]))
        await store.transact(say("c1", "still Anna", message_id="Anna-2"))
        await store.transact(update("c1", context={"name": "Anna"}, handover=handover("h1").handover))
        await store.transact(keep(HandoverRow(handover("h1").handover, "web", "en", b'"Anna"')))
        await store.add_upload(Upload("f1", "Anna.png", "image/png", 3, START, "aa"))
        await store.transact(create("c2", user="u2"))
        await store.add_vendor_calls([VendorCall(START, "h1", 1, "out", "send", "POST /", 400, 5, "Anna?")])
        assert list(await store.erase("u1")) == ["f1"]
        assert list(await store.vendor_calls("h1", 9)) == []
        state, row, log = (
            await store.conversation("c1"),
            await store.handover("h1"),
            await store.log("c1", 0, 10),
        )
        assert state is not None
        assert row is not None
        assert [message_of(each.entry).text for each in log] == ["", ""]
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
