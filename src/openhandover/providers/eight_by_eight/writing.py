"""Messages with their files and long texts, each once."""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from openhandover.core.errors import ProviderRejected, Unsupported
from openhandover.core.model import Attachment, Message
from openhandover.providers.base import Host

from . import wire
from .answers import mark
from .gateway import Gateway
from .sent import Ledger, history


class Writing:
    """Writes into conversations. `max_text`: characters of the longest message."""

    def __init__(self, gateway: Gateway, max_text: int) -> None:
        self._gateway = gateway
        self._max_text = max_text
        self._ledger = Ledger()

    async def begun(self, host: Host, talk: str, opening: Mapping[str, Any]) -> None:
        """A conversation was created with this body: its history counts as written."""
        told = opening.get("history", {}).get("messages", [])
        await self._ledger.write(host, talk, history(told))

    async def write(self, host: Host, talk: str, message: Message, key: str) -> None:
        """Add a message in parts, its files with the last one; the same key again adds only what is missing."""
        side, files, links = wire.side(message), list[str](), list[Attachment]()
        sent, _ = await self._ledger.read(host, talk)
        for file in message.attachments:
            try:
                content = await host.content(file)
                kind, body = wire.upload(side, file.name, file.content_type, content)
                files.append(await self._gateway.upload(talk, kind, body))
            except ProviderRejected:
                links.append(file)  # 8x8 would not take it, or it is not ours: the agent gets its address
        message = structs.replace(message, attachments=tuple(links))
        *texts, last = wire.texts(message, self._max_text) or [""]
        if not last and not files:
            raise Unsupported("there is nothing to be read in this message")
        parts = [*(wire.message(side, text) for text in texts), wire.message(side, last, files)]
        for part in parts[sent.arrived(key) :]:
            await self._write(host, talk, key, part)

    async def _write(self, host: Host, talk: str, key: str, body: Mapping[str, Any]) -> None:
        sent, certain = await self._ledger.read(host, talk)
        side = body["authorType"]
        written = mark(side, body.get("text", ""), len(body.get("attachments", ())))
        if certain or not sent.is_among(written, await self._gateway.messages(talk), side):
            self._ledger.doubt(talk)
            await self._gateway.write(talk, body)
        await self._ledger.write(host, talk, sent.after(key, written))
