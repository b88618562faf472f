"""The embedded store: the promises of every store, and what is its own."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from msgspec.structs import replace

from openhandover.core.model import Conversation, Status
from openhandover.store.port import Changes, Claim, HandoverRow, Loaded, Store, StoreError, Unit
from openhandover.store.sqlite import SqliteStore
from openhandover.store.sqlite.migrate import MIGRATIONS, migrate, scripts
from tests.contract.store_suite import StoreSuite
from tests.contract.store_units import Opener, create, handover, keep, said, say, texts, update

CHILD = Path(__file__).with_name("child.py")
ROOT = Path(__file__).parents[2]


class TestSqlite(StoreSuite):
    """The contract on a file."""

    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[Opener]:
        """Stores on one file in the test's folder."""
        async with contextlib.AsyncExitStack() as stack:

            async def opened() -> Store:
                store = SqliteStore(tmp_path / "test.db")
                await store.start()
                stack.push_async_callback(store.stop)
                return store

            yield opened


class TestSqliteWithoutMemory(TestSqlite):
    """The contract again with room for two states in memory, so that nearly all come from the file."""

    @pytest.fixture
    async def open_store(self, tmp_path: Path) -> AsyncIterator[Opener]:
        """As above, with a tiny cache."""
        async with contextlib.AsyncExitStack() as stack:

            async def opened() -> Store:
                store = SqliteStore(tmp_path / "test.db", cached=2)
                await store.start()
                stack.push_async_callback(store.stop)
                return store

            yield opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A started store on `test.db`."""
    store = SqliteStore(tmp_path / "test.db")
    await store.start()
    yield store
    await store.stop()


# --- memory


async def test_evicted_states_come_back_as_they_were(tmp_path: Path) -> None:
    """With more conversations than memory, every unit still sees the newest state, and memory stays bounded."""
    store = SqliteStore(tmp_path / "test.db", cached=5)
    await store.start()
    for _ in range(4):
        found = await asyncio.gather(*(store.transact(say(f"c{n}", "t")) for n in range(40)))
    assert {each.result for each in found} == {4}
    assert len(store._cache) == 5
    await store.stop()


# --- forgetting


async def test_nothing_of_an_erased_user_is_in_any_table(store: SqliteStore, tmp_path: Path) -> None:
    """After an erase no table holds the user's words, not even in the kept vendor events."""
    await store.transact(say("c1", "I am Anna", author_name="Anna"))
    await store.transact(keep(HandoverRow(handover("h1").handover, "web", "en", b'"Anna"')))
    await store.claim(Claim("support", "e1", 1.0, "late", "h1", "message", b"Anna was here"))
    await store.erase("u1")
    with contextlib.closing(sqlite3.connect(tmp_path / "test.db")) as other:
        tables = [row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        everything = repr([other.execute(f"SELECT * FROM {table}").fetchall() for table in tables])
    assert "Anna" not in everything
    assert "u1" not in everything


async def test_what_a_handover_said_and_carried_is_forgotten_with_its_user(
    store: SqliteStore, tmp_path: Path
) -> None:
    """The rendered texts and routing keys of an ended handover hold names and addresses."""
    known = handover("h1").handover
    ended = replace(
        known,
        status=Status.TRANSFERRED,
        chain=tuple(replace(one, route={"user_name": "Anna"}) for one in known.chain),
        settings=replace(known.settings, message="Welcome, Anna", failure="Sorry, Anna"),
    )
    await store.transact(say("c1", "hello"))
    await store.transact(update("c1", handover=ended))
    await store.transact(keep(HandoverRow(ended, "web", "en", b"")))
    await store.erase("u1")
    state, row = await store.conversation("c1"), await store.handover("h1")
    assert row is not None
    assert (row.handover.status, row.handover.chain[0].provider) == (
        Status.TRANSFERRED,
        known.chain[0].provider,
    )
    assert "Anna" not in repr((state, row))


# --- one process


async def test_a_second_store_is_refused(store: SqliteStore, tmp_path: Path) -> None:
    """A database in use is refused with the holder's process id, and the first user notices nothing."""
    with pytest.raises(StoreError, match=rf"in use by process {os.getpid()}\b"):
        await SqliteStore(tmp_path / "test.db").start()
    await store.transact(say("c1", "a"))


async def test_a_stopped_store_can_be_opened_again(store: SqliteStore, tmp_path: Path) -> None:
    """Stopping lets the next one in, and stops taking units."""
    await store.stop()
    with pytest.raises(StoreError):
        await store.transact(say("c1", "a"))
    again = SqliteStore(tmp_path / "test.db")
    await again.start()
    await again.stop()


async def test_stop_finishes_what_was_submitted(store: SqliteStore) -> None:
    """Units submitted before the stop are committed and answered."""
    tasks = [asyncio.create_task(store.transact(say("c1", "a"))) for _ in range(100)]
    await asyncio.sleep(0)
    await store.stop()
    assert [each.result for each in await asyncio.gather(*tasks)] == list(range(1, 101))


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A database in a folder that does not exist is refused with the folder's name."""
    with pytest.raises(StoreError, match="nowhere does not exist"):
        await SqliteStore(tmp_path / "nowhere" / "test.db").start()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of something else is refused, untouched, and not left locked."""
    path = tmp_path / "test.db"
    path.write_bytes(b"no database " * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="cannot open"):
            await SqliteStore(path).start()
    assert path.read_bytes() == b"no database " * 1000


# --- kill -9


def _acknowledged(output: BinaryIO, lines: int) -> dict[str, int]:
    last: dict[str, int] = {}
    for _ in range(lines):
        conversation, n = output.readline().split()
        last[conversation.decode()] = int(n)
    return last


def _write_until_killed(path: Path, lines: int) -> dict[str, int]:
    """The last message of each conversation that the killed process was sure of."""
    command = [sys.executable, str(CHILD), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as child:
        output = cast(BinaryIO, child.stdout)
        last = _acknowledged(output, lines)
        with pytest.raises(StoreError, match=f"in use by process {child.pid}"):
            asyncio.run(SqliteStore(path).start())
        child.send_signal(signal.SIGKILL)
        for line in output.read().splitlines():
            conversation, _, n = line.decode().partition(" ")
            if n:  # the very last line may be cut off
                last[conversation] = max(last.get(conversation, 0), int(n))
    return last


async def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    """A second process is refused while the first lives; after kill -9 under load, everything acknowledged is there,
    in order, once, and the dead process's lock is no obstacle."""
    path = tmp_path / "test.db"
    for round_ in range(3):
        last = await asyncio.to_thread(_write_until_killed, path, 500 + 300 * round_)
        store = SqliteStore(path)
        await store.start()
        for conversation, n in last.items():
            state = cast(Conversation, await store.conversation(conversation))
            rows = await store.log(conversation, 0, 1_000_000)
            assert [row.entry.seq for row in rows] == list(range(1, state.seq + 1))
            assert [row.entry.key for row in rows] == [f"user:{m}" for m in range(state.seq)]
            assert state.seq > n
        await store.stop()


# --- a full disk


async def test_a_full_disk_fails_units_and_then_recovers(store: SqliteStore) -> None:
    """When the database cannot grow, units fail with a StoreError and nothing of them stays, not even in memory;
    once there is room, work goes on."""
    await store.transact(create("c1"))
    connection = store._connection
    assert connection is not None
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = await asyncio.gather(
        *(store.transact(say("c1", "x" * 5000)) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(each, StoreError) for each in results)
    state = await store.conversation("c1")
    assert state is not None
    assert state.seq == 0
    connection.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert (await store.transact(say("c1", "a"))).result == 1
    assert await store.ready()


async def test_a_duplicate_that_only_the_table_sees_fails_alone(store: SqliteStore, tmp_path: Path) -> None:
    """A violated constraint costs its own unit; units of the same transaction are saved, each seeing the one before."""
    await store.transact(say("c1", "a"))
    with contextlib.closing(sqlite3.connect(tmp_path / "test.db")) as other:
        other.execute("CREATE UNIQUE INDEX once ON log (json_extract(data, '$.text'))")

    def echo(loaded: Loaded) -> Changes:
        state = cast(Conversation, loaded.conversation)
        entry = said(state, "a")
        return Changes(replace(state, seq=entry.seq), (entry,))

    units = [say("c1", "b"), Unit("c1", echo), say("c1", "c"), say("c2", "d"), update("c1", language="nl")]
    results = await asyncio.gather(*(store.transact(unit) for unit in units), return_exceptions=True)
    assert [isinstance(each, StoreError) for each in results] == [False, True, False, False, False]
    assert texts(await store.log("c1", 0, 10)) == ["a", "b", "c"]
    state = await store.conversation("c1")
    assert state is not None
    assert (state.seq, state.language) == (3, "nl")


# --- back-up


async def test_a_backup_is_one_moment_of_a_busy_database(store: SqliteStore, tmp_path: Path) -> None:
    """A copy taken under load opens, is consistent, and holds everything answered before it began."""
    stopped = False

    async def write(conversation_id: str) -> None:
        while not stopped:
            await store.transact(say(conversation_id, "t" * 500))

    await asyncio.gather(*(store.transact(say(f"c{n}", "first")) for n in range(8)))
    writers = [asyncio.create_task(write(f"c{n}")) for n in range(8)]
    await asyncio.sleep(0.2)
    before = [cast(Conversation, await store.conversation(f"c{n}")).seq for n in range(8)]
    await store.backup(str(tmp_path / "copy.db"))
    stopped = True
    await asyncio.gather(*writers)
    copy = SqliteStore(tmp_path / "copy.db")
    await copy.start()
    for n in range(8):
        state = cast(Conversation, await copy.conversation(f"c{n}"))
        assert before[n] <= state.seq
        assert [row.entry.seq for row in await copy.log(f"c{n}", 0, 10**6)] == list(range(1, state.seq + 1))
    await copy.stop()
    assert not (tmp_path / "copy.db.partial").exists()


async def test_a_backup_that_cannot_be_written_is_an_error(store: SqliteStore, tmp_path: Path) -> None:
    """A back-up to an impossible place fails with the place's name."""
    with pytest.raises(StoreError, match=r"back-up to .*nowhere"):
        await store.backup(str(tmp_path / "nowhere" / "copy.db"))


# --- migrations


@pytest.mark.parametrize("version", range(max(scripts())))
async def test_every_earlier_version_is_migrated(version: int, tmp_path: Path) -> None:
    """A database left by any earlier version is brought up to date and works."""
    path = tmp_path / "test.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number in range(1, version + 1):
            connection.executescript(f"BEGIN; {scripts()[number]} PRAGMA user_version = {number}; COMMIT;")
    store = SqliteStore(path)
    await store.start()
    await store.transact(say("c1", "a"))
    await store.stop()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (max(scripts()),)


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A database of a newer program is refused, with both versions named, and left as it is."""
    path = tmp_path / "test.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 4711")
    with pytest.raises(StoreError, match=rf"version 4711, .* up to {max(scripts())}"):
        await SqliteStore(path).start()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (4711,)


def test_a_failing_migration_is_undone(tmp_path: Path) -> None:
    """A migration that fails half-way leaves the version and the tables before it."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_a.sql").write_text("CREATE TABLE a (x);")
    (folder / "0002_b.sql").write_text("CREATE TABLE b (x); CREATE TABLE a (x);")
    with contextlib.closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as connection:
        with pytest.raises(StoreError, match="migration 2 failed"):
            migrate(connection, folder)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_migrations_are_numbered_without_gaps() -> None:
    """The files are numbered 1, 2, 3 ... without gaps or doubles."""
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_third_version_tells_calls_from_texts(tmp_path: Path) -> None:
    """Handovers of phone calls that an earlier version wrote are counted as such."""
    path = tmp_path / "test.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN; {scripts()[1]} {scripts()[2]} PRAGMA user_version = 2; COMMIT;")
        for conversation_id, state in (("c1", b'{"medium":"voice"}'), ("c2", b"{}")):
            connection.execute(
                "INSERT INTO conversation (id, state, user_id, channel, seq, busy, created_at)"
                " VALUES (?, ?, 'u', 'web', 1, 0, 5.0)",
                (conversation_id, state),
            )
            connection.execute(
                "INSERT INTO handover (id, conversation_id, state, status, provider, style, channel, language, initiator,"
                " attempts, requested_at) VALUES (?, ?, '{}', 'queued', 'desk', 'relay', 'web', 'en', 'bot', 1, 6.0)",
                (f"h-{conversation_id}", conversation_id),
            )
        migrate(connection)
        found = connection.execute("SELECT conversation_id, medium FROM handover ORDER BY id").fetchall()
    assert found == [("c1", "voice"), ("c2", "text")]


