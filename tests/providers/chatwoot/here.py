"""A provider and the Chatwoot that it speaks with, without a server of ours."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from openhandover.core.model import Attachment, Delivery, Message, User
from openhandover.emulators.chatwoot import ChatwootEmulator
from openhandover.emulators.chatwoot.installation import Conversation
from openhandover.net.client import HttpClient
from openhandover.providers.base import Brief, HandoverRequest, Opened, Session
from openhandover.providers.chatwoot import Chatwoot
from openhandover.providers.chatwoot.settings import Settings

ADA = User("ada/1", "Ada", "ada@example.org", "+31201234567", {"tier": "gold"})


class Here:
    """A provider and the Chatwoot that it speaks with."""

    def __init__(self, chatwoot: ChatwootEmulator, http: HttpClient) -> None:
        self.chatwoot = chatwoot
        self.home = chatwoot.home
        self._http = http
        self.provider = self.anew()

    def anew(self, **settings: Any) -> Chatwoot:
        """A provider that remembers nothing, as after a start with another database."""
        self.provider = Chatwoot("vendor", Settings(**{**self.chatwoot.settings(), **settings}), self._http)
        return self.provider

    async def opened(self, **changes: Any) -> tuple[Conversation, Session]:
        """A conversation of Ada's."""
        asked = request(**changes)
        return self.talk(found := await self.provider.open(asked)), session(asked, found)

    def talk(self, opened: Opened) -> Conversation:
        """The conversation there."""
        return self.home.conversation(opened.external_id)

    def count(self, endpoint: str) -> int:
        """How often an endpoint was called."""
        return len(self.chatwoot.requests_to(endpoint))


@asynccontextmanager
async def living() -> AsyncGenerator[Here]:
    """A fresh Chatwoot and a provider for it."""
    async with ChatwootEmulator() as chatwoot, HttpClient() as http:
        yield Here(chatwoot, http)


def request(**changes: Any) -> HandoverRequest:
    """A handover of Ada's."""
    given: dict[str, Any] = {
        "handover_id": "h1",
        "attempt": 1,
        "reason": "wants a refund",
        "initiator": "bot",
        "conversation": Brief("c1", "web", "nl", "text"),
        "user": ADA,
        "context": {},
        "route": {},
        "transcript": (said("Help!"),),
    }
    return HandoverRequest(**given | changes)


def session(asked: HandoverRequest, opened: Opened) -> Session:
    """The session that the engine makes of an accepted handover."""
    return Session(asked.handover_id, asked.attempt, opened.external_id, opened.vendor_state)


def said(text: str, id_: str = "m1", author: Any = "user", files: tuple[Attachment, ...] = ()) -> Message:
    """A message of ours."""
    return Message(
        id=id_,
        seq=1,
        author=author,
        text=text,
        translation=None,
        attachments=files,
        at="2026-02-01T10:00:00Z",
        delivery=Delivery(),
    )


def texts(talk: Conversation) -> list[str]:
    """What was said there, notes included."""
    return [message.content or "" for message in talk.messages]
