"""What happens inside one transaction: load, decide, save. Later units see what earlier ones changed."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from openhandover.core.model import Conversation
from openhandover.store.port import (
    Changes,
    Claim,
    HandoverRow,
    Loaded,
    LogRow,
    NeedRecent,
    StoreError,
    Unit,
)
from openhandover.store.sqlite import codec
from openhandover.store.sqlite.cache import Cache
from openhandover.store.sqlite.statements import MARK, SQL, for_rows

Pair = tuple[str, str]
_SIZES = (1, 8, 64, 512)


class SaveFailed(Exception):
    """What was taken cannot be saved; whose fault it is shows when each is saved alone."""


class Batch:
    """The units of one transaction, or of one savepoint."""

    def __init__(self, connection: sqlite3.Connection, cache: Cache) -> None:
        self._connection = connection
        self._cache = cache
        self.states: dict[str, Conversation | None] = {}
        self.changed: dict[str, Conversation] = {}
        self._saved: dict[str, Conversation | None] = {}
        self._messages: dict[Pair, LogRow] = {}
        self._handovers: dict[str, HandoverRow] = {}
        self._claims: set[Pair] = set()
        self._new_keys: set[Pair] = set()
        self._unsaved: list[tuple[str, Changes]] = []
        self._unsaved_states: dict[str, Conversation] = {}

    # --- load

    def load(self, units: Sequence[Unit]) -> None:
        """Fetch what the units ask for, one statement per kind."""
        missing: set[str] = set()
        for unit in units:
            conversation_id = unit.conversation_id
            if conversation_id not in self.states:
                known = self._cache.get(conversation_id)
                if known is None:
                    missing.add(conversation_id)
                self.states[conversation_id] = known
        for conversation_id, state in self._find("load_conversations", [(each,) for each in missing]):
            self.states[conversation_id] = codec.conversation(state)
        keys = {(unit.conversation_id, unit.message_key) for unit in units if unit.message_key is not None}
        for row in self._find("load_messages", keys):
            self._keep_message(codec.log_row(row))
        handover_ids = {(unit.handover_id,) for unit in units if unit.handover_id is not None}
        for row in self._find("load_handovers", handover_ids):
            found = codec.handover(row)
            self._handovers[found.handover.id] = found
        self._claims.update(
            self._find("load_claims", {unit.claim for unit in units if unit.claim is not None})
        )

    def _find(self, name: str, wanted: Iterable[tuple[Any, ...]]) -> list[Any]:
        """Rows for many keys; statements come in few sizes (the rest is NULL), so that they stay prepared."""
        keys = list(wanted)
        found: list[Any] = []
        while keys:
            size = next((size for size in _SIZES if size >= len(keys)), _SIZES[-1])
            part, keys = keys[:size], keys[size:]
            values = [value for key in part for value in key]
            values += [None] * ((size - len(part)) * len(part[0]))
            found += self._connection.execute(for_rows(name, size), values).fetchall()
        return found

    def _keep_message(self, row: LogRow) -> None:
        assert row.entry.key is not None
        self._messages[row.entry.conversation_id, row.entry.key] = row

    # --- decide

    def run(self, unit: Unit) -> Changes:
        """Let the unit decide on what is true now, and take its changes in. Whatever it raises leaves no trace."""
        loaded = self._loaded(unit)
        try:
            changes = unit.decide(loaded)
        except NeedRecent as need:
            self.save()
            rows = self._connection.execute(
                SQL["load_recent"], (unit.conversation_id, need.after_seq, need.limit)
            )
            recent = [codec.log_row(row) for row in reversed(rows.fetchall())]
            changes = unit.decide(replace(loaded, recent=recent))
        self._check(unit, changes)
        self._take(unit.conversation_id, changes)
        return changes

    def _loaded(self, unit: Unit) -> Loaded:
        message = None
        if unit.message_key is not None:
            key = (unit.conversation_id, unit.message_key)
            if key in self._new_keys:
                self._reload(key)
            message = self._messages.get(key)
        return Loaded(
            conversation=self.states[unit.conversation_id],
            message=message and message.entry,
            message_delivery=message and message.delivered,
            handover=self._handovers.get(unit.handover_id) if unit.handover_id is not None else None,
            claimed=unit.claim in self._claims,
        )

    def _reload(self, key: Pair) -> None:
        self.save()
        for row in self._connection.execute(SQL["message"], key):
            self._keep_message(codec.log_row(row))

    def _check(self, unit: Unit, changes: Changes) -> None:
        """Refuse what the tables would refuse, as far as it is known without asking: one unit that the tables refuse
        makes every unit of its batch run again on its own."""
        conversation_id = unit.conversation_id
        if changes.conversation is not None and changes.conversation.id != conversation_id:
            raise StoreError("a unit changes its own conversation only")
        before = self.states[conversation_id]
        last = before.seq if before else 0
        for entry in changes.entries:
            if entry.conversation_id != conversation_id or entry.seq <= last:
                raise StoreError(f"log entry {entry.seq} does not follow {last}")
            last = entry.seq
        if changes.entries and (changes.conversation is None or changes.conversation.seq < last):
            raise StoreError("new log entries need a state with their seq")
        keys: set[Pair] = set()
        for entry in changes.entries:
            if entry.key is not None:
                key = (conversation_id, entry.key)
                if key in keys or key in self._new_keys or key in self._messages:
                    raise StoreError("a message key of the conversation was used before")
                keys.add(key)
        if changes.claim is not None and self._claim_taken(changes.claim, unit):
            raise StoreError("the event was claimed before")

    def _claim_taken(self, claim: Claim, unit: Unit) -> bool:
        key = (claim.source, claim.event_id)
        return key in self._claims or (key != unit.claim and bool(self._find("load_claims", [key])))

    def _take(self, conversation_id: str, changes: Changes) -> None:
        if changes.conversation is not None:
            self._saved.setdefault(conversation_id, self.states[conversation_id])
            self.states[conversation_id] = changes.conversation
            self.changed[conversation_id] = changes.conversation
            self._unsaved_states[conversation_id] = changes.conversation
        for entry in changes.entries:
            if entry.key is not None:
                self._new_keys.add((conversation_id, entry.key))
        for row in changes.handovers:
            before = self._handovers.get(row.handover.id)
            if before is not None:
                digest, fingerprint = row.digest or before.digest, row.fingerprint or before.fingerprint
                row = replace(row, digest=digest, fingerprint=fingerprint)
            self._handovers[row.handover.id] = row
        if changes.claim is not None:
            self._claims.add((changes.claim.source, changes.claim.event_id))
        if changes.marks or changes.rewritten:
            # The loaded rows of this conversation are no longer true.
            stale = [key for key in self._messages if key[0] == conversation_id]
            for key in stale:
                del self._messages[key]
                self._new_keys.add(key)
        self._unsaved.append((conversation_id, changes))

    # --- save

    def save(self) -> None:
        """Write everything taken so far into the transaction. `SaveFailed` when the tables or the encoder refuse it;
        `sqlite3.OperationalError` when the disk does."""
        try:
            self._save()
        except sqlite3.OperationalError:
            raise
        except Exception as error:
            raise SaveFailed(str(error)) from error

    def _save(self) -> None:
        unsaved, self._unsaved = self._unsaved, []
        states, self._unsaved_states = self._unsaved_states, {}
        many = self._connection.executemany
        self._save_states(states)
        entries = [codec.entry_row(entry) for _, changes in unsaved for entry in changes.entries]
        if entries:
            many(SQL["save_entry"], entries)
        for conversation_id, changes in unsaved:
            if changes.rewritten:
                many(SQL["rewrite_entry"], [(data, conversation_id, seq) for seq, data in changes.rewritten])
        self._save_marks(unsaved)
        rest = [changes for _, changes in unsaved]
        handovers = [codec.handover_row(row) for changes in rest for row in changes.handovers]
        if handovers:
            many(SQL["save_handover"], handovers)
        claims = [codec.claim_row(changes.claim) for changes in rest if changes.claim is not None]
        if claims:
            many(SQL["save_claim"], claims)
        sessions = [session for changes in rest for session in changes.sessions]
        if sessions:
            many(SQL["save_session"], sessions)
        cursors = [
            ("cursor", changes.cursor.name, changes.cursor.value.encode(), changes.cursor.at)
            for changes in rest
            if changes.cursor
        ]
        if cursors:
            many(SQL["save_item"], cursors)

    def _save_states(self, states: Mapping[str, Conversation]) -> None:
        whole: list[codec.Row] = []
        rest: list[codec.Row] = []
        for conversation_id, state in states.items():
            before = self._saved[conversation_id]
            listed = codec.listed(state)
            if before is None or codec.listed(before) != listed:
                whole.append(codec.conversation_row(state, listed))
            else:
                rest.append(codec.state_row(state))
            self._saved[conversation_id] = state
        if whole:
            self._connection.executemany(SQL["save_conversation"], whole)
        if rest:
            self._connection.executemany(SQL["save_state"], rest)

    def _save_marks(self, unsaved: Sequence[tuple[str, Changes]]) -> None:
        rows: dict[str, list[dict[str, Any]]] = {}
        for conversation_id, changes in unsaved:
            for mark in changes.marks:
                row = {
                    "conversation_id": conversation_id,
                    "seq": mark.seq,
                    "state": mark.state,
                    "tries": mark.attempts,
                }
                rows.setdefault(mark.receiver, []).append({**row, "at": mark.at})
        for receiver, marks in rows.items():
            self._connection.executemany(MARK[receiver], marks)
