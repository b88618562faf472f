"""Messages with their files and long texts, each once.

8x8 takes no id of ours with a message and gives none back, so that a repeated call would make a second message. Before one is
repeated, or sent at all by a process that has just begun, we look.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct, structs

from openhandover.core.errors import ProviderRejected, Unsupported
from openhandover.core.model import Attachment, Message
from openhandover.core.recent import Recent
from openhandover.providers.base import Host

from . import wire
from .gateway import Gateway, Listed, mark


class Sent(Struct, frozen=True):
    """How far a conversation is: `key` is the last message, of which `parts` have arrived; the last `run` that its side
    wrote were all `mark`."""

    key: str = ""
    parts: int = 0
    mark: str = ""
    run: int = 0

    def arrived(self, key: str) -> int:
        """How many parts of this message are there."""
        return self.parts if self.key == key else 0

    def after(self, key: str, written: str) -> "Sent":
        """With one more part."""
        run = self.run + 1 if written == self.mark else 1
        return Sent(key, self.arrived(key) + 1, written, run)

    def is_among(self, written: str, listed: Sequence[Listed], side: str) -> bool:
        """Whether the latest of this side's messages, latest first, are one more of these than we know of."""
        known = self.run if written == self.mark else 0
        found = 0
        for one in listed:
            if one.author.type == side:
                if one.mark != written:
                    break
                found += 1
        return found > known


class Ledger:
    """What was sent to each conversation, kept over restarts."""

    def __init__(self) -> None:
        self._certain: Recent[str, Sent] = Recent()
        """Where the last call was answered: nobody needs to look."""

    async def read(self, host: Host, conversation_id: str) -> tuple[Sent, bool]:
        """How far the conversation is, and whether that is certain."""
        if (known := self._certain.get(conversation_id)) is not None:
            return known, True
        text = await host.recall(f"sent:{conversation_id}")
        return (msgspec.json.decode(text, type=Sent) if text else Sent()), False

    def doubt(self, conversation_id: str) -> None:
        """A call is under way: until it was answered, nothing is certain."""
        self._certain.pop(conversation_id, None)

    async def write(self, host: Host, conversation_id: str, sent: Sent) -> None:
        """So far it is now, for certain."""
        await host.remember(f"sent:{conversation_id}", msgspec.json.encode(sent).decode())
        self._certain[conversation_id] = sent


def history(messages: Sequence[dict[str, str]]) -> Sent:
    """How far a new conversation is: the gateway may list its history among its messages."""
    sent = Sent()
    last = next((one["authorType"] for one in reversed(messages)), "")
    for one in messages:
        if one["authorType"] == last:
            sent = sent.after("", mark(last, one["text"], 0))
    return structs.replace(sent, parts=0)


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
