"""A world with RingCentral in it, and calls that somebody else makes."""

import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import aiohttp

from openhandover.emulators.ringcentral import Account, RingCentralEmulator
from openhandover.providers.ringcentral import wire
from tests.contract.vendor_world import Talk, VendorWorld, vendor_world

ACCOUNT = Account()
BILLING = list(ACCOUNT.categories)[2]


def living(
    folder: Path, emulator: RingCentralEmulator | None = None, **settings: Any
) -> AbstractAsyncContextManager[VendorWorld]:
    """A world of RingCentral with these settings."""
    return vendor_world(folder, "ringcentral", emulator or RingCentralEmulator(), webhooks=True, **settings)


def engage(world: VendorWorld) -> RingCentralEmulator:
    """The emulated account."""
    assert isinstance(world.emulator, RingCentralEmulator)
    return world.emulator


def talk(world: VendorWorld, **route: Any) -> Talk:
    """A user."""
    return Talk(world, route)


async def rest(world: VendorWorld, method: str, path: str, **query: str) -> int:
    """The status of a call that somebody else makes with a token of the account."""
    headers = {"Authorization": f"Bearer {engage(world).account.access_token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"{world.emulator.url}/1.0{path}", params=query, headers=headers) as answer,
    ):
        return answer.status


def source_call(world: VendorWorld, body: Any) -> tuple[bytes, dict[str, str]]:
    """A call of the source as RingCentral would sign it."""
    raw = json.dumps(body).encode()
    return raw, wire.signed(engage(world).account.source_token, raw)


async def posted(world: VendorWorld, raw: bytes, headers: dict[str, str]) -> int:
    """The status of a webhook or call posted by hand."""
    headers = {"content-type": "application/json", **headers}
    return (await world.call("POST", "/webhooks/vendor", data=raw, headers=headers, key=None)).status
