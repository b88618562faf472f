"""The configured providers: built once, started together, asked for availability within limits."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec
import structlog

from openhandover.config.model import Config
from openhandover.core import view
from openhandover.core.errors import ConfigError, ProviderAuthError, ProviderError, SessionEnded, SessionGone
from openhandover.core.model import Lane
from openhandover.net.client import Sender
from openhandover.providers import provider_of, route_of
from openhandover.providers.base import Availability, Host, Provider, Session

AVAILABILITY_TIMEOUT_S = 5.0
CACHE_S = 2.0
ASK_BY_HAND = "`openhandover check --connect` says which setting is wrong"

_log = structlog.get_logger("openhandover.providers")


class Providers(Mapping[str, Provider]):
    """Name -> provider. `logging` is there without being configured: it records and calls nobody."""

    def __init__(self, config: Config, http: Sender) -> None:
        self._config = config
        self._providers: dict[str, Provider] = {}
        self._cache: dict[tuple[str, bytes, str | None], tuple[float, Availability]] = {}
        for name, block in config.providers.items():
            try:
                self._providers[name] = provider_of(block.type)(name, block.settings, http)
            except ValueError as error:
                raise ConfigError(f"providers.{name}: {error}") from error
        if "logging" not in self._providers:
            self._providers["logging"] = provider_of("logging")("logging", None, http)

    def __getitem__(self, name: str) -> Provider:
        return self._providers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._providers)

    def __len__(self) -> int:
        return len(self._providers)

    def type_of(self, name: str) -> str:
        """The configured provider's type."""
        block = self._config.providers.get(name)
        return block.type if block else name

    def route_keys(self, name: str) -> tuple[str, ...] | None:
        """The keys that its routes may have; None where any."""
        return getattr(route_of(self.type_of(name)), "__struct_encode_fields__", None)

    def returns(self, name: str, channel: str) -> Literal["message", "call"]:
        """What gives a transferred conversation back: said by the configured provider, else by what it is, else by the
        channel."""
        block, on = self._config.providers.get(name), self._config.channels.get(channel)
        usual = self[name].capabilities.returns or (on.return_ if on else "message")
        return (block.return_ if block else None) or usual

    async def start(self, host_of: Callable[[str], Host]) -> None:
        """Start every provider, each with its host; one that cannot start is a configuration error."""
        for name, provider in self._providers.items():
            provider.host = host_of(name)
            await provider.start()

    async def stop(self) -> None:
        """Stop every provider."""
        for provider in self._providers.values():
            await provider.stop()

    def closed_until(self, name: str) -> str | None:
        """When it opens again (RFC 3339), None while it is open; empty when nothing says when."""
        block = self._config.providers.get(name)
        now = time.time()
        if block is None or block.hours is None or block.hours.is_open(now):
            return None
        return view.optional_time(block.hours.next_opening(now)) or ""

    async def availability(self, name: str, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether somebody is there: opening hours first, then the provider itself, remembered for a moment.

        Raises:
            ProviderError: the provider could not be asked.
        """
        opens_at = self.closed_until(name)
        if opens_at is not None:
            return Availability(open=False, opens_at=opens_at or None)
        key = (name, msgspec.json.encode(dict(route), order="sorted"), language)
        cached = self._cache.get(key)
        if cached and time.monotonic() - cached[0] < CACHE_S:
            return cached[1]
        try:
            async with asyncio.timeout(AVAILABILITY_TIMEOUT_S):
                found = await self[name].availability(route, language)
        except TimeoutError as error:
            raise ProviderError("the availability check took too long") from error
        if self[name].capabilities.inbound != "none":  # ours is cheap to ask and always fresh
            if len(self._cache) > 1_000:
                self._cache.clear()
            self._cache[key] = (time.monotonic(), found)
        return found


def session_of(lane: Lane) -> Session:
    """A lane as its provider knows it."""
    return Session(lane.handover_id, lane.attempt, lane.external_id or "", lane.vendor_state)


def say_waits(lane: Lane, tries: int, error: BaseException) -> None:
    """Write into the log, once, that a call to a provider is repeated, and what would mend it."""
    if tries:
        return
    remedy = "check that the provider is up and can be reached from here"
    if isinstance(error, ProviderAuthError):
        remedy = "check the provider's credentials"
    elif getattr(error, "retry_after_s", None) is not None:
        remedy = "the provider asked for a pause: if this is seen often, ask it for a higher limit"
    _log.warning(
        "provider_waits",
        provider=lane.provider,
        handover_id=lane.handover_id,
        detail=str(error) or type(error).__name__,
        remedy=f"{remedy}; the call is repeated",
    )


def say_lost(lane: Lane, error: SessionGone) -> None:
    """Write into the log that a session cannot be reached any more. One that was closed over there is nothing special."""
    if not isinstance(error, SessionEnded):
        _log.warning(
            "session_lost",
            provider=lane.provider,
            handover_id=lane.handover_id,
            detail=error.detail,
            remedy="the user is back with the bot; end the conversation in the contact centre by hand if it is still there",
        )
