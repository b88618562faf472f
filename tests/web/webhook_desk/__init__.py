"""A provider whose webhooks leave out who wrote, and whose vendor asks who answers at our address."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from msgspec.structs import replace

from openhandover.core import events as e
from openhandover.core.errors import SignatureError
from openhandover.core.model import Agent
from openhandover.net.client import Request, Sender
from openhandover.net.statuses import MESSAGE, check
from openhandover.providers.base import (
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    WebhookReply,
    WebhookRequest,
)

from .settings import Settings


class WebhookDesk(BaseProvider):
    """Messages of `s1`, whose agents are looked up by id."""

    capabilities: ClassVar[Capabilities] = Capabilities(inbound="webhook", webhook_get=True)

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._url = settings.url
        self._http = http

    async def open(self, request: HandoverRequest) -> Opened:
        """There is one session."""
        return Opened("s1")

    def verify(self, request: WebhookRequest) -> None:
        """By a key."""
        if request.headers.get("x-key") != "k" and request.query.get("key") != "k":
            raise SignatureError

    def reply(self, request: WebhookRequest) -> WebhookReply | None:
        """The challenge, given back."""
        challenge = request.query.get("challenge")
        return WebhookReply(200, challenge.encode()) if challenge else None

    def parse(self, request: WebhookRequest) -> Sequence[e.FromProvider]:
        """One message."""
        said = msgspec.json.decode(request.body)
        fact = e.AgentMessage(said["text"], said["id"], agent=Agent(said["agent"]))
        return [e.FromProvider(self.name, said["id"], fact, external_id=said["session"])]

    async def complete(self, event: e.FromProvider) -> e.FromProvider:
        """With the agent's name."""
        assert isinstance(event.fact, e.AgentMessage) and event.fact.agent
        if event.fact.agent.id == "bug":
            raise ZeroDivisionError
        reply = await self._http.send(Request(method="GET", url=f"{self._url}/{event.fact.agent.id}"))
        check(reply, MESSAGE, 0.0)
        return replace(event, fact=replace(event.fact, agent=Agent(event.fact.agent.id, reply.body.decode())))


PROVIDER = WebhookDesk
