"""A small async client of the server: typed, patient, and light to import.

async with Client("https://handover.example.com", key) as client:
    conversation = await client.conversations.create("api", {"id": "ada"})
    handover = await client.handovers.request(conversation.id, epoch=conversation.epoch, wait_s=10)
"""

import asyncio
import mimetypes
from collections.abc import AsyncGenerator
from pathlib import Path
from types import TracebackType
from typing import Self

from openhandover.core.errors import OpenHandoverError, PayloadError, SignatureError

from .errors import (
    Conflict,
    FieldError,
    FloorTaken,
    Forbidden,
    HandoverOpen,
    IdReused,
    Invalid,
    NotFound,
    Problem,
    RateLimited,
    ServerFault,
    StaleEpoch,
    TooLarge,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from .groups import Conversations, Handovers, Messages, Tools
from .link import Link
from .request import File, Request, get, new_id, target
from .shapes import (
    Availability,
    Conversation,
    Event,
    Handover,
    Message,
    Proof,
    ToolResult,
    Upload,
)
from .webhooks import verify_webhook

__all__ = [
    "Availability",
    "Client",
    "Conflict",
    "Conversation",
    "Event",
    "FieldError",
    "FloorTaken",
    "Forbidden",
    "Handover",
    "HandoverOpen",
    "IdReused",
    "Invalid",
    "Message",
    "NotFound",
    "OpenHandoverError",
    "PayloadError",
    "Problem",
    "Proof",
    "RateLimited",
    "ServerFault",
    "SignatureError",
    "StaleEpoch",
    "TooLarge",
    "ToolResult",
    "Unauthorized",
    "Unreachable",
    "Unreadable",
    "Upload",
    "verify_webhook",
]


class Client:
    """One server and one API key; use as `async with`, or call `close`."""

    def __init__(self, url: str, key: str, *, timeout_s: float = 30.0, give_up_s: float = 60.0) -> None:
        """
        Args:
            url: where the server is, such as `https://handover.example.com`.
            key: an API key with the scopes of the calls you make.
            timeout_s: for one try of a call.
            give_up_s: for how long a call is tried again after a broken connection, 429 or 5xx; a stream is
                reconnected for so long since it was last heard.
        """
        self._link = Link(url, key, timeout_s, give_up_s)
        self.conversations = Conversations(self._link)
        self.messages = Messages(self._link)
        self.handovers = Handovers(self._link)
        self.tools = Tools(self._link)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections; may be called twice."""
        await self._link.close()

    def events(self, conversation_id: str, *, after: int = 0) -> AsyncGenerator[Event]:
        """What happens in a conversation, in order, each event once: stored ones first, then live ones, without end.

        After a break it goes on where it stopped. Give `conversation.seq` as `after` to hear only what is new.
        """
        return self._link.events(target("conversations", conversation_id, "events"), after)

    async def availability(
        self, provider: str, *, skills: tuple[str, ...] = (), language: str | None = None
    ) -> Availability:
        """Whether somebody is there."""
        asked = get("availability", provider=provider, skills=",".join(skills) or None, language=language)
        return await self._link.call(asked, Availability)

    async def upload(
        self,
        content: bytes | Path,
        name: str | None = None,
        *,
        content_type: str | None = None,
        id: str | None = None,
    ) -> Upload:
        """Give the server a file; send it with `attachments=[{"upload_id": upload.upload_id}]`."""
        if isinstance(content, Path):
            name = name or content.name
            content = await asyncio.to_thread(content.read_bytes)
        name = name or "file"
        kind = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = File(content, name, kind, id or new_id("up"))
        return await self._link.call(Request(method="POST", target=target("uploads"), file=file), Upload)
