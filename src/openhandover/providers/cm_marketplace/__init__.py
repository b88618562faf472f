"""A desk of CM.com's marketplace, by the Conversational Router. Experimental: which rules such a desk needs is in no
public documentation; the link to the bot is cut and the one to the desk is made."""

from collections.abc import Mapping
from typing import Any, ClassVar

from openhandover.cm import fields
from openhandover.cm.router import Router
from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Style
from openhandover.net.client import Sender
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened, Session

from .settings import Settings

_ADAPTERS = ("messaging_adapter", "marketplace_adapter")


class CmMarketplace(BaseProvider):
    """A transfer: the Router connects the two sides."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        style=Style.TRANSFER, needs_chat_id=True, returns="call", hands_back=True
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._router = Router(settings, http)

    async def open(self, request: HandoverRequest) -> Opened:
        """Rewire the chat; the same request again changes nothing more."""
        if request.chat_id is None:
            raise ProviderRejected("the conversation has no `chatId`, so it is not a chat of the Router")
        source, target = (fields.text(request.route, key).strip() for key in _ADAPTERS)
        await self._router.hand_over(
            request.chat_id, self._context(request.route), source=source, target=target
        )
        return Opened(request.chat_id)

    async def hand_back(self, session: Session, route: Mapping[str, Any]) -> None:
        """As `handback` says; experimental."""
        source = fields.text(route, "messaging_adapter").strip()
        await self._router.hand_back(session.external_id, source=source)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A required key that is empty, or an adapter that is none."""
        if not isinstance(route.get("context") or {}, dict):
            return "`context` should be a map"
        return fields.problem(route, texts=_ADAPTERS, required=_ADAPTERS, adapters=_ADAPTERS)

    def _context(self, route: Mapping[str, Any]) -> dict[str, str]:
        known = fields.texts(route.get("context"))
        routing = fields.text(route, "routing")
        return known | {self._settings.routing_key: routing} if routing else known


PROVIDER = CmMarketplace
