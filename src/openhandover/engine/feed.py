"""The live side of the log: who listens gets every event of a conversation in order, stored ones first."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from openhandover.core import view
from openhandover.core.model import Conversation, Entry
from openhandover.store.port import Store

PAGE = 200

Wants = Callable[[Conversation], bool]
"""Whether a follower wants to hear of a conversation that is in this state."""


def _all(state: Conversation) -> bool:
    return True


class _Listener:
    """A listener of one conversation: what has happened since it last looked."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.typing: dict[str, dict[str, Any]] = {}
        """The latest word on each author: who reads slowly needs no older one, and they would pile up."""


class Feed:
    """Publishes what was committed on this node."""

    def __init__(self, store: Store, present: Callable[[Entry], dict[str, Any]]) -> None:
        self._store = store
        self._present = present
        self._listeners: dict[str, set[_Listener]] = defaultdict(set)
        self._followers: dict[asyncio.Queue[dict[str, Any]], Wants] = {}

    def publish(self, state: Conversation, entries: Sequence[Entry]) -> None:
        """Tell listeners that the conversation may be read up to `state.shown`; `entries` became visible just now."""
        for listener in self._listeners.get(state.id, ()):
            listener.news.set()
        if self.is_followed(state):
            for entry in entries:
                if entry.type not in view.INTERNAL:
                    self._tell_followers(state, self._present(entry))

    def is_followed(self, state: Conversation) -> bool:
        """Whether a follower wants to hear of this conversation."""
        return any(wants(state) for wants in self._followers.values())

    def publish_typing(self, state: Conversation, event: dict[str, Any]) -> None:
        """Typing is not stored: who listens now gets it once."""
        for listener in self._listeners.get(state.id, ()):
            author: str = event["data"]["author"]
            listener.typing.pop(author, None)
            listener.typing[author] = event
            listener.news.set()
        self._tell_followers(state, event)

    def _tell_followers(self, state: Conversation, event: dict[str, Any]) -> None:
        for queue, wants in self._followers.items():
            if wants(state):
                queue.put_nowait(event)

    async def subscribe(self, conversation_id: str, after: int) -> AsyncGenerator[dict[str, Any]]:
        """Events with seq > after, then live ones as they come; typing has no seq. Never ends by itself."""
        listener = _Listener()
        self._listeners[conversation_id].add(listener)
        try:
            while True:
                listener.news.clear()
                state = await self._store.conversation(conversation_id)
                shown = state.shown if state else 0
                while after < shown:
                    rows = await self._store.log(conversation_id, after, PAGE, until=shown)
                    if not rows:
                        break
                    for row in rows:
                        after = row.entry.seq
                        if row.entry.type not in view.INTERNAL:
                            yield self._present(row.entry)
                typing, listener.typing = listener.typing, {}
                for event in typing.values():
                    yield event
                await listener.news.wait()
        finally:
            listeners = self._listeners[conversation_id]
            listeners.discard(listener)
            if not listeners:
                self._listeners.pop(conversation_id, None)

    def everything(self, wants: Wants = _all) -> AsyncGenerator[dict[str, Any]]:
        """Every event of this node from this call on, as it becomes visible; of the conversations that are wanted."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._followers[queue] = wants
        return _drain(queue, lambda: self._followers.pop(queue, None))


async def _drain(
    queue: "asyncio.Queue[dict[str, Any]]", leave: Callable[[], object]
) -> AsyncGenerator[dict[str, Any]]:
    try:
        while True:
            yield await queue.get()
    finally:
        leave()
