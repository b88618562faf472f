"""Whether agents of Mobile Service Cloud are online. Documented by CM.com ("Presence").

The answer is one bare word. "Online" is a status, not a capacity: an online agent may be at their maximum.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import structlog

from openhandover.core.errors import ProviderError
from openhandover.net.client import Request, Sender
from openhandover.providers.base import Availability

from . import fields
from .settings import CHANNELS, PresenceSettings

_TIMEOUT_S = 4.0
_REMEMBERED = 1_000

_log = structlog.get_logger("openhandover.cm")


class Presence:
    """The presence call of one subscription; its answers are remembered for a few seconds, because calls are limited.
    Without settings nobody is asked, and nobody knows."""

    def __init__(
        self,
        name: str,
        settings: PresenceSettings | None,
        http: Sender,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._settings = settings
        self._http = http
        self._clock = clock
        self._known: dict[str, tuple[float, bool]] = {}

    async def availability(self, route: Mapping[str, Any]) -> Availability:
        """Open only where CM says so: no answer, an error and any other word count as offline."""
        if self._settings is None:
            return Availability(open=None)
        url = _url(self._settings, route)
        known = self._known.get(url)
        if known is not None and self._clock() - known[0] < self._settings.cache_s:
            return Availability(open=known[1])
        online = await self._is_online(url)
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[url] = (self._clock(), online)
        return Availability(open=online)

    async def connect(self) -> None:
        """Ask once, for `check --connect`.

        Raises:
            ProviderError: no answer, or none that says online or offline.
        """
        if self._settings is None:
            return
        word = await self._word(_url(self._settings, {}))
        if word not in ("online", "offline"):
            raise ProviderError("the presence call answered neither Online nor Offline")

    async def _is_online(self, url: str) -> bool:
        """One call; why it failed is logged without the address, which holds the key."""
        try:
            word = await self._word(url)
        except ProviderError as error:
            _log.warning(
                "presence_failed",
                provider=self._name,
                detail=error.detail,
                remedy="counts as offline; check `presence.api_key` and that the service can be reached",
            )
            return False
        return word == "online"

    async def _word(self, url: str) -> str:
        reply = await self._http.send(Request(method="GET", url=url, timeout_s=_TIMEOUT_S))
        if reply.status != 200:
            raise ProviderError(f"HTTP status {reply.status}", http_status=reply.status)
        return reply.body.decode("utf-8", "replace").strip().strip("\"'").strip().lower()


def _url(settings: PresenceSettings, route: Mapping[str, Any]) -> str:
    channel = fields.text(route, "channel") or settings.channel
    referrer = fields.text(route, "webstore_referrer") or settings.referrer
    query = {
        "apikey": str(settings.api_key),
        "Channel": (CHANNELS | settings.channels).get(channel, channel),
    }
    if referrer:
        query["referrer"] = referrer
    return f"{settings.url}?{urlencode(query)}"
