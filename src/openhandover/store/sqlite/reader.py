"""Reads: a few threads, each with a connection of its own. A read begun after a commit sees it."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Parameters = Sequence[Any] | Mapping[str, Any]


class Reader:
    """Runs queries outside the event loop."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="openhandover-read")

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
        """Run `work` with a connection that cannot write."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: work(self._connection()))

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """All rows of a query."""
        return await self.run(lambda connection: connection.execute(sql, parameters).fetchall())

    async def row(self, sql: str, parameters: Parameters = ()) -> Any | None:
        """The first row, if any."""
        return await self.run(lambda connection: connection.execute(sql, parameters).fetchone())

    async def stop(self) -> None:
        """End the threads and close their connections."""
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()
