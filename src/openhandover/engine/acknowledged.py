"""What the user's side acknowledges by itself: a page that has the messages, a person who has seen them."""

from collections.abc import AsyncGenerator

from openhandover.core import events as e
from openhandover.core.model import Conversation, Entry
from openhandover.core.view import message_of
from openhandover.store.port import Store

from .work import Work

LOOKED_AT = 20
"""So many entries back the last message is looked for."""
PAGE = 100


class Acknowledged:
    """Turns a seq into what was delivered and read up to it."""

    def __init__(self, store: Store, work: Work) -> None:
        self._store = store
        self._work = work

    async def delivered(self, state: Conversation, seq: int) -> None:
        """The user's page has everything up to this seq."""
        async for entry in self._due(state):
            if entry.seq > min(seq, state.shown):
                return
            message = message_of(entry) if entry.type == "message.created" else None
            await self._work.run(state.id, e.Sent("user", entry.seq, 1, message, entry.handover_id))

    async def lost(self, state: Conversation) -> None:
        """The user is gone for good: what they have not got by now they never will."""
        async for entry in self._due(state):
            if entry.seq <= state.shown and entry.type == "message.created":
                event = e.NotSent(
                    "user", entry.seq, 1, message_of(entry), entry.handover_id, "the user is gone"
                )
                await self._work.run(state.id, event)

    async def read(self, state: Conversation, seq: int) -> None:
        """The user has seen the last message up to this seq, so they also have everything up to it."""
        await self.delivered(state, seq)
        for row in reversed(await self._store.tail(state.id, seq, LOOKED_AT)):
            entry = row.entry
            if entry.to_user and entry.type == "message.created":
                if row.delivered.user and row.delivered.user[0] == "read":
                    return
                event = e.ReadByUser(entry.seq, message_of(entry), entry.handover_id)
                await self._work.run(state.id, event)
                return

    async def _due(self, state: Conversation) -> AsyncGenerator[Entry]:
        """What the user's side has not acknowledged, in order."""
        after = state.user_done
        while entries := await self._store.lane(state.id, "user", after, PAGE):
            for entry in entries:
                yield entry
            after = entries[-1].seq
