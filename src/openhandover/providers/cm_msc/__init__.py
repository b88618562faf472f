"""CM.com's Mobile Service Cloud (Agent Inbox), by the Conversational Router.

Two shapes. The bot is inside the Router: one call rewires the chat, and control has left us. The bot is outside
(`twoway`): every message passes through us.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from openhandover.cm.presence import Presence
from openhandover.cm.transfer import RouterTransfer
from openhandover.net.client import Sender
from openhandover.providers.base import Availability, BaseProvider, Capabilities, HandoverRequest

from . import wire
from .relay import CmMscRelay
from .settings import Settings


class CmMsc(RouterTransfer):
    """The bot is inside the Router."""

    capabilities: ClassVar[Capabilities] = replace(RouterTransfer.capabilities, availability=True)

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name, settings, http)
        self._settings = settings
        self._presence = Presence(name, settings.presence, http)

    async def connect(self) -> None:
        """Ask for the presence; of the Router no call is known that changes nothing."""
        await self._presence.connect()

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """What the presence call says."""
        return await self._presence.availability(route)

    def context(self, request: HandoverRequest) -> dict[str, str]:
        """Who the user is, and to whom the chat goes."""
        return wire.context(request.route, self._settings, request.transcript)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A required key that is empty, or an adapter that is none."""
        return wire.wrong(route, needs_adapter=True)


def provider(name: str, settings: Settings, http: Sender) -> BaseProvider:
    """The provider in the shape that the settings ask for."""
    if settings.twoway:
        return CmMscRelay(name, settings, http, settings.twoway)
    return CmMsc(name, settings, http)


PROVIDER = provider
