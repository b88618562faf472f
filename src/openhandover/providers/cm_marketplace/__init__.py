"""A desk of CM.com's marketplace, by the Conversational Router. Experimental: which rules such a desk needs is in no
public documentation; the link to the bot is cut and the one to the desk is made."""

from collections.abc import Mapping
from typing import Any

from openhandover.cm import fields
from openhandover.cm.transfer import RouterTransfer
from openhandover.net.client import Sender
from openhandover.providers.base import HandoverRequest

from .settings import Settings

_ADAPTERS = ("messaging_adapter", "marketplace_adapter")


class CmMarketplace(RouterTransfer):
    """The chat goes to the adapter of the desk."""

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name, settings, http)
        self._routing_key = settings.routing_key

    def context(self, request: HandoverRequest) -> dict[str, str]:
        """The step's own, and the desk's routing."""
        known = fields.texts(request.route.get("context"))
        routing = fields.text(request.route, "routing")
        return known | {self._routing_key: routing} if routing else known

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A required key that is empty, or an adapter that is none."""
        if not isinstance(route.get("context") or {}, dict):
            return "`context` should be a map"
        return fields.problem(route, texts=_ADAPTERS, required=_ADAPTERS, adapters=_ADAPTERS)


PROVIDER = CmMarketplace
