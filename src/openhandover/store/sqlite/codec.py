"""Rows to structs and back. States are JSON, because the opaque parts inside them are."""

from collections.abc import Sequence
from typing import Any

import msgspec

from openhandover.core.model import Conversation, Entry, Handover
from openhandover.core.state import is_busy, wake_at
from openhandover.store.port import Claim, Delivered, HandoverRow, LogRow, Upload

Row = Sequence[Any]

ENTRY_COLUMNS = ", ".join(
    f"log.{column}"
    for column in (
        "conversation_id", "seq", "type", "at", "floor", "epoch", "data", "handover_id",
        "to_user", "to_bot", "to_agent", "key", "digest", "source",
    )
)  # fmt: skip
LOG_COLUMNS = (
    ENTRY_COLUMNS
    + ", log.user_state, log.user_tries, log.user_at, log.agent_state, log.agent_tries, log.agent_at"
    + ", log.bot_state, log.bot_tries, log.bot_at, log.repeats"
)
HANDOVER_COLUMNS = "state, channel, language, digest, fingerprint, medium"

encode = msgspec.json.Encoder().encode
_conversation = msgspec.json.Decoder(Conversation)
_handover = msgspec.json.Decoder(Handover)


def conversation(state: bytes) -> Conversation:
    """The conversation in a `state` column."""
    return _conversation.decode(state)


Listed = tuple[str, float | None, int, int, int]


def listed(value: Conversation) -> Listed:
    """What `save_state` does not save."""
    return (value.user.id, wake_at(value), 1 if is_busy(value) else 0, value.late, value.repeated)


def conversation_row(value: Conversation, its: Listed) -> Row:
    """For `save_conversation`."""
    user_id, wake, busy, late, repeated = its
    return (
        value.id,
        encode(value),
        user_id,
        value.channel,
        value.seq,
        wake,
        busy,
        value.created_at,
        late,
        repeated,
    )


def state_row(value: Conversation) -> Row:
    """For `save_state`."""
    return (encode(value), value.seq, value.id)


def entry(row: Row) -> Entry:
    """From `ENTRY_COLUMNS`, or the front of `LOG_COLUMNS`."""
    return Entry(
        row[0], row[1], row[2], row[3], row[4], row[5], msgspec.Raw(row[6]), row[7],
        row[8] == 1, row[9] == 1, row[10], row[11], row[12], row[13],
    )  # fmt: skip


def entry_row(value: Entry) -> Row:
    """For `save_entry`. Plain ints: sqlite3 takes a slow path for bool."""
    return (
        value.conversation_id,
        value.seq,
        value.type,
        value.at,
        value.floor,
        value.epoch,
        bytes(value.data),
        value.handover_id,
        1 if value.to_user else 0,
        1 if value.to_bot else 0,
        value.to_agent,
        value.key,
        value.digest,
        value.source,
    )


def _tried(state: str | None, tries: int, at: float) -> tuple[str, int, float] | None:
    return None if state is None else (state, tries, at)


def log_row(row: Row) -> LogRow:
    """From `LOG_COLUMNS`."""
    delivered = Delivered(
        user=_tried(*row[14:17]), agent=_tried(*row[17:20]), bot=_tried(*row[20:23]), repeats=row[23]
    )
    return LogRow(entry(row), delivered)


def handover(row: Row) -> HandoverRow:
    """From `HANDOVER_COLUMNS`."""
    return HandoverRow(_handover.decode(row[0]), *row[1:6])


def handover_row(value: HandoverRow) -> Row:
    """For `save_handover`: the columns that lists and reports ask for, beside the state."""
    state = value.handover
    target = state.chain[max(len(state.attempts) - 1, 0)] if state.chain else None
    return (
        state.id,
        state.conversation_id,
        encode(state),
        value.digest,
        value.fingerprint,
        str(state.status),
        state.reason,
        state.ended_by,
        target.provider if target else "",
        str(target.style) if target else "",
        value.channel,
        value.language,
        state.initiator,
        state.agent.id if state.agent else None,
        state.agent.name if state.agent else None,
        len(state.attempts),
        state.rating.score if state.rating else None,
        state.requested_at,
        state.queued_at,
        state.active_at,
        state.first_reply_at,
        state.ended_at,
        state.why,
        value.medium,
    )


def claim_row(value: Claim) -> Row:
    """For `save_claim` and `take_claim`."""
    return (value.source, value.event_id, value.at, value.outcome, value.handover_id, value.kind, value.raw)


def upload_row(value: Upload) -> Row:
    """For `save_upload`."""
    return (value.id, value.name, value.content_type, value.size, value.at, value.sha256, value.fingerprint)
