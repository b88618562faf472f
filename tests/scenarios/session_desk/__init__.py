"""A provider whose vendor has neither webhooks nor one list of events: each session has a stream of its own."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar

import msgspec

from openhandover.core import events as e
from openhandover.core.errors import ProviderAuthError, SessionEnded, SessionGone
from openhandover.core.model import Agent, Attachment, Message
from openhandover.net.client import Request, Sender
from openhandover.net.sse import ServerSent, server_sent
from openhandover.net.statuses import check
from openhandover.providers.base import BaseProvider, Capabilities, HandoverRequest, Opened, Session

from .settings import Settings

REACTIONS = {401: ProviderAuthError, 404: SessionGone, 410: SessionEnded}


class SessionDesk(BaseProvider):
    """Thin: calls out, a stream in."""

    capabilities: ClassVar[Capabilities] = Capabilities(inbound="session")

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._url = settings.url
        self._http = http

    async def open(self, request: HandoverRequest) -> Opened:
        """Start a session."""
        opened = await self._post("/open", key=request.key)
        return Opened(opened["session"], opened.get("position"), opened.get("wait"))

    async def send(self, session: Session, message: Message, key: str) -> None:
        """One message, its files as their bytes."""
        files = [(await self.host.content(file)).decode() for file in message.attachments]
        await self._post("/say", session=session.external_id, key=key, text=message.text, files=files)

    async def close(self, session: Session, reason: str) -> None:
        """Our side has ended it."""
        await self._post("/close", session=session.external_id, reason=reason)

    cancel = close

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """Files of this vendor are for those who have its key."""
        return {"x-vendor-key": "k1"} if url.startswith(f"{self._url}/files/") else {}

    def origins(self) -> frozenset[str]:
        """Where the vendor is."""
        return frozenset((f"{self._url}/some/path",))

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, e.FromProvider | None]]:
        """Everything of one session after the cursor, until it is closed."""
        headers = {"Last-Event-ID": cursor} if cursor else {}
        url = f"{self._url}/streams/{session.external_id}"
        async for sent in server_sent(self._http, Request(method="GET", url=url, headers=headers), REACTIONS):
            fact = self._fact(sent)
            yield sent.id, fact and e.FromProvider(self.name, f"{session.external_id}:{sent.id}", fact)
            if sent.event == "closed":
                return

    def _fact(self, sent: ServerSent) -> e.ProviderFact | None:
        match sent.event:
            case "ping":
                return None
            case "joined":
                return e.AgentJoined(Agent("k", "Kim"))
            case "left":
                return e.AgentLeft(end_after_s=float(sent.data))
            case "greeting":
                return e.AgentMessage(sent.data, automatic=True)
            case "queue":
                return e.QueueUpdated(**msgspec.json.decode(sent.data))
            case "file":
                file = Attachment(sent.id, "a.txt", "text/plain", None, sent.data)
                return e.AgentMessage("", id=sent.id, attachments=(file,))
            case "closed":
                return e.Closed(sequenced=True)
            case _:
                return e.AgentMessage(sent.data, id=sent.id)

    async def _post(self, path: str, **body: Any) -> dict[str, Any]:
        request = Request(method="POST", url=self._url + path, body=msgspec.json.encode(body))
        reply = await self._http.send(request)
        check(reply, REACTIONS, 0.0)
        return reply.json()


PROVIDER = SessionDesk
