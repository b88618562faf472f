"""A provider and its emulator, without a server in between."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from openhandover.core.model import Attachment, Delivery, Message, User
from openhandover.emulators.eight_by_eight import EightByEightEmulator
from openhandover.net.client import HttpClient
from openhandover.providers import eight_by_eight
from openhandover.providers.base import Alone, Brief, HandoverRequest, Opened, Session
from openhandover.providers.eight_by_eight import EightByEight
from openhandover.providers.eight_by_eight.settings import AgentStatus, Metrics, Settings


class Home(Alone):
    """A host that outlives its provider, as the real one does; `files` by their id."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, bytes] = {}

    async def content(self, file: Attachment) -> bytes:
        """The bytes of a file."""
        return self.files[file.id]


class Vendor:
    """8x8 and whoever speaks with it."""

    def __init__(self, emulator: EightByEightEmulator, client: HttpClient) -> None:
        self.emulator = emulator
        self.home = Home()
        self._client = client
        self.provider = self.another()

    def another(self, **settings: Any) -> EightByEight:
        """A provider as after a restart: it knows what its host remembers; `settings` replaces some."""
        whole = {**self.emulator.settings(), **settings}
        nested = {"metrics": Metrics, "agents": AgentStatus}
        built = {name: kind(**whole[name]) for name, kind in nested.items() if whole.get(name)}
        provider = EightByEight("vendor", Settings(**{**whole, **built}), self._client)
        provider.host = self.home
        self.provider = provider
        return provider

    async def open(self, **changes: Any) -> Session:
        """A conversation there."""
        return session(await self.provider.open(request(**changes)))

    def texts(self, session: Session, *authors: str) -> list[str]:
        """What is to be read there."""
        lines = self.emulator.account.conversations[session.external_id].lines
        return [line.text for line in lines if line.author in (authors or ("user", "bot"))]


def request(**changes: Any) -> HandoverRequest:
    """A handover of Ada's."""
    whole: dict[str, Any] = {
        "handover_id": "h1",
        "attempt": 1,
        "reason": None,
        "initiator": "bot",
        "conversation": Brief("c1", "web", "en", "text"),
        "user": User("u1", name="Ada"),
        "context": {},
        "route": {},
        "transcript": (),
    }
    return HandoverRequest(**whole | changes)


def session(opened: Opened) -> Session:
    """What the engine makes of it."""
    return Session("h1", 1, opened.external_id)


def said(text: str, author: Any = "user", *files: Attachment, **more: Any) -> Message:
    """A message."""
    return Message("m", 1, author, text, None, files, "2026-11-21T01:00:00.000Z", Delivery(), **more)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name or a figure is waited for however slow the machine is; what happens when it takes too long has a test of
    its own in test_figures.py."""
    monkeypatch.setattr(eight_by_eight, "_LOOK_UP_S", 30.0)


@pytest.fixture
async def vendor() -> AsyncGenerator[Vendor]:
    async with EightByEightEmulator() as emulator, HttpClient() as client:
        yield Vendor(emulator, client)
