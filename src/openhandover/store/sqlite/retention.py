"""Forgetting: old texts by retention, and everything of one user on request. Rows stay, so that counts stay true."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from openhandover.core.model import Handover, User
from openhandover.store.port import ERASED, Changes, Loaded, Unit
from openhandover.store.sqlite import codec
from openhandover.store.sqlite.statements import SQL

Write = Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]
Transact = Callable[[Unit], Awaitable[Changes]]
_PART = 500
"""Rows per transaction: a few milliseconds, so that nobody waits for a clean-up."""
_KEPT = frozenset(
    {
        "id", "seq", "author", "at", "to", "late", "message_id", "floor", "epoch", "conversation_id", "provider",
        "style", "status", "reason", "ended_by", "initiator", "attempt", "inactivity_count",
        "requested_at", "queued_at", "active_at", "ended_at",
    }
)  # fmt: skip
"""What of an entry's data says nothing about the person."""

_BARE: dict[str, Any] = {
    "text": "", "translation": None, "attachments": [], "delivery": {"state": "pending", "attempts": 0}
}  # fmt: skip
"""What a message always has, with nothing in it."""


def _is_message(kind: str) -> bool:
    return kind in {"message.created", "message.imported"}


def scrubbed(kind: str, data: bytes) -> bytes:
    """The entry's data without texts, names and files."""
    fields: dict[str, Any] = msgspec.json.decode(data)
    kept = {name: value for name, value in fields.items() if name in _KEPT}
    return codec.encode({**kept, **_BARE} if _is_message(kind) else kept)


def _without_text(kind: str, data: bytes) -> bytes:
    """As `scrubbed`, but a message keeps its files."""
    fields: dict[str, Any] = msgspec.json.decode(data)
    files = {"attachments": fields["attachments"]} if fields.get("attachments") else {}
    return codec.encode({**msgspec.json.decode(scrubbed(kind, data)), **files})


def _without_files(kind: str, data: bytes) -> bytes:
    if not _is_message(kind) or b'"attachments":[{' not in data:
        return data
    return codec.encode({**msgspec.json.decode(data), "attachments": []})


# --- by retention


async def purge(
    write: Write,
    *,
    claims_before: float,
    parked_before: float,
    messages_before: float | None,
    files_before: float | None,
) -> Sequence[str]:
    """See the port. Each part is a transaction of its own; what was done is remembered, so a next run goes on there."""
    await write(lambda connection: connection.execute(SQL["forget_late_parked"], (parked_before,)))
    for forget in ("forget_claims", "forget_items", "forget_vendor_calls"):
        while await write(_forget(forget, claims_before)):
            pass
    if messages_before is not None:
        while await write(_walk("messages", messages_before, _without_text)):
            pass
        while await write(_forget_digests(messages_before)):
            pass
    files: list[str] = []
    if files_before is not None:
        while await write(_walk("files", files_before, _without_files)):
            pass
        while part := await write(_forget_uploads(files_before)):
            files += part
    return files


def _walk(
    what: str, before: float, scrub: Callable[[str, bytes], bytes]
) -> Callable[[sqlite3.Connection], bool]:
    """Scrub the next part of the log, in order of arrival, up to the first entry that is young enough."""

    def part(connection: sqlite3.Connection) -> bool:
        row = connection.execute(SQL["item"], ("purged", what)).fetchone()
        last = int(row[0]) if row else 0
        more = False
        for n, kind, at, data in connection.execute(SQL["walk_log"], (last, _PART)).fetchall():
            more = at < before
            if not more:
                break
            last = n
            clean = scrub(kind, data)
            if clean != data:
                connection.execute(SQL["scrub_entry"], (clean, n))
        connection.execute(SQL["save_item"], ("purged", what, str(last).encode(), None))
        return more

    return part


def _forget(statement: str, before: float) -> Callable[[sqlite3.Connection], int]:
    return lambda connection: connection.execute(SQL[statement], (before, _PART)).rowcount


def _forget_digests(before: float) -> Callable[[sqlite3.Connection], int]:
    def part(connection: sqlite3.Connection) -> int:
        rows = connection.execute(SQL["old_digests"], (before, _PART)).fetchall()
        connection.executemany(SQL["forget_digest"], [(handover_id,) for (handover_id,) in rows])
        return len(rows)

    return part


