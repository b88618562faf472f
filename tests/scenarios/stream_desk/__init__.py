"""A provider whose vendor has no webhooks: its events are read from a numbered list, from a cursor on."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, Literal

import msgspec

from openhandover.core import events as e
from openhandover.core.errors import ProviderUnavailable
from openhandover.core.model import Agent, Message
from openhandover.net.client import Reply, Request, Sender
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened, Session

from .settings import Settings


class StreamDesk(BaseProvider):
    """Thin: three calls out, one list in."""

    capabilities: ClassVar[Capabilities] = Capabilities(inbound="events")

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._url = settings.url
        self._http = http

    async def open(self, request: HandoverRequest) -> Opened:
        """Start a session."""
        reply = await self._call("POST", "/open", {"key": request.key})
        return Opened(msgspec.json.decode(reply.body)["session"])

    async def send(self, session: Session, message: Message, key: str) -> None:
        """One message."""
        await self._call("POST", "/say", {"session": session.external_id, "key": key, "text": message.text})

    async def close(self, session: Session, reason: str) -> None:
        """Nothing to tell this vendor."""

    async def cancel(self, session: Session, reason: str) -> None:
        """Nothing to tell this vendor."""

    async def events(self, cursor: str | None) -> AsyncIterator[tuple[str, e.FromProvider]]:
        """Everything after the cursor, in order, for ever."""
        after = int(cursor or 0)
        while True:
            reply = await self._call("GET", f"/events?after={after}")
            for item in msgspec.json.decode(reply.body):
                after = item["n"]
                yield str(after), self._fact(item)
            await asyncio.sleep(0.02)

    def _fact(self, item: Mapping[str, Any]) -> e.FromProvider:
        kinds: dict[str, e.ProviderFact] = {
            "joined": e.AgentJoined(Agent("k", "Kim")),
            "message": e.AgentMessage(item["text"], id=str(item["n"])),
            "closed": e.Closed(sequenced=True),
        }
        return e.FromProvider(self.name, str(item["n"]), kinds[item["kind"]], external_id=item["session"])

    async def _call(self, method: Literal["GET", "POST"], path: str, body: Any = None) -> Reply:
        content = b"" if body is None else msgspec.json.encode(body)
        reply = await self._http.send(Request(method=method, url=self._url + path, headers={}, body=content))
        if not reply.is_success:
            raise ProviderUnavailable(f"HTTP status {reply.status}")
        return reply


PROVIDER = StreamDesk