async def test_the_second_version_takes_over_what_the_first_wrote(tmp_path: Path) -> None:
    """Why a human was wanted, and what came late or twice, is found in columns after the migration."""
    path = tmp_path / "test.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(f"BEGIN; {scripts()[1]} PRAGMA user_version = 1; COMMIT;")
        for conversation_id, state in (("c1", b'{"late":2}'), ("c2", b"{}"), ("c3", b'{"repeated":3}')):
            connection.execute(
                "INSERT INTO conversation VALUES (?, ?, 'u', 'web', 1, NULL, 0, 5.0)",
                (conversation_id, state),
            )
        connection.execute(
            "INSERT INTO handover (id, conversation_id, state, status, provider, style, channel, language, initiator,"
            " attempts, requested_at) VALUES ('h1', 'c1', ?, 'queued', 'desk', 'relay', 'web', 'en', 'bot', 1, 6.0)",
            (b'{"why":"late parcel"}',),
        )
        migrate(connection)
    store = SqliteStore(path)
    await store.start()
    bounds = {"from_at": 0.0, "to_at": 9.0}
    suppressed = await store.report("analytics_suppressed", bounds)
    names = dict.fromkeys(
        ("status", "reason", "why", "provider", "channel", "language", "agent_name", "medium", "providers")
    )
    rows = await store.report("analytics_handovers", {**bounds, **names, "by": "why", "grain_s": 900})
    await store.stop()
    assert suppressed == [{"late_events": 2, "duplicates_suppressed": 3}]
    assert [(row["key"], row["handovers"]) for row in rows] == [("late parcel", 1)]
