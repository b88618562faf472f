"""What is looked up in the store, by every part of the engine in the same way."""

from collections.abc import AsyncGenerator, Sequence

from openhandover.core.errors import Refused
from openhandover.core.model import Conversation
from openhandover.store.port import HandoverFilter, HandoverRow, Store

ROWS = 500
"""So many handovers are read at a time."""


def existing(state: Conversation | None) -> Conversation:
    """What was found; `Refused` not_found where nothing was."""
    if state is None:
        raise Refused("not_found", "There is no conversation with this id")
    return state


async def conversation(store: Store, conversation_id: str) -> Conversation:
    """The conversation; `Refused` not_found."""
    return existing(await store.conversation(conversation_id))


async def handover(store: Store, handover_id: str) -> HandoverRow:
    """The handover; `Refused` not_found."""
    row = await store.handover(handover_id)
    if row is None:
        raise Refused("not_found", "There is no handover with this id")
    return row


async def handovers(store: Store, where: HandoverFilter) -> AsyncGenerator[Sequence[HandoverRow]]:
    """All handovers that this filter finds, newest first, as many at a time as one reading gives."""
    cursor: str | None = None
    while True:
        page = await store.handovers(where, cursor, ROWS)
        yield page.items
        cursor = page.next
        if cursor is None:
            return
