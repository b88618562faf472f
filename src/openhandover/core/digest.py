"""The digest: what the human part of a conversation amounted to, for the bot that takes over again. Pure."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from .model import Delivery, Entry, Handover, Message, Status
from .view import message_of, shown_agent

MESSAGES = 20
"""So many of the last messages go into a digest."""

LOOKED_AT = 4 * MESSAGES
"""So many are looked at for them: what is for agents only stays out, because the user's side gets the outcome too."""


class NeedRecent(Exception):
    """Raised by a decision that needs the last `limit` messages after `after_seq`; it is asked again with them."""

    def __init__(self, after_seq: int, limit: int) -> None:
        self.after_seq = after_seq
        self.limit = limit
        super().__init__("the decision needs recent messages")


class Deliveries(Protocol):
    """How far an entry got with each receiver."""

    @property
    def user(self) -> tuple[str, int, float] | None: ...
    @property
    def agent(self) -> tuple[str, int, float] | None: ...


class Row(Protocol):
    """A log entry with its deliveries."""

    @property
    def entry(self) -> Entry: ...
    @property
    def delivered(self) -> Deliveries: ...


def current_message(row: Row) -> Message:
    """The message as it is now: as accepted, with how far it got since."""
    message = message_of(row.entry)
    toward_agent = message.author == "user" or message.to == "agent"
    reached = row.delivered.agent if toward_agent else row.delivered.user
    if reached is None and message.author == "user":
        reached = getattr(row.delivered, "bot", None)
    if reached is None:
        return message
    return msgspec.structs.replace(message, delivery=Delivery(reached[0], reached[1]))  # type: ignore[arg-type]


def build(handover: Handover, rows: Sequence[Row], now: float, *, never_opened: bool) -> dict[str, Any]:
    """The digest of a handover that ends or returns now, from its last messages; those that no provider took count as
    failed."""
    messages: list[Message] = []
    for row in rows:
        message = current_message(row)
        if message.to == "agent":
            continue
        if never_opened and row.entry.to_agent and row.delivered.agent is None:
            message = msgspec.structs.replace(message, delivery=Delivery("failed", message.delivery.attempts))
        messages.append(message)
    messages = messages[-MESSAGES:]
    began = handover.active_at or handover.requested_at
    seconds = round(now - began, 3)
    agents = [shown for agent in handover.agents if (shown := shown_agent(handover, agent))]
    files = [msgspec.to_builtins(file) for message in messages for file in message.attachments]
    outcome = {"status": handover.status.value, "reason": handover.reason, "ended_by": handover.ended_by}
    return {
        "summary": _summary(handover, messages, agents, seconds),
        "messages": messages,
        "agents": agents,
        "files": files,
        "duration_s": seconds,
        "outcome": outcome,
    }


def _summary(handover: Handover, messages: Sequence[Message], agents: Sequence[Any], seconds: float) -> str:
    names = ", ".join(agent["name"] for agent in agents if agent.get("name")) or "an agent"
    written = sum(message.author == "agent" for message in messages)
    status = f"{handover.status.value} ({(handover.reason or 'unknown').replace('_', ' ')})"
    if handover.status is Status.TRANSFERRED:
        back = f" It came back after {_count(round(seconds), 'second')}." if handover.returned else ""
        return f"{_left(handover)}{back}"
    if handover.active_at is None:
        failed = sum(message.delivery.state == "failed" for message in messages)
        lost = f" {_count(failed, 'message')} of the user reached nobody." if failed else ""
        return f"No human joined; the handover ended {status} after {_count(round(seconds), 'second')}.{lost}"
    talked = f"The user talked with {names} for {_count(round(seconds), 'second')}"
    if messages:  # on a phone call nobody writes
        talked += f"; of the last {_count(len(messages), 'message')} {written} {'is' if written == 1 else 'are'} the agent's"
    return f"{talked}. It ended {status}."


def _left(handover: Handover) -> str:
    provider = handover.target.provider
    if handover.reason == "logged":
        return f"Nobody was called; the handover was recorded by {provider} only."
    if handover.reason == "ticket":
        return f"A ticket was made by {provider}. What came of it is not known."
    return f"The conversation left to {provider} ({handover.reason}). What was said there is not known."


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"
