"""Reads: a few threads, each with a connection of its own. A read begun after a commit sees it."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from openhandover.store.port import StoreError
from openhandover.store.sqlite import answers

T = TypeVar("T")
Parameters = Sequence[Any] | Mapping[str, Any]
Query = tuple[str, Parameters, answers.Future]


class Reader:
    """Runs queries outside the event loop. Quick ones asked for in one turn of the loop cross to a thread together:
    the crossing costs more than such a query. Long ones have threads of their own."""

    def __init__(self, path: Path, threads: int, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._loop = loop
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._collecting: list[Query] = []
        self._quick = ThreadPoolExecutor(threads, thread_name_prefix="openhandover-read")
        self._long = ThreadPoolExecutor(threads, thread_name_prefix="openhandover-report")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA query_only = 1")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run something that may take long, with a connection that cannot write."""
        return await self._loop.run_in_executor(self._long, lambda: work(self._connection()))

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """All rows of a quick query."""
        future = self._loop.create_future()
        if not self._collecting:
            self._loop.call_soon(self._hand_over)
        self._collecting.append((sql, parameters, future))
        return await future

    async def row(self, sql: str, parameters: Parameters = ()) -> Any | None:
        """The row of a quick query that finds one at most."""
        rows = await self.rows(sql, parameters)
        return rows[0] if rows else None

    def _hand_over(self) -> None:
        queries, self._collecting = self._collecting, []
        if queries:
            self._quick.submit(self._read, queries)

    def _read(self, queries: Sequence[Query]) -> None:
        outcomes: list[answers.Outcome] = []
        for sql, parameters, future in queries:
            try:
                outcomes.append((future, self._connection().execute(sql, parameters).fetchall(), None))
            except (sqlite3.Error, ValueError, OverflowError) as error:
                outcomes.append((future, None, _named(error)))
        self._loop.call_soon_threadsafe(answers.give, outcomes)

    async def stop(self) -> None:
        """Answer what was asked, end the threads and close their connections."""
        self._hand_over()
        await asyncio.to_thread(self._quick.shutdown)
        await asyncio.to_thread(self._long.shutdown)
        for connection in self._connections:
            connection.close()


def _named(error: Exception) -> StoreError:
    named = StoreError(f"the database could not read: {error}")
    named.__cause__ = error
    return named
