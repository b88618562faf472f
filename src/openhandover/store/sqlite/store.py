"""The embedded store: one SQLite file, one writing thread, a few reading ones."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from openhandover.core.model import Conversation, Entry
from openhandover.store.port import (
    Changes,
    Claim,
    HandoverFilter,
    HandoverRow,
    LogRow,
    Page,
    Parked,
    Receiver,
    StoreError,
    Unit,
    Upload,
    VendorCall,
)
from openhandover.store.sqlite import codec, cursors, retention
from openhandover.store.sqlite.cache import Cache
from openhandover.store.sqlite.lock import Lock
from openhandover.store.sqlite.migrate import migrate
from openhandover.store.sqlite.reader import Reader
from openhandover.store.sqlite.statements import REPORTS, SQL
from openhandover.store.sqlite.writer import Writer

T = TypeVar("T")
_NO_END = 2**62
_READERS = 2


class SqliteStore:
    """The store port on one file. `cached` conversations are kept in memory, a few KiB each."""

    def __init__(self, path: str | Path, *, cached: int = 10_000) -> None:
        self._path = Path(path).resolve()  # one file, one lock, whatever it is called
        self._cache = Cache(cached)
        self._lock: Lock | None = None
        self._connection: sqlite3.Connection | None = None
        self._started: tuple[Writer, Reader] | None = None

    # --- life

    async def start(self) -> None:
        """Lock, open and migrate; `StoreError` says what is in the way."""
        self._connection = await asyncio.to_thread(self._open)
        loop = asyncio.get_running_loop()
        self._started = (Writer(self._connection, self._cache, loop), Reader(self._path, _READERS, loop))

    def _open(self) -> sqlite3.Connection:
        if not self._path.parent.is_dir():
            raise StoreError(f"the folder {self._path.parent} does not exist; make it, or change `store`")
        self._lock = Lock(self._path)
        try:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            try:
                _set_up(connection)
                migrate(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            self._release()
            raise StoreError(f"cannot open {self._path}: {error}") from error
        except BaseException:
            self._release()
            raise
        return connection

    def _release(self) -> None:
        if self._lock:
            self._lock.release()
            self._lock = None

    async def stop(self) -> None:
        """Finish what was submitted and let go of the file."""
        if self._started:
            writer, reader = self._started
            await writer.stop()
            await reader.stop()
            self._started = None
        if self._connection:
            await asyncio.to_thread(self._connection.close)
            self._connection = None
        self._release()

    @property
    def _writer(self) -> Writer:
        if self._started is None:
            raise StoreError("the store is not started")
        return self._started[0]

    @property
    def _reader(self) -> Reader:
        if self._started is None:
            raise StoreError("the store is not started")
        return self._started[1]

    # --- units of work

    async def transact(self, unit: Unit) -> Changes:
        """Commit one unit, together with whatever else is waiting."""
        return await self._writer.submit(unit)

    async def _write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return await self._writer.submit(job)

    # --- conversations and their log

    async def conversation(self, conversation_id: str) -> Conversation | None:
        """The committed state."""
        known = self._cache.peek(conversation_id)
        if known is not None:
            return known
        row = await self._reader.row(SQL["conversation"], (conversation_id,))
        return codec.conversation(row[0]) if row else None

    async def conversations(self, user_id: str | None, cursor: str | None, limit: int) -> Page[Conversation]:
        """Newest first."""
        at, last_id = cursors.read(cursor)
        name = "conversations" if user_id is None else "conversations_of_user"
        parameters: dict[str, Any] = {"at": at, "id": last_id, "limit": limit + 1}
        if user_id is not None:
            parameters["user_id"] = user_id
        rows = await self._reader.rows(SQL[name], parameters)
        return Page([codec.conversation(row[2]) for row in rows[:limit]], cursors.after(rows, limit))

    async def log(
        self,
        conversation_id: str,
        after: int,
        limit: int,
        *,
        until: int | None = None,
        messages_only: bool = False,
    ) -> Sequence[LogRow]:
        """Entries with after < seq <= until, in order."""
        last = _NO_END if until is None else until
        sql = SQL["messages" if messages_only else "log"]
        return [
            codec.log_row(row) for row in await self._reader.rows(sql, (conversation_id, after, last, limit))
        ]

    async def lane(
        self, conversation_id: str, receiver: Receiver, after: int, limit: int, *, agent_lane: int = 0
    ) -> Sequence[Entry]:
        """Entries due to one receiver, in order."""
        which = (agent_lane,) if receiver == "agent" else ()
        rows = await self._reader.rows(SQL[f"lane_{receiver}"], (conversation_id, after, *which, limit))
        return [codec.entry(row) for row in rows]

    async def tail(self, conversation_id: str, until: int, limit: int) -> Sequence[LogRow]:
        """The last messages up to a seq, oldest first."""
        rows = await self._reader.rows(SQL["tail"], (conversation_id, until, limit))
        return [codec.log_row(row) for row in reversed(rows)]

    async def message(self, conversation_id: str, key: str) -> LogRow | None:
        """The entry with this message key."""
        row = await self._reader.row(SQL["message"], (conversation_id, key))
        return codec.log_row(row) if row else None

    async def session(self, provider: str, external_id: str) -> str | None:
        """What a vendor session belongs to."""
        row = await self._reader.row(SQL["session"], (provider, external_id))
        return row[0] if row else None

    # --- handovers

    async def handover(self, handover_id: str) -> HandoverRow | None:
        """The handover as last saved."""
        row = await self._reader.row(SQL["handover"], (handover_id,))
        return codec.handover(row) if row else None

    async def handovers(self, where: HandoverFilter, cursor: str | None, limit: int) -> Page[HandoverRow]:
        """Newest first."""
        sql, parameters = _filtered(where)
        at, last_id = cursors.read(cursor)
        parameters |= {"at": at, "id": last_id, "limit": limit + 1}
        rows = await self._reader.run(lambda connection: connection.execute(sql, parameters).fetchall())
        return Page([codec.handover(row[2:]) for row in rows[:limit]], cursors.after(rows, limit))

    # --- due work

    async def busy(self, after: str | None, limit: int) -> Sequence[str]:
        """Ids of conversations with work in a lane, by id."""
        return [row[0] for row in await self._reader.rows(SQL["busy"], (after or "", limit))]

    async def wakes(self, until_at: float, limit: int) -> Sequence[tuple[str, float]]:
        """Due timers, earliest first."""
        return await self._reader.rows(SQL["wakes"], (until_at, limit))

    async def next_wake(self) -> float | None:
        """When the next timer is due."""
        return (await self._reader.rows(SQL["next_wake"]))[0][0]

    # --- events of unknown sessions

    async def claim(self, claim: Claim) -> bool:
        """Take an event once."""
        return await self._write(lambda c: c.execute(SQL["take_claim"], codec.claim_row(claim)).rowcount == 1)

    async def park(self, parked: Parked) -> None:
        """Keep an event until its session is known; the same event is kept once."""
        row = (parked.provider, parked.external_id, parked.event_id, parked.until_at, parked.event)
        await self._write(lambda c: c.execute(SQL["park"], row))

    async def parked_sessions(self) -> Sequence[tuple[str, str]]:
        """Provider and external id of the sessions for which something is kept."""
        return [(row[0], row[1]) for row in await self._reader.rows(SQL["parked_sessions"], ())]

    async def parked(self, provider: str, external_id: str) -> Sequence[tuple[str, bytes]]:
        """Event ids and events kept for a session, in their order of arrival; they stay until forgotten."""
        rows = await self._reader.rows(SQL["parked"], (provider, external_id))
        return [(row[0], row[1]) for row in rows]

    async def forget_parked(self, provider: str, external_id: str, event_ids: Sequence[str]) -> None:
        """Let go of events that have been taken in."""
        gone = [(provider, external_id, event_id) for event_id in event_ids]
        await self._write(lambda c: c.executemany(SQL["forget_parked"], gone))

    # --- small things by name

    async def get(self, kind: str, name: str) -> bytes | None:
        """The value kept under this name."""
        row = await self._reader.row(SQL["item"], (kind, name))
        return row[0] if row else None

    async def put(self, kind: str, name: str, value: bytes, *, at: float | None = None) -> None:
        """Keep a value."""
        await self._write(lambda c: c.execute(SQL["save_item"], (kind, name, value, at)))

    async def put_new(self, kind: str, name: str, value: bytes, *, at: float | None = None) -> bytes:
        """Keep a value unless there is one."""

        def keep(connection: sqlite3.Connection) -> bytes:
            connection.execute(SQL["save_new_item"], (kind, name, value, at))
            return connection.execute(SQL["item"], (kind, name)).fetchone()[0]

        return await self._write(keep)

    async def add_vendor_calls(self, calls: Sequence[VendorCall]) -> None:
        """Keep what was said to and by contact centres."""
        rows = [(call.handover_id, call.at, codec.encode(call)) for call in calls]
        await self._write(lambda connection: connection.executemany(SQL["add_vendor_call"], rows))

    async def vendor_calls(self, handover_id: str, limit: int) -> Sequence[VendorCall]:
        """The last ones of a handover, oldest first."""
        rows = await self._reader.rows(SQL["vendor_calls"], (handover_id, limit))
        return [msgspec.json.decode(data, type=VendorCall) for (data,) in reversed(rows)]

    async def all(self, kind: str) -> Mapping[str, bytes]:
        """All values of a kind, by name."""
        return dict(await self._reader.rows(SQL["items"], (kind,)))

    # --- files

    async def upload(self, upload_id: str) -> Upload | None:
        """What we know of a file."""
        row = await self._reader.row(SQL["upload"], (upload_id,))
        return Upload(*row) if row else None

    async def add_upload(self, upload: Upload) -> Upload:
        """Register a file once."""

        def add(connection: sqlite3.Connection) -> Upload:
            connection.execute(SQL["save_upload"], codec.upload_row(upload))
            return Upload(*connection.execute(SQL["upload"], (upload.id,)).fetchone())

        return await self._write(add)

    # --- reports, retention, operation

    async def report(self, name: str, parameters: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Run a query of `reports.sql`."""
        sql = REPORTS[name]

        def run(connection: sqlite3.Connection) -> list[dict[str, Any]]:
            found = connection.execute(sql, parameters)
            columns = [column[0] for column in found.description]
            return [dict(zip(columns, row, strict=True)) for row in found]

        return await self._reader.run(run)

    async def purge(
        self,
        *,
        claims_before: float,
        parked_before: float,
        messages_before: float | None,
        files_before: float | None,
    ) -> Sequence[str]:
        """Forget what is older than these times, a part at a time so that other writes pass in between."""
        if messages_before is not None:
            await retention.forget_contexts(self._write, self.transact, messages_before)
        return await retention.purge(
            self._write,
            claims_before=claims_before,
            parked_before=parked_before,
            messages_before=messages_before,
            files_before=files_before,
        )

    async def erase(self, user_id: str) -> Sequence[str]:
        """Take a user's words and names out of everything."""
        ids = [row[0] for row in await self._reader.rows(SQL["ids_of_user"], (user_id,))]
        files: list[str] = []
        for conversation_id in ids:
            await self.transact(Unit(conversation_id, retention.forget_user))
            files += await self._write(retention.forgetting_log(conversation_id))
        return files

    async def backup(self, path: str) -> None:
        """Copy the database as it is now to `path`, while it is being used; an older copy there is replaced."""
        await self._reader.run(lambda connection: copy_to(connection, Path(path)))

    async def ready(self) -> bool:
        """Whether a write gets through."""
        try:
            await self._write(lambda c: c.execute(SQL["touch"]))
        except StoreError:
            return False
        return True


