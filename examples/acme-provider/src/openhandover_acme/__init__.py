"""Acme Desk, a contact centre that does not exist: REST calls with a key, webhooks signed with HMAC-SHA256."""

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
    SignatureError,
)
from openhandover.core.events import FromProvider
from openhandover.core.model import Message
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import check
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
    WebhookRequest,
)

from . import wire
from .settings import Settings

REFUSED = {401: "check `api_key`", 404: "check `url`"}
OPEN = {401: ProviderAuthError, 429: ProviderUnavailable}
CHAT = {**OPEN, 404: SessionGone, 409: SessionEnded}
"""A chat that Acme has closed answers 409."""


class Acme(BaseProvider):
    """One Acme Desk."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook", availability=True, typing_in=True, typing_out=True, agent_name=True
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._http = http

    async def connect(self) -> None:
        """The one call that changes nothing: ask who is there."""
        await self.availability({}, None)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether an agent is online."""
        reply = await self._call("GET", "/v1/agents")
        check(reply, OPEN, time.time(), REFUSED)
        return wire.available(reply)

    async def open(self, request: HandoverRequest) -> Opened:
        """A new chat; the same reference again is the same chat."""
        reply = await self._call("POST", "/v1/chats", wire.opening(request))
        check(reply, OPEN, time.time(), REFUSED)
        return Opened(wire.chat_id(reply))

    async def send(self, session: Session, message: Message, key: str) -> None:
        """One message; the same reference again is shown once."""
        reply = await self._call("POST", f"/v1/chats/{session.external_id}/messages", wire.line(message, key))
        check(reply, CHAT, time.time(), REFUSED)

    async def typing(self, session: Session, *, on: bool) -> None:
        """The user types, or stopped."""
        reply = await self._call("POST", f"/v1/chats/{session.external_id}/typing", {"on": on})
        check(reply, CHAT, time.time(), REFUSED)

    async def cancel(self, session: Session, reason: str) -> None:
        """Acme does not tell a withdrawal from an end."""
        await self.close(session, reason)

    async def close(self, session: Session, reason: str) -> None:
        """End the chat; one that is gone or closed is as ended as can be."""
        reply = await self._call("POST", f"/v1/chats/{session.external_id}/close", {"reason": reason})
        if reply.status not in {404, 409}:
            check(reply, CHAT, time.time(), REFUSED)

    def verify(self, request: WebhookRequest) -> None:
        """`X-Signature: sha256=<hex>` over the raw body."""
        key = self._settings.webhook_secret.encode()
        expected = "sha256=" + hmac.new(key, request.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), request.headers.get("x-signature", "").encode()):
            raise SignatureError("compare `webhook_secret` with the secret of the webhook at Acme Desk")

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """One fact per webhook."""
        return (wire.fact(self.name, request.body),)

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        headers = {"authorization": f"Bearer {self._settings.api_key}", "content-type": "application/json"}
        content = b"" if body is None else encode_json(body)
        return await self._http.send(
            Request(method=method, url=self._settings.url + path, headers=headers, body=content)
        )


PROVIDER = Acme
