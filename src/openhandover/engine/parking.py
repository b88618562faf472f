"""Events of vendor sessions that nobody knows yet: kept a while, because they may be early."""

import time

import msgspec

from openhandover.core import table
from openhandover.core.events import FromProvider
from openhandover.store.port import Parked, Store

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(FromProvider).decode


class Parking:
    """Parks early events and gives them out when their session is known."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def park(self, event: FromProvider) -> None:
        """Keep an early event."""
        until = time.time() + table.GRACE["park"].seconds
        parked = Parked(event.provider, event.external_id or "", event.event_id, until, _encode(event))
        await self._store.park(parked)

    async def take_out(self, provider: str, external_id: str) -> list[FromProvider]:
        """The events that waited for this session, in the order they came."""
        return [_decode(event) for event in await self._store.unpark(provider, external_id)]