def _set_up(connection: sqlite3.Connection) -> None:
    for pragma in (
        "busy_timeout = 5000",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = OFF",
        "cache_size = -65536",
        "wal_autocheckpoint = 4000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _filtered(where: HandoverFilter) -> tuple[str, dict[str, Any]]:
    """The list query with only the conditions that are asked for."""
    parameters: dict[str, Any] = {f"status{n}": str(status) for n, status in enumerate(where.status)}
    conditions = [f"status IN ({', '.join(f':{name}' for name in parameters)})"] if parameters else []
    for value, name, condition in (
        (where.provider, "provider", "provider = :provider"),
        (where.channel, "channel", "channel = :channel"),
        (where.from_at, "from_at", "requested_at >= :from_at"),
        (where.to_at, "to_at", "requested_at < :to_at"),
        (where.conversation_id, "conversation_id", "conversation_id = :conversation_id"),
    ):
        if value is not None:
            parameters[name] = value
            conditions.append(condition)
    return SQL["handovers"].replace(
        "/* conditions */", "".join(f"AND {each} " for each in conditions)
    ), parameters


def copy_to(connection: sqlite3.Connection, path: Path) -> None:
    """One step, so that it is the database at one moment; into place only when complete and on the disk."""
    partial = path.with_name(path.name + ".partial")
    try:
        with contextlib.closing(sqlite3.connect(partial)) as copy:
            connection.backup(copy)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except (sqlite3.Error, OSError) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(f"the back-up to {path} failed: {error}") from error
