"""Small units of work, to put a store to the test."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec.structs import replace

from openhandover.core.model import (
    Attempt,
    Conversation,
    Entry,
    Handover,
    Settings,
    Target,
    User,
)
from openhandover.store.port import (
    Changes,
    HandoverRow,
    Loaded,
    LogRow,
    Mark,
    Store,
    Unit,
)

START = 1_767_600_000.0


def new(conversation_id: str, *, user: str = "u1", at: float = START) -> Conversation:
    """A fresh conversation."""
    return Conversation(conversation_id, "web", User(user, "Anna", "anna@example.com"), at)


def said(
    state: Conversation, text: str, *, key: str | None = None, at: float = START, **more: object
) -> Entry:
    """The entry of the next message."""
    seq = state.seq + 1
    fields = {
        "id": f"m{seq}",
        "seq": seq,
        "author": "user",
        "text": text,
        "at": "2026-01-05T10:00:00Z",
        **more,
    }
    data = msgspec.Raw(msgspec.json.encode(fields))
    return Entry(state.id, seq, "message.created", at, "bot", 1, data, to_bot=True, key=key)


def create(conversation_id: str, *, user: str = "u1", at: float = START) -> Unit:
    """A unit that begins a conversation."""
    return Unit(conversation_id, lambda _: Changes(new(conversation_id, user=user, at=at)))


def say(
    conversation_id: str,
    text: str,
    *,
    message_id: str | None = None,
    at: float = START,
    result: object = None,
    **more: object,
) -> Unit:
    """A unit that adds one message; with an id, the second time adds nothing and answers "known"."""
    key = None if message_id is None else f"user:{message_id}"

    def decide(loaded: Loaded) -> Changes:
        if loaded.message is not None:
            return Changes(result="known")
        state = loaded.conversation or new(conversation_id)
        entry = said(state, text, key=key, at=at, **more)
        return Changes(replace(state, seq=entry.seq), (entry,), result=result or entry.seq)

    return Unit(conversation_id, decide, message_key=key)


def update(conversation_id: str, **fields: object) -> Unit:
    """A unit that sets fields of the state."""

    def decide(loaded: Loaded) -> Changes:
        assert loaded.conversation is not None
        return Changes(replace(loaded.conversation, **fields))

    return Unit(conversation_id, decide)


def mark(conversation_id: str, *marks: Mark) -> Unit:
    """A unit that notes deliveries."""
    return Unit(conversation_id, lambda _: Changes(marks=marks))


def handover(handover_id: str, *, conversation_id: str = "c1", at: float = START) -> HandoverRow:
    """A requested handover as a row."""
    state = Handover(
        handover_id, conversation_id, (Target("support"),), Settings(), "bot", at, 1, 1, why="Anna is sad",
        attempts=(Attempt("support", at),),
    )  # fmt: skip
    return HandoverRow(state, "web", "en", fingerprint="f1")


def keep(*rows: HandoverRow) -> Unit:
    """A unit that saves handovers."""
    return Unit(rows[0].handover.conversation_id, lambda _: Changes(handovers=rows))


def texts(rows: Sequence[LogRow]) -> list[str]:
    """The texts of log rows."""
    return [msgspec.json.decode(row.entry.data)["text"] for row in rows]


Opener = Callable[[], Awaitable[Store]]
