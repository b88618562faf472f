"""A talk over this provider, and the provider by itself."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from openhandover.emulators.genesys import GenesysEmulator
from openhandover.emulators.genesys.conversation import Conversation
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone
from openhandover.providers.genesys import Genesys
from tests.contract.vendor_world import Talk, vendor_world

from .samples import changed


class Centre(Talk):
    """A user's talk, with what only this vendor has."""

    @property
    def genesys(self) -> GenesysEmulator:
        """The emulator."""
        assert isinstance(self.world.emulator, GenesysEmulator)
        return self.world.emulator

    async def there(self) -> Conversation:
        """The conversation at the vendor."""
        return self.genesys.conversations[(await self.chat())["id"]]


@asynccontextmanager
async def talking(folder: Path, **settings: Any) -> AsyncGenerator[Centre]:
    """A user of a server with this provider."""
    async with vendor_world(folder, "genesys", GenesysEmulator(), webhooks=True, **settings) as world:
        yield Centre(world, {})


@asynccontextmanager
async def alone(
    host: Alone | None = None, **settings: Any
) -> AsyncGenerator[tuple[Genesys, GenesysEmulator]]:
    """The provider without a server around it."""
    async with GenesysEmulator() as genesys, HttpClient() as http:
        block = {key: value for key, value in genesys.settings().items() if key != "type"}
        provider = Genesys("contact", changed(**{**block, **settings}), http)
        provider.host = host or Alone()
        yield provider, genesys
