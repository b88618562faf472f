"""What a visitor's page is shown of the past: the newest messages when it comes, and more of them backwards."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from openhandover.channels.webchat.visible import frame_for, is_shown
from openhandover.core.model import Conversation
from openhandover.store.port import LogRow, Store

if TYPE_CHECKING:
    from openhandover.engine import Engine


class Beginning(NamedTuple):
    """Where a page begins: events after `first_seq` are replayed; `more`: messages before it exist."""

    first_seq: int
    more: bool


async def beginning(store: Store, state: Conversation, after: int, last: int | None) -> Beginning:
    """Where a page begins that has everything up to `after`; one that has nothing gets the `last` messages."""
    if 0 < after <= state.shown:
        _, more = await _messages(store, state.id, after, 0)
        return Beginning(after, more)
    if last is None:  # also for a page with a number that we never gave: its log is not ours
        return Beginning(0, more=False)
    rows, more = await _messages(store, state.id, state.shown, last)
    return Beginning(rows[0].entry.seq - 1 if more else 0, more)


async def earlier(
    engine: "Engine", state: Conversation, before: int, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """The events around the last `limit` messages before a seq, ascending, and whether there is more before them.
    Messages come as they are now, so the events of their delivery stay out."""
    until = min(before - 1, state.shown)
    rows, more = await _messages(engine.store, state.id, until, limit)
    events: list[dict[str, Any]] = []
    for event in await engine.past(state.id, rows[0].entry.seq - 1 if more else 0, until):
        frame = frame_for(event, state, past=True)
        if frame is not None:
            events.append(frame["event"])
    return events, more


async def _messages(
    store: Store, conversation_id: str, until: int, limit: int
) -> tuple[Sequence[LogRow], bool]:
    """The last messages up to a seq that are for the visitor, and whether there are others before them."""
    found: list[LogRow] = []
    while True:
        rows = await store.tail(conversation_id, until, limit + 1)
        found = [*(row for row in rows if is_shown(row.entry)), *found]
        if len(found) > limit:
            return found[len(found) - limit :], True
        if len(rows) <= limit:
            return found, False
        until = rows[0].entry.seq - 1
