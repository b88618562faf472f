"""What webhooks leave out, such as an agent's name, asked of the vendor before the event is taken in."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog

from openhandover.core.errors import ProviderAuthError, ProviderError, ProviderUnavailable
from openhandover.core.events import FromProvider
from openhandover.providers.base import BaseProvider, Provider

COMPLETE_S = 2.0
PAUSE_S = 10.0
"""A vendor that did not answer is not asked for so long: its webhooks must not queue up behind it."""
QUIET_S = 60.0
"""The log says so once in so long."""

_log = structlog.get_logger("openhandover.arrivals")

Take = Callable[[FromProvider], Awaitable[Mapping[str, Any]]]


class Completing:
    """Completes events on their way in. Those of one session stay in their order; providers that complete nothing
    are not held up at all."""

    def __init__(self, providers: Mapping[str, Provider], take: Take) -> None:
        self._take = take
        self._providers = {
            name: provider
            for name, provider in providers.items()
            if getattr(provider.complete, "__func__", None) is not BaseProvider.complete
        }
        self._lines: dict[tuple[str, str | None], tuple[asyncio.Lock, list[int]]] = {}
        self._paused: dict[str, float] = {}
        self._quiet: dict[str, float] = {}

    async def take(self, event: FromProvider) -> Mapping[str, Any]:
        """Take in an event of a webhook; see `Arrivals.take`."""
        provider = self._providers.get(event.provider)
        if provider is None:
            return await self._take(event)
        async with self._in_line((event.provider, event.external_id or event.handover_id)):
            return await self._take(await self._completed(provider, event))

    @asynccontextmanager
    async def _in_line(self, session: tuple[str, str | None]) -> AsyncGenerator[None]:
        lock, waiting = self._lines.setdefault(session, (asyncio.Lock(), [0]))
        waiting[0] += 1
        try:
            async with lock:  # first come, first served
                yield
        finally:
            waiting[0] -= 1
            if not waiting[0]:
                del self._lines[session]

    async def _completed(self, provider: Provider, event: FromProvider) -> FromProvider:
        name = provider.name
        if time.monotonic() < self._paused.get(name, 0.0):
            return event
        try:
            async with asyncio.timeout(COMPLETE_S):
                return await provider.complete(event)
        except (ProviderUnavailable, ProviderAuthError, TimeoutError) as error:
            self._paused[name] = time.monotonic() + PAUSE_S
            self._say(name, str(error) or "no answer in time")
        except ProviderError as error:  # of this event only, such as an agent who was deleted
            self._say(name, str(error))
        except Exception as error:  # noqa: BLE001  (a fault of ours must not cost the event)
            _log.error("completing_failed", provider=name, exc_info=error)
        return event

    def _say(self, name: str, detail: str) -> None:
        now = time.monotonic()
        if now < self._quiet.get(name, 0.0):
            return
        self._quiet[name] = now + QUIET_S
        _log.warning(
            "not_completed",
            provider=name,
            detail=detail,
            remedy="events are taken as they came; check the provider's credentials and their rights",
        )
