"""The provider beside its emulator, without a server around it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from openhandover.core.model import Attachment, Delivery, Message
from openhandover.emulators.livehelperchat import LiveHelperChatEmulator
from openhandover.emulators.livehelperchat.site import Chat
from openhandover.net.client import HttpClient
from openhandover.providers.base import Alone, Opened, Session
from openhandover.providers.livehelperchat import LiveHelperChat
from openhandover.providers.livehelperchat.settings import Settings

from .test_wire import request


class Host(Alone):
    """A host with the bytes of users' files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    async def content(self, file: Attachment) -> bytes:
        """Those that are ours."""
        return self.files[file.id] if file.id in self.files else await super().content(file)


class Pair:
    """A provider, and the installation that it speaks with."""

    def __init__(self, lhc: LiveHelperChatEmulator, http: HttpClient, settings: dict[str, Any]) -> None:
        self.lhc, self.http = lhc, http
        self.host = Host()
        self.settings = settings
        self.provider = self.another()

    def another(self, **change: Any) -> LiveHelperChat:
        """The provider after a restart, or with other settings; what the host remembers is there."""
        block = {**self.lhc.settings(), **self.settings, **change}
        provider = LiveHelperChat(
            "support", msgspec.convert(block, Settings, dec_hook=lambda kind, value: kind(value)), self.http
        )
        provider.host = self.host
        return provider

    async def opened(self, **more: Any) -> Session:
        """A session."""
        return session(await self.provider.open(request(**more)))

    def chat(self, one: Session) -> Chat:
        """The chat of a session."""
        return self.lhc.site.chats[int(one.external_id)]

    def texts(self, one: Session, author: int = 0) -> list[str]:
        """What this author wrote after the opening."""
        first = next(
            line.id for line in self.chat(one).lines if line.msg == "I would like to talk to a person."
        )
        return [line.msg for line in self.chat(one).lines if line.user_id == author and line.id > first]


def session(opened: Opened) -> Session:
    """The session of an acceptance."""
    return Session("ho_1", 2, opened.external_id, opened.vendor_state)


def said(text: str, author: Any = "user", *files: Attachment, **more: Any) -> Message:
    """A message."""
    return Message("m", 1, author, text, None, files, "2026-11-21T10:00:00.000Z", Delivery(), **more)


@asynccontextmanager
async def alone(**settings: Any) -> AsyncGenerator[Pair]:
    """Both of them."""
    async with LiveHelperChatEmulator() as lhc, HttpClient() as http:
        yield Pair(lhc, http, settings)
