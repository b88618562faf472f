"""What a call is to do next, kept where a restart and another node find it.

Twilio asks us, we cannot ask Twilio: an order waits until the call's next request takes it. Each record has one
writer: the gateway writes the order, the call's routes write what became of it.
"""

import asyncio
import time
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

KIND = "twilio"
LOOK_EVERY_S = 0.1


class Memory(Protocol):
    """The part of the store that is used."""

    async def get(self, kind: str, name: str) -> bytes | None: ...
    async def put(self, kind: str, name: str, value: bytes, *, at: float | None = None) -> None: ...


class SayOrder(Struct, frozen=True, tag="say"):
    """Speak this."""

    text: str
    language: str


class TransferOrder(Struct, frozen=True, tag="transfer"):
    """Give the call to somebody; `to` is a number or a SIP address."""

    to: str
    mode: Literal["dial", "refer"]


Order = SayOrder | TransferOrder
_decode = msgspec.json.Decoder(Order).decode


class Gone(Exception):
    """The caller has hung up."""


class Orders:
    """The orders of all calls. A key is the engine's: the same for every try of one order."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def carry_out(self, call_id: str, key: str, order: Order) -> None:
        """Place an order and wait until it is done; at once when it was done before.

        Raises:
            Gone: the caller has hung up.
        """
        if await self.is_done(key):
            return
        await self._keep(f"{key}:order", msgspec.json.encode(order))
        while not await self.is_done(key):
            if await self._memory.get(KIND, f"{call_id}:gone"):
                raise Gone
            await asyncio.sleep(LOOK_EVERY_S)

    async def withdraw(self, key: str) -> None:
        """Forget the order: nobody waits for it any more."""
        await self._keep(f"{key}:order", b"")

    async def placed(self, key: str) -> Order | None:
        """The order under this key."""
        kept = await self._memory.get(KIND, f"{key}:order")
        return _decode(kept) if kept else None

    async def done(self, key: str) -> None:
        """The call has done what was ordered."""
        await self._keep(f"{key}:done", b"1")

    async def hung_up(self, call_id: str) -> None:
        """The caller is gone: no order of this call will be done."""
        await self._keep(f"{call_id}:gone", b"1")

    async def is_done(self, key: str) -> bool:
        """Whether the call has done it."""
        return await self._memory.get(KIND, f"{key}:done") is not None

    async def _keep(self, name: str, value: bytes) -> None:
        """Dated, so that it goes once the call is long over."""
        await self._memory.put(KIND, name, value, at=time.time())
