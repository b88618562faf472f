"""CM.com's Mobile Service Cloud (Agent Inbox), by the Conversational Router.

Two shapes. The bot is inside the Router: one call rewires the chat, and control has left us. The bot is outside
(`twoway`): every message passes through us.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from openhandover.cm import fields
from openhandover.cm.presence import Presence
from openhandover.cm.router import Router
from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Style
from openhandover.net.client import Sender
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
)

from . import wire
from .relay import CmMscRelay
from .settings import Settings


class CmMsc(BaseProvider):
    """The bot is inside the Router."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        style=Style.TRANSFER, availability=True, needs_chat_id=True, returns="call", hands_back=True
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._router = Router(settings, http)
        self._presence = Presence(name, settings.presence, http) if settings.presence else None

    async def connect(self) -> None:
        """Ask for the presence; of the Router no call is known that changes nothing."""
        if self._presence:
            await self._presence.connect()

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """What the presence call says; without `presence` nobody knows."""
        return await self._presence.availability(route) if self._presence else Availability(open=None)

    async def open(self, request: HandoverRequest) -> Opened:
        """Rewire the chat; the same request again changes nothing more."""
        if request.chat_id is None:
            raise ProviderRejected("the conversation has no `chatId`, so it is not a chat of the Router")
        context = wire.context(request.route, self._settings, request.transcript)
        source = fields.text(request.route, "messaging_adapter").strip()
        await self._router.hand_over(request.chat_id, context, source=source)
        return Opened(request.chat_id)

    async def hand_back(self, session: Session, route: Mapping[str, Any]) -> None:
        """As `handback` says; experimental."""
        source = fields.text(route, "messaging_adapter").strip()
        await self._router.hand_back(session.external_id, source=source)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A required key that is empty, or an adapter that is none."""
        return wire.wrong(route, needs_adapter=True)


def provider(name: str, settings: Settings, http: Sender) -> BaseProvider:
    """The provider in the shape that the settings ask for."""
    if settings.twoway:
        return CmMscRelay(name, settings, http, settings.twoway)
    return CmMsc(name, settings, http)


PROVIDER = provider