def _forget_uploads(before: float) -> Callable[[sqlite3.Connection], list[str]]:
    def part(connection: sqlite3.Connection) -> list[str]:
        ids = [row[0] for row in connection.execute(SQL["old_uploads"], (before, _PART))]
        connection.executemany(SQL["forget_upload"], [(upload_id,) for upload_id in ids])
        return ids

    return part


async def forget_contexts(write: Write, transact: Transact, before: float) -> None:
    """What a conversation knows beside its texts goes with the last of them: context, flow variables. How far we are is
    saved after the states, so that a crash leaves none out."""
    while part := await write(partial(_silent, before)):
        await _forget_context(
            transact, [(each_id, seq) for _, _, each_id, seq in part if each_id is not None]
        )
        await write(partial(_save_place, "ends", part[-1][0]))
    unspoken = await write(lambda connection: _unspoken(before, connection))
    await _forget_context(transact, unspoken)
    await write(partial(_save_place, "unspoken", before))


def _silent(before: float, connection: sqlite3.Connection) -> list[Any]:
    """The next part of the log, up to the first entry that is young enough."""
    rows = connection.execute(SQL["walk_ends"], (int(_place("ends", connection)), _PART)).fetchall()
    young = next((number for number, row in enumerate(rows) if row[1] >= before), len(rows))
    return rows[:young]


def _unspoken(before: float, connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(SQL["unspoken"], (_place("unspoken", connection), before)).fetchall()


def _place(what: str, connection: sqlite3.Connection) -> float:
    row = connection.execute(SQL["item"], ("purged", what)).fetchone()
    return float(row[0]) if row else 0.0


def _save_place(what: str, place: float, connection: sqlite3.Connection) -> None:
    connection.execute(SQL["save_item"], ("purged", what, str(place).encode(), None))


async def _forget_context(transact: Transact, found: Sequence[tuple[str, int]]) -> None:
    for start in range(0, len(found), _PART):
        units = [Unit(each_id, partial(_bare, seq)) for each_id, seq in found[start : start + _PART]]
        await asyncio.gather(*map(transact, units))


def _bare(seq: int, loaded: Loaded) -> Changes:
    """The conversation without what it was about, unless somebody has spoken meanwhile. An open handover keeps it: the
    flow goes on after it, and its end is an entry that brings the conversation here again."""
    before = loaded.conversation
    if before is None or before.seq != seq or before.open_handover:
        return Changes()
    return Changes(conversation=replace(before, context={}, evidence={}, run=None))


# --- by user


def forget_user(loaded: Loaded) -> Changes:
    """The conversation without its person; what is still under way goes on."""
    before = loaded.conversation
    if before is None:
        return Changes()
    call = before.call and replace(before.call, from_="", to="")
    handover = before.handover and _forgotten(before.handover)
    return Changes(
        conversation=replace(
            before, user=User(ERASED), context={}, call=call, evidence={}, run=None, handover=handover
        )
    )


def _forgotten(handover: Handover) -> Handover:
    if not handover.is_open:  # an open one still needs where it goes and what it says
        handover = replace(
            handover,
            chain=tuple(replace(target, route={}) for target in handover.chain),
            settings=replace(handover.settings, message="", accepted="", failure="", rating_text=""),
        )
    return replace(
        handover,
        why=None,
        error_message=None,
        agent=None,
        agents=(),
        rating=handover.rating and replace(handover.rating, comment=None),
    )


def forgetting_log(conversation_id: str) -> Callable[[sqlite3.Connection], list[str]]:
    """The job that scrubs a conversation's log and handovers; answers the ids of its files."""

    def forget(connection: sqlite3.Connection) -> list[str]:
        files: list[str] = []
        for n, kind, _, data in connection.execute(SQL["conversation_log"], (conversation_id,)).fetchall():
            if _is_message(kind):
                files += [file["id"] for file in msgspec.json.decode(data).get("attachments", ())]
            connection.execute(SQL["scrub_entry"], (scrubbed(kind, data), n))
        for handover_id, state in connection.execute(
            SQL["handovers_of_conversation"], (conversation_id,)
        ).fetchall():
            clean = codec.encode(_forgotten(msgspec.json.decode(state, type=Handover)))
            connection.execute(SQL["scrub_handover"], (clean, handover_id))
            connection.execute(SQL["scrub_claims"], (handover_id,))
            connection.execute(SQL["erase_vendor_calls"], (handover_id,))
        connection.executemany(SQL["forget_upload"], [(upload_id,) for upload_id in files])
        return files

    return forget
