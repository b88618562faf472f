"""Phone calls: the configured gateways, and what a handover does with the call."""

import asyncio
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import structlog

from openhandover.config.model import GatewayBlock, TwilioGateway as TwilioBlock
from openhandover.core import events as e, table, view
from openhandover.core.errors import ConfigError, ProviderError, ProviderUnavailable
from openhandover.core.model import Conversation, Handover, Lane as LaneState
from openhandover.core.settings import Secret
from openhandover.gateways.base import CallContext, Gateway, Transfer

from .delivery import Delivery, pause_s
from .parts import Parts

_log = structlog.get_logger("openhandover.gateways")


def gateways_of(parts: Parts) -> dict[str, Gateway]:
    """Name -> gateway. A kind is imported only when it is configured."""
    found: dict[str, Gateway] = {}
    for name, block in parts.config.gateways.items():
        try:
            found[name] = _built(name, block, parts)
        except ValueError as error:
            raise ConfigError(f"gateways.{name}: {error}") from error
    return found


def _built(name: str, block: GatewayBlock, parts: Parts) -> Gateway:
    if isinstance(block, TwilioBlock):
        from openhandover.gateways.twilio import TwilioGateway

        return TwilioGateway(name, parts.store)
    from openhandover.gateways.webhook import WebhookGateway

    return WebhookGateway(name, block.url, (block.secret, block.old_secret), parts.http)


class LiveCall:
    """The call of one attempt, for its provider: it may be given away once."""

    def __init__(self, gateway: Gateway, about: CallContext) -> None:
        self.call = about.call
        self.order: dict[str, Any] | None = None
        """What the gateway is asked for, as `call.transfer` tells of it: without secrets."""
        self._gateway = gateway
        self._about = about

    async def transfer(self, transfer: Transfer) -> None:
        """Returns when the gateway has taken the order; raises what the gateway raises."""
        self.order = {**_told(transfer), "call": view.call(self.call)}
        await self._gateway.transfer(self._about, transfer, self._about.key("transfer"))


class Calls:
    """What handovers do with calls beside giving them away: say the message before, take the call back after."""

    def __init__(self, gateways: Mapping[str, Gateway], delivery: Delivery) -> None:
        self._gateways = gateways
        self._store = delivery.store
        self._work = delivery.work
        self._clock = delivery.clock
        self._live: WeakValueDictionary[tuple[str, int], LiveCall] = WeakValueDictionary()

    async def start(self) -> None:
        """Start every gateway; one that cannot start is a configuration error."""
        for gateway in self._gateways.values():
            await gateway.start()

    async def stop(self) -> None:
        """Stop every gateway."""
        for gateway in self._gateways.values():
            await gateway.stop()

    def live(self, state: Conversation, handover: Handover, known: LaneState) -> LiveCall | None:
        """The call for this attempt's provider; None where there is none, or nobody configured holds it."""
        gateway = self._gateways.get(state.call.gateway) if state.call else None
        if gateway is None:
            return None
        live = LiveCall(gateway, _about(state, handover, known))
        self._live[handover.id, known.attempt] = live
        return live

    def order(self, handover_id: str, attempt: int) -> dict[str, Any] | None:
        """What the gateway is being asked for at this moment: it may report before its answer is here."""
        live = self._live.get((handover_id, attempt))
        return live.order if live else None

    async def say(self, state: Conversation, handover: Handover, known: LaneState) -> None:
        """Say the handover's message to its end. Reaching a human matters more: a failure is told and goes no further."""
        text = handover.settings.message
        language = handover.settings.message_language or state.language
        failed = await self._say(_about(state, handover, known), known.id, text, language)
        if failed is not None:
            _log.warning(
                "say_failed",
                gateway=state.call.gateway if state.call else None,
                handover_id=handover.id,
                detail=failed,
                remedy="check that the gateway is up and can speak; the call is given away all the same",
            )
        await self._work.run(state.id, e.Spoken(known.id, text, language, failed))

    async def _say(self, about: CallContext, lane_id: int, text: str, language: str) -> str | None:
        """Why it was not said; None when it was."""
        gateway = self._gateways.get(about.call.gateway)
        if gateway is None:
            return "this gateway is no longer configured"
        key = about.key("say")
        until = self._clock() + table.GRACE["say_again"].seconds
        tries = 0
        try:
            async with asyncio.timeout(table.GRACE["say"].seconds):
                while True:
                    try:
                        await gateway.say(about, text, language, key)
                        return None
                    except ProviderUnavailable as error:
                        tries += 1
                        wait_s = pause_s(tries, error.retry_after_s)
                        if self._clock() + wait_s > until:
                            return error.detail
                    await asyncio.sleep(wait_s)
                    if not await self._is_due(about.conversation_id, lane_id):
                        return "the handover has ended"
        except ProviderError as error:
            return error.detail
        except TimeoutError:
            return "it was not said to its end in time"

    async def _is_due(self, conversation_id: str, lane_id: int) -> bool:
        """Whether the attempt still has the call: nothing is said into one that is the bot's again."""
        state = await self._store.conversation(conversation_id)
        lane = state.lane(lane_id) if state else None
        return lane is not None and lane.ended_at is None

    async def cancel(self, state: Conversation, handover: Handover, known: LaneState) -> None:
        """Take back a call that was given away; raises what the gateway raises."""
        gateway = self._gateways.get(state.call.gateway) if state.call else None
        if gateway is not None and known.ending is not None:
            about = _about(state, handover, known)
            await gateway.cancel(about, known.ending.reason, about.key("cancel"))


def _about(state: Conversation, handover: Handover, known: LaneState) -> CallContext:
    assert state.call is not None  # only lanes of phone calls come here
    return CallContext(
        call=state.call,
        conversation_id=state.id,
        handover_id=handover.id,
        attempt=known.attempt,
        floor=state.floor,
        epoch=state.epoch,
        at=handover.attempts[known.attempt - 1].started_at,
    )


def _told(transfer: Transfer) -> dict[str, Any]:
    fields = transfer.fields()
    if "configuration" in fields:
        known = {key: value for key, value in transfer.configuration.items() if not isinstance(value, Secret)}
        fields["configuration"] = known
    return fields
