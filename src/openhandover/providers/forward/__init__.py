"""Forwards a phone call to a number or a SIP address."""

from collections.abc import Mapping
from typing import Any, cast

from openhandover.gateways.base import Mode, Transfer
from openhandover.gateways.targets import target
from openhandover.net.client import Sender
from openhandover.providers.base import CallProvider

from .settings import Settings

_MODES = ("dial", "refer")


class Forward(CallProvider):
    """Where to, and how: by the step, else by the settings."""

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """No target, one that cannot be called, or an unknown mode."""
        if self._mode(route) not in _MODES:
            return f"`mode` is {self._mode(route)!r}; it must be dial or refer"
        try:
            target(self._to(route))
        except ValueError as error:
            return f"`to` cannot be called: {error}"
        return None

    def transfer(self, route: Mapping[str, Any]) -> Transfer:
        """The forward."""
        return Transfer("forward", to=target(self._to(route)), mode=cast("Mode", self._mode(route)))

    def _to(self, route: Mapping[str, Any]) -> str:
        given = route.get("to", self._settings.to)
        return "" if given is None else str(given)

    def _mode(self, route: Mapping[str, Any]) -> str:
        return str(route.get("mode") or self._settings.mode or "refer")


PROVIDER = Forward
