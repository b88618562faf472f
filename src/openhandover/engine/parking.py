"""Events of vendor sessions that nobody knows yet: kept a while, because they may be early."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from openhandover.core import table
from openhandover.core.events import FromProvider
from openhandover.core.recent import Recent
from openhandover.store.port import Parked, Store

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(FromProvider).decode

Place = tuple[str, str]
"""Provider and external id of a session."""


class Parking:
    """Parks early events and gives them out when their session is known."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: Recent[Place, None] = Recent()
        """Where something waits, as far as it is not long ago: a contact centre may tell of many sessions that are not ours."""
        self._one = asyncio.Lock()

    async def start(self) -> list[Place]:
        """The sessions for which something has waited since before this process."""
        places = sorted(await self._store.parked_sessions())
        for place in places:
            self._waiting[place] = None
        return places

    def is_waiting(self, provider: str, external_id: str) -> bool:
        """Whether something must come before the next event of this session."""
        return (provider, external_id) in self._waiting

    async def park(self, event: FromProvider) -> None:
        """Keep an early event."""
        until = time.time() + table.GRACE["park"].seconds
        place = (event.provider, event.external_id or "")
        self._waiting[place] = None
        await self._store.park(Parked(*place, event.event_id, until, _encode(event)))

    @asynccontextmanager
    async def emptying(self, provider: str, external_id: str) -> AsyncGenerator[list[FromProvider]]:
        """The events that waited for this session, in the order they came. They are forgotten once the block is
        done, for a claim is not done: a crash in between lets them come again, to no effect."""
        async with self._one:
            rows = await self._store.parked(provider, external_id)
            yield [_decode(event) for _, event in rows]
            if rows:
                await self._store.forget_parked(provider, external_id, [event_id for event_id, _ in rows])
            self._waiting.pop((provider, external_id), None)
