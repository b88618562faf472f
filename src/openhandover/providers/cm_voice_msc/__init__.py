"""Gives a phone call to agents of CM.com's Mobile Service Cloud.

No public API for that could be found: the key, the store and the skills go to the gateway that owns the call, in the
words of our own contract, and the gateway knows how to use them. Never run against the live product.
"""

from collections.abc import Mapping
from typing import Any

from openhandover.gateways.base import Transfer
from openhandover.net.client import Sender
from openhandover.providers.base import CallProvider

from .settings import Settings


class CmVoiceMsc(CallProvider):
    """Key, store and skills: the latter two by the step, else by the settings."""

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings

    def transfer(self, route: Mapping[str, Any]) -> Transfer:
        """The order; what is empty is left out."""
        known: dict[str, Any] = {"api_key": self._settings.api_key}
        for key in ("webstore_referrer", "routing_keywords"):
            value = str(route.get(key) or getattr(self._settings, key) or "").strip()
            if value:
                known[key] = value
        return Transfer("msc", configuration=known)


PROVIDER = CmVoiceMsc
