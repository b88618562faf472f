"""Your own desk over plain HTTP: a handful of signed calls out, signed webhooks back."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode
from uuid import uuid4

from openhandover.core.events import FromProvider
from openhandover.core.model import Message
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.signatures import decode_secrets, signed_headers, verify
from openhandover.net.statuses import MESSAGE, OPEN, check
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

_HINTS: Mapping[int, str] = dict.fromkeys((401, 403), "check `secret`: the desk must have the same")
_BEST_EFFORT_S = 5.0  # typing that comes later than this is of no use


class Http(BaseProvider):
    """A desk that speaks our own contract."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook",
        availability=True,
        queue_position=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        receipts=True,
        agent_name=True,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._url = settings.url.rstrip("/")
        self._keys = decode_secrets(settings.secret, settings.old_secret)
        self._http = http

    async def connect(self) -> None:
        """The one call that changes nothing: ask whether somebody is there."""
        await self.availability({}, None)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """What the desk answers."""
        query = urlencode(wire.query(route, language))
        reply = await self._call(
            "GET", f"/availability?{query}", f"availability:{uuid4()}", timeout_s=_BEST_EFFORT_S
        )
        check(reply, MESSAGE, time.time(), _HINTS)
        return wire.available(reply)

    async def open(self, request: HandoverRequest) -> Opened:
        """Ask the desk to take the conversation."""
        reply = await self._call("POST", "/open", request.key, wire.opening(request))
        check(reply, OPEN, time.time(), _HINTS)
        return wire.opened(reply)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Give the desk one message."""
        reply = await self._call("POST", "/messages", key, wire.about(session, message=wire.message(message)))
        check(reply, MESSAGE, time.time(), _HINTS)

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell the desk that the user types, or stopped."""
        await self._tell("/typing", str(uuid4()), wire.about(session, on=on))

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """Tell the desk that the user came or went."""
        await self._tell("/presence", str(uuid4()), wire.about(session, user=user, text=text))

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """Tell the desk what became of an agent's message; a desk without `/receipts` is fine."""
        key = f"{session.handover_id}:{session.attempt}:receipt:{message_id}:{state}"
        await self._tell(
            "/receipts", key, wire.about(session, message_id=message_id, state=state), missing={404}
        )

    async def cancel(self, session: Session, reason: str) -> None:
        """Withdraw the handover at the desk."""
        await self._end("cancel", session, reason)

    async def close(self, session: Session, reason: str) -> None:
        """Tell the desk that we ended it."""
        await self._end("close", session, reason)

    def verify(self, request: WebhookRequest) -> None:
        """Standard Webhooks, with the secret of both directions."""
        verify(request.headers, request.body, self._keys, request.received_at)

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """One fact per webhook."""
        return (wire.fact(self.name, request.body),)

    async def _end(self, verb: Literal["cancel", "close"], session: Session, reason: str) -> None:
        key = f"{session.handover_id}:{session.attempt}:{verb}"
        reply = await self._call("POST", f"/{verb}", key, wire.about(session, reason=reason))
        if reply.status not in {404, 410}:  # a conversation that is gone is as ended as can be
            check(reply, MESSAGE, time.time(), _HINTS)

    async def _tell(
        self, path: str, key: str, body: Mapping[str, Any], missing: frozenset[int] | set[int] = frozenset()
    ) -> None:
        reply = await self._call("POST", path, key, body, timeout_s=_BEST_EFFORT_S)
        if reply.status not in missing:
            check(reply, MESSAGE, time.time(), _HINTS)

    async def _call(
        self,
        method: str,
        path: str,
        key: str,
        body: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 10.0,
    ) -> Reply:
        content = b"" if body is None else encode_json(body)
        headers = signed_headers(self._keys, key, time.time(), content)
        return await self._http.send(
            Request(method=method, url=self._url + path, headers=headers, body=content, timeout_s=timeout_s)
        )


PROVIDER = Http
