"""What a durable append costs at best, and what a unit of work costs beside it on the same disk.

    python bench/append.py [--json] [--seconds 2] [--submitters 64 256 1000] [--folder DIR]

The raw append is the least a store can do: read a state, insert a log row (unique by its
message key), update the state; one thread commits
everything that waits together, to a WAL database with synchronous=FULL. No structs, no checks, no promises kept.
"""

import argparse
import asyncio
import itertools
import json
import queue
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import uvloop
from msgspec.structs import replace

from openhandover.core.model import Conversation, Entry, User
from openhandover.store.port import Changes, Loaded, Unit
from openhandover.store.sqlite import SqliteStore

DATA = msgspec.Raw(
    msgspec.json.encode(
        {
            "id": "msg_0123456789abcdef",
            "seq": 12,
            "author": "user",
            "text": "My parcel was to come on Tuesday, but it is Friday now and nobody has rung the bell.",
            "at": "2026-01-05T10:00:00.000Z",
            "attachments": [],
            "delivery": {"state": "pending", "attempts": 0},
        }
    )
)
STATE = Conversation(
    id="", channel="web", user=User("user_0123456789", "Anna", "anna@example.com"), created_at=1767600000.0,
    context={"order": "A-1234", "page": "/orders/A-1234"},
)  # fmt: skip


class RawAppend:
    """Three statements per append, group-committed by one thread."""

    def __init__(self, path: Path, conversations: int) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE conversation (id TEXT PRIMARY KEY, state BLOB NOT NULL, seq INTEGER NOT NULL)",
            "CREATE TABLE log (conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, data BLOB NOT NULL,"
            " key TEXT, PRIMARY KEY (conversation_id, seq), UNIQUE (conversation_id, key))",
        ):
            self._connection.execute(statement)
        self._state = msgspec.json.encode(STATE)
        rows = [(name(n), self._state, 0) for n in range(conversations)]
        self._connection.execute("BEGIN")
        self._connection.executemany("INSERT INTO conversation VALUES (?, ?, ?)", rows)
        self._connection.execute("COMMIT")
        self._queue: queue.SimpleQueue[tuple[str, asyncio.Future[None]] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    async def append(self, conversation_id: str) -> None:
        """One durable append."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((conversation_id, future))
        await future

    def _work(self) -> None:
        data, execute = bytes(DATA), self._connection.execute
        while (first := self._queue.get()) is not None:
            batch = [first]
            while not self._queue.empty() and len(batch) < 2000:
                if (more := self._queue.get()) is not None:
                    batch.append(more)
            execute("BEGIN IMMEDIATE")
            for conversation_id, _ in batch:
                (_, seq) = execute(
                    "SELECT state, seq FROM conversation WHERE id = ?", (conversation_id,)
                ).fetchone()
                row = (conversation_id, seq + 1, 1767600000.0, data, f"user:{seq + 1}")
                execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", row)
                execute(
                    "UPDATE conversation SET state = ?, seq = ? WHERE id = ?",
                    (self._state, seq + 1, conversation_id),
                )
            execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [future for _, future in batch])

    async def stop(self) -> None:
        """End the thread."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()


def _answer(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def name(n: int) -> str:
    """The id of the n-th conversation."""
    return f"conv_{n:020d}"


def message(conversation_id: str, number: int) -> Unit:
    """A typical unit: one message more, known by its key."""
    key = f"user:{number}"

    def accept(loaded: Loaded) -> Changes:
        before = loaded.conversation
        assert before is not None
        assert loaded.message is None
        state = replace(before, seq=before.seq + 1, user_last=before.seq + 1)
        entry = Entry(
            before.id, state.seq, "message.created", 1767600000.0, "bot", 1, DATA, to_bot=True, key=key
        )
        return Changes(state, (entry,))

    return Unit(conversation_id, accept, message_key=key)


async def rate(
    append: Callable[[str], Awaitable[object]], submitters: int, conversations: int, seconds: float
) -> float:
    """Appends per second, each submitter waiting for its own before the next."""
    until = time.perf_counter() + seconds
    done = 0

    async def submit(first: int) -> None:
        nonlocal done
        n = first
        while time.perf_counter() < until:
            await append(name(n % conversations))
            done += 1
            n += submitters

    began = time.perf_counter()
    await asyncio.gather(*(submit(n) for n in range(submitters)))
    return done / (time.perf_counter() - began)


async def raw_rate(folder: Path, submitters: int, conversations: int = 1000, seconds: float = 2.0) -> float:
    """Raw appends per second; also the measure for other benches."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        raw = RawAppend(Path(place) / "raw.db", conversations)
        try:
            return await rate(raw.append, submitters, conversations, seconds)
        finally:
            await raw.stop()


async def transact_rate(
    folder: Path, submitters: int, conversations: int = 1000, seconds: float = 2.0
) -> float:
    """Units of work per second."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = SqliteStore(Path(place) / "store.db")
        await store.start()
        try:
            begin = [
                Unit(name(n), lambda _, n=n: Changes(replace(STATE, id=name(n))))
                for n in range(conversations)
            ]
            await asyncio.gather(*(store.transact(unit) for unit in begin))

            numbers = itertools.count()

            async def append(conversation_id: str) -> object:
                return await store.transact(message(conversation_id, next(numbers)))

            return await rate(append, submitters, conversations, seconds)
        finally:
            await store.stop()


async def measure(folder: Path, submitters: int, conversations: int, seconds: float) -> dict[str, float]:
    """Both, three times in turns, as medians, with their ratio."""
    raw: list[float] = []
    ours: list[float] = []
    for _ in range(3):
        raw.append(await raw_rate(folder, submitters, conversations, seconds))
        ours.append(await transact_rate(folder, submitters, conversations, seconds))
    best, own = statistics.median(raw), statistics.median(ours)
    return {
        "submitters": submitters, "conversations": conversations,
        "raw_per_s": round(best), "transact_per_s": round(own), "ratio": round(own / best, 3),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of each run")
    parser.add_argument("--submitters", type=int, nargs="+", default=[64, 256, 1000])
    parser.add_argument("--conversations", type=int, default=1000)
    parser.add_argument(
        "--folder", type=Path, default=Path.cwd(), help="where the databases lie; its disk is measured"
    )
    asked = parser.parse_args()
    found = [
        uvloop.run(measure(asked.folder, submitters, asked.conversations, asked.seconds))
        for submitters in asked.submitters
    ]
    if asked.json:
        print(json.dumps({"append": found}, indent=2))
        return
    for row in found:
        print(
            f"{row['submitters']:5} submitters: raw {row['raw_per_s']:6}/s, "
            f"transact {row['transact_per_s']:6}/s, ratio {row['ratio']:.2f}"
        )


if __name__ == "__main__":
    main()
