"""Twilio: calls of our own phone channel. Nothing is sent to Twilio; the call asks what comes next, and gets it."""

import asyncio
from typing import ClassVar

from openhandover.core.errors import ProviderUnavailable, SessionGone, Unsupported
from openhandover.gateways.base import CallContext, Gateway, GatewayCapabilities, Transfer

from .orders import Gone, Memory, Orders, SayOrder, TransferOrder
from .twiml import is_sip

SAY_TIMEOUT_S = 55.0
"""The longest that one message may take until it is spoken to its end; the engine itself waits a little longer."""


class TwilioGateway(Gateway):
    """One Twilio account."""

    capabilities: ClassVar[GatewayCapabilities] = GatewayCapabilities(
        kinds=frozenset({"forward"}),
        modes=frozenset({"dial", "refer"}),
        resumes_after=frozenset({"dial"}),
    )

    def __init__(self, name: str, memory: Memory) -> None:
        super().__init__(name)
        self._orders = Orders(memory)

    async def say(self, about: CallContext, text: str, language: str, key: str) -> None:
        """Returns once the call's request behind the text has come: then it was spoken to its end."""
        try:
            async with asyncio.timeout(SAY_TIMEOUT_S):
                await self._orders.carry_out(about.call.id, key, SayOrder(text, language))
        except TimeoutError:
            await self._orders.withdraw(key)
            raise ProviderUnavailable("the call did not take the message in time") from None
        except Gone:
            await self._orders.withdraw(key)
            raise SessionGone("the caller has hung up") from None
        await self._orders.withdraw(key)

    async def transfer(self, about: CallContext, transfer: Transfer, key: str) -> None:
        """Returns once the call has taken the order to dial or refer."""
        if transfer.kind != "forward" or transfer.to is None:
            raise Unsupported("Twilio forwards calls to numbers and SIP addresses only")
        if transfer.mode == "refer" and not (is_sip(about.call.from_) and is_sip(transfer.to)):
            raise Unsupported(
                "Twilio refers calls that came by SIP to SIP addresses only; use `mode: dial` for others"
            )
        try:
            await self._orders.carry_out(about.call.id, key, TransferOrder(transfer.to, transfer.mode))
        except Gone:
            raise SessionGone("the caller has hung up") from None
