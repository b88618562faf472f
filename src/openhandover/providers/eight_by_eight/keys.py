"""The public keys of 8x8's webhook signatures, fetched when a webhook first names one."""

import asyncio
import time

from openhandover.core.errors import ProviderUnavailable
from openhandover.net.client import Request, Sender
from openhandover.providers.base import Host

from .signature import PublicKey, public_key

MISSING_S = 60.0
"""How long a key that 8x8 did not have is not asked for again: whoever names it may be anybody."""
_MANY = 100
_TIMEOUT_S = 5.0


class Keys:
    """Keys by their id; only ever from one address, never from one that a request names."""

    def __init__(self, url: str, http: Sender) -> None:
        self._url = url.rstrip("/")
        self._http = http
        self._known: dict[str, PublicKey] = {}
        self._missing: dict[str, float] = {}
        self._fetching = asyncio.Lock()

    def get(self, key_id: str) -> PublicKey | None:
        """The key, if it was fetched."""
        return self._known.get(key_id)

    async def need(self, key_id: str, host: Host) -> None:
        """Have the key from now on, if 8x8 has it. Raises ProviderUnavailable where that cannot be told."""
        if key_id in self._known:
            return
        async with self._fetching:  # one at a time: strangers may name what they like
            if key_id in self._known or time.monotonic() < self._missing.get(key_id, 0.0):
                return
            text = await host.recall(_key(key_id)) or await self._fetched(key_id)
            if text is None:
                if len(self._missing) >= _MANY:
                    self._missing.clear()
                self._missing[key_id] = time.monotonic() + MISSING_S
                return
            try:
                self._known[key_id] = public_key(text.encode())
            except ValueError:
                raise ProviderUnavailable("8x8's public key cannot be read; check `keys_url`") from None
            await host.remember(_key(key_id), text)

    async def _fetched(self, key_id: str) -> str | None:
        url = f"{self._url}/{key_id}/public"
        reply = await self._http.send(Request(method="GET", url=url, timeout_s=_TIMEOUT_S))
        if reply.is_success:
            return reply.body.decode("utf-8", "replace")
        if reply.status in (400, 404):
            return None
        raise ProviderUnavailable(f"HTTP status {reply.status} to a public key; check `keys_url`")


def _key(key_id: str) -> str:
    return f"jwk:{key_id}"
