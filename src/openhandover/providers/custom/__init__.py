"""Gives a phone call to something that only your gateway knows: a name, and keys with values."""

from collections.abc import Mapping
from typing import Any

from openhandover.gateways.base import Transfer
from openhandover.net.client import Sender
from openhandover.providers.base import CallProvider

from .settings import Settings


class Custom(CallProvider):
    """Type and configuration: by the step, else by the settings."""

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """No type, or no configuration."""
        if not self._type(route):
            return "`type` is empty; give the step or the provider the name that your gateway knows"
        if not self._configuration(route):
            return "`configuration` is empty; give the step or the provider the keys that your gateway needs"
        return None

    def transfer(self, route: Mapping[str, Any]) -> Transfer:
        """The order in your gateway's own words."""
        return Transfer("custom", type=self._type(route), configuration=self._configuration(route))

    def _type(self, route: Mapping[str, Any]) -> str:
        given = route.get("type", self._settings.type)
        return "" if given is None else str(given).strip()

    def _configuration(self, route: Mapping[str, Any]) -> dict[str, Any]:
        return {**self._settings.configuration, **(route.get("configuration") or {})}


PROVIDER = Custom
