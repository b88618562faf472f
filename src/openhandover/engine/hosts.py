"""What a provider may use of the program around it: a memory, the users' files, its own address."""

import asyncio

from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Attachment
from openhandover.net.client import Request
from openhandover.net.fetch import download

from .files import FileStore
from .parts import Parts

FETCH_S = 30.0
"""So long the download of a file may take that a message names by address only."""


class ProviderHost:
    """The host of the provider of this name."""

    def __init__(self, name: str, parts: Parts) -> None:
        self._kind = f"provider:{name}"
        self._path = f"/webhooks/{name}"
        self._parts = parts
        self._files: FileStore = parts.files

    @property
    def webhook_url(self) -> str:
        """Under `server.public_url`; without one, where the server listens."""
        return f"{self._files.base_url}{self._path}" if self._files.base_url else ""

    async def recall(self, key: str) -> str | None:
        """What was remembered under the key."""
        found = await self._parts.store.get(self._kind, key)
        return None if found is None else found.decode()

    async def remember(self, key: str, value: str) -> None:
        """Dated, so that it is forgotten as old claims are."""
        await self._parts.store.put(self._kind, key, value.encode(), at=self._parts.clock())

    async def content(self, file: Attachment) -> bytes:
        """The bytes of a file that we keep, else of what its address gives."""
        kept = await self._parts.store.upload(file.id)
        if kept is not None:
            try:
                return await asyncio.to_thread(self._files.path(kept).read_bytes)
            except FileNotFoundError:
                raise ProviderRejected("the file was deleted, as `retention.files_days` says") from None
        if not file.url:
            raise ProviderRejected("the file is not ours")
        wanted = Request(
            method="GET",
            url=file.url,
            guard=self._parts.guard,
            max_bytes=self._parts.config.uploads.max_bytes,
            timeout_s=FETCH_S,
        )
        found = await download(self._parts.http, wanted)
        return found.content
