"""The one thread that writes. It takes everything that waits and commits it together."""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from openhandover.store.port import StoreError, Unit
from openhandover.store.sqlite import answers
from openhandover.store.sqlite.answers import Future, Outcome
from openhandover.store.sqlite.batch import Batch, SaveFailed
from openhandover.store.sqlite.cache import Cache

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], Any]
"""A small write beside the units, e.g. a named value."""
Work = tuple[Unit | Job, Future]
_MOST = 2000
"""Units in one transaction: enough to spread the cost of a commit, few enough to answer soon."""


class Writer:
    """Runs units and jobs on `connection` in the order of their submission."""

    def __init__(self, connection: sqlite3.Connection, cache: Cache, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._cache = cache
        self._loop = loop
        self._collecting: list[Work] = []
        self._queue: queue.SimpleQueue[list[Work] | None] = queue.SimpleQueue()
        self._open = True
        self._thread = threading.Thread(target=self._work, name="openhandover-store", daemon=True)
        self._thread.start()

    def submit(self, work: Unit | Job) -> Future:
        """Hand work over; the future is answered after the commit. Everything submitted in one turn of the event
        loop crosses to the thread together."""
        if not self._open:
            raise StoreError("the store is closed")
        future: Future = self._loop.create_future()
        if not self._collecting:
            self._loop.call_soon(self._hand_over)
        self._collecting.append((work, future))
        return future

    def _hand_over(self) -> None:
        if self._collecting:
            self._queue.put(self._collecting)
            self._collecting = []

    async def stop(self) -> None:
        """Finish what was submitted, then end the thread."""
        self._open = False
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    # --- in the thread

    def _work(self) -> None:
        waiting: list[Work] = []
        ending = False
        while waiting or not ending:
            if not waiting:
                ending = self._fetch(waiting, self._queue.get())
            while not self._queue.empty():
                ending = self._fetch(waiting, self._queue.get()) or ending
            batch, waiting = waiting[:_MOST], waiting[_MOST:]
            if batch:
                outcomes = self._transaction(batch)
                self._loop.call_soon_threadsafe(answers.give, outcomes)

    @staticmethod
    def _fetch(waiting: list[Work], more: list[Work] | None) -> bool:
        waiting.extend(more or ())
        return more is None

    def _transaction(self, batch: Sequence[Work]) -> list[Outcome]:
        try:
            return self._together(batch)
        except sqlite3.OperationalError as error:
            return self._failed(batch, error)
        except Exception:  # noqa: BLE001  (one unit's data; found by doing each in its own savepoint)
            self._roll_back(batch)
        try:
            return self._one_by_one(batch)
        except Exception as error:  # noqa: BLE001  (answered to every caller of the batch)
            return self._failed(batch, error)

    def _together(self, batch: Sequence[Work]) -> list[Outcome]:
        self._connection.execute("BEGIN IMMEDIATE")
        changed = Batch(self._connection, self._cache)
        changed.load([work for work, _ in batch if isinstance(work, Unit)])
        outcomes: list[Outcome] = []
        for work, future in batch:
            try:
                if isinstance(work, Unit):
                    outcomes.append((future, changed.run(work), None))
                else:
                    changed.save()
                    outcomes.append((future, work(self._connection), None))
            except (sqlite3.Error, SaveFailed):
                raise
            except Exception as error:  # noqa: BLE001  (the unit's own refusal, for its caller alone)
                outcomes.append((future, None, error))
        changed.save()
        self._connection.execute("COMMIT")
        self._cache.put(changed.changed)
        return outcomes

    def _one_by_one(self, batch: Sequence[Work]) -> list[Outcome]:
        """As `_together`, but each in its own savepoint, so that the tables may refuse a single one. The states
        come from the database: the roll-back before this has dropped them from the cache."""
        self._connection.execute("BEGIN IMMEDIATE")
        outcomes: list[Outcome] = []
        for work, future in batch:
            self._connection.execute("SAVEPOINT one")
            try:
                if isinstance(work, Unit):
                    alone = Batch(self._connection, self._cache)
                    alone.load([work])
                    result = alone.run(work)
                    alone.save()
                else:
                    result = work(self._connection)
            except sqlite3.OperationalError:
                raise
            except Exception as error:  # noqa: BLE001  (for its caller alone)
                self._connection.execute("ROLLBACK TO one")
                outcomes.append((future, None, _named(error)))
            else:
                outcomes.append((future, result, None))
            self._connection.execute("RELEASE one")
        self._connection.execute("COMMIT")
        return outcomes

    def _failed(self, batch: Sequence[Work], error: Exception) -> list[Outcome]:
        self._roll_back(batch)
        outcomes: list[Outcome] = []
        for _, future in batch:
            failure = StoreError(f"the database could not save: {error}")
            failure.__cause__ = error
            outcomes.append((future, None, failure))
        return outcomes

    def _roll_back(self, batch: Sequence[Work]) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        self._cache.drop(work.conversation_id for work, _ in batch if isinstance(work, Unit))


def _named(error: Exception) -> Exception:
    """A database error under our name, everything else as it is."""
    if not isinstance(error, (sqlite3.Error, SaveFailed)):
        return error
    named = StoreError(f"the database refused it: {error}")
    named.__cause__ = error
    return named
