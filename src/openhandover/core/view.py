"""What clients see: the contract's JSON shapes, made from our state. Pure."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from .model import OPEN, Agent, Call, Conversation, Entry, Handover, Message, Status

INTERNAL = frozenset({"message.imported", "tool.called"})
"""Log entries that are no events for anybody."""

_decode_message = msgspec.json.Decoder(Message).decode


@lru_cache(maxsize=256)  # one message shows the same moment several times
def time(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def optional_time(at: float | None) -> str | None:
    """The same, for a time that may not have come."""
    return None if at is None else time(at)


def conversation(state: Conversation) -> dict[str, Any]:
    """The conversation object."""
    handover = state.handover
    holds = handover is not None and (handover.is_open or state.floor == "human")
    return {
        "id": state.id,
        "channel": state.channel,
        "bot": state.bot,
        "medium": state.medium,
        "language": state.language,
        "user": msgspec.to_builtins(state.user),
        "context": state.context,
        "floor": state.floor,
        "epoch": state.epoch,
        "seq": state.seq,
        "handover_id": handover.id if handover and holds else None,
        "created_at": time(state.created_at),
    }


def call(of: Call) -> dict[str, str]:
    """The phone call as gateways know it."""
    return {"gateway": of.gateway, "id": of.id, "from": of.from_, "to": of.to}


def shown_agent(handover: Handover, agent: Agent | None) -> dict[str, Any] | None:
    """The agent as the user may know them, by the step's `agent_identity`."""
    if agent is None:
        return None
    if handover.settings.agent_alias is not None:
        return {"name": handover.settings.agent_alias}
    if handover.settings.agent_identity == "none":
        return {}
    return msgspec.to_builtins(agent)


def _error(handover: Handover) -> dict[str, Any] | None:
    if handover.status is not Status.ERROR:
        return None
    word = "unsupported" if handover.reason == "unsupported" else "error"
    return {"reason": word, "code": handover.reason, "message": handover.error_message or ""}


def handover(state: Handover, digest: bytes | None = None) -> dict[str, Any]:
    """The handover object; `digest` is its finished digest as JSON."""
    attempts = [
        {
            "provider": attempt.provider,
            "external_id": attempt.external_id,
            "reason": attempt.reason,
            "from": time(attempt.started_at),
            "to": optional_time(attempt.ended_at),
        }
        for attempt in state.attempts
    ]
    queue: dict[str, Any] = {
        "position": state.queue.position,
        "estimated_wait_ms": state.queue.estimated_wait_ms,
        "alternative_text": state.queue.alternative_text,
    }
    if state.queue.estimated:
        queue["estimated"] = True
    return {
        "id": state.id,
        "conversation_id": state.conversation_id,
        "provider": state.target.provider,
        "style": state.target.style.value,
        "status": state.status.value,
        "reason": state.reason if state.status not in OPEN else None,
        "error": _error(state),
        "ended_by": state.ended_by,
        "initiator": state.initiator,
        "attempt": len(state.attempts),
        "attempts": attempts,
        "agent": shown_agent(state, state.agent),
        "queue": queue,
        "inactivity_count": state.inactivity_count,
        "digest": msgspec.Raw(digest) if digest else None,
        "rating": msgspec.to_builtins(state.rating) if state.rating else None,
        "requested_at": time(state.requested_at),
        "queued_at": optional_time(state.queued_at),
        "active_at": optional_time(state.active_at),
        "ended_at": optional_time(state.ended_at),
        **({"replaces": state.replaces} if state.replaces else {}),
    }


def event(entry: Entry) -> dict[str, Any]:
    """The event envelope of a log entry."""
    shape: dict[str, Any] = {
        "id": f"{entry.conversation_id}:{entry.seq}",
        "seq": entry.seq,
        "type": entry.type,
        "conversation_id": entry.conversation_id,
    }
    if entry.handover_id is not None:
        shape["handover_id"] = entry.handover_id
    shape["floor"] = entry.floor
    shape["epoch"] = entry.epoch
    shape["at"] = time(entry.at)
    shape["data"] = entry.data
    return shape


def message_of(entry: Entry) -> Message:
    """The message that a `message.created` entry holds, as it was accepted."""
    return _decode_message(entry.data)
