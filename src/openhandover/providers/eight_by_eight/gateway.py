"""The calls of the Chat Gateway, with the headers that say who we are."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import Reactions

from . import answers
from .answers import accept
from .settings import Settings

OPEN: Reactions = {
    **dict.fromkeys((401, 403), ProviderAuthError),
    **dict.fromkeys((408, 409, 425, 429), ProviderUnavailable),
}
TALK: Reactions = {**OPEN, **dict.fromkeys((404, 410), SessionGone)}
UPLOAD_S = 60.0
YOUNG_S = 30.0
"""So long a conversation that the gateway does not know may only be late: its creation is answered before it is done."""
PAGE = 50
PAGES = 10
"""How far back a conversation whose creation was not answered is looked for: the gateway sorts them by nothing useful."""


class Gateway:
    """What one key may do."""

    def __init__(self, settings: Settings, http: Sender) -> None:
        self.url = settings.gateway
        self.key = {"x-api-key": str(settings.api_key)}
        if settings.tenant:
            self.key["X-8x8-Tenant"] = settings.tenant
        self._http = http
        self._young: dict[str, float] = {}
        """Conversations that we have just created, and when they are no longer new."""

    async def create(self, body: Mapping[str, Any]) -> str:
        """The id of a new conversation."""
        reply = await self._call("POST", "/conversations", body)
        accept(reply, OPEN, answers.OPENING)
        created, now = answers.conversation_id(reply), time.monotonic()
        self._young = {one: until for one, until in self._young.items() if until > now}
        self._young[created] = now + YOUNG_S
        return created

    async def find(self, handover: str) -> str | None:
        """The conversation of this attempt, if there is one already."""
        for page in range(PAGES):
            reply = await self._call("GET", f"/conversations?{urlencode({'size': PAGE, 'page': page})}")
            accept(reply, OPEN, answers.OPENING)
            listed = answers.conversations(reply)
            found = next((one.id for one in listed if one.handover == handover), None)
            if found or len(listed) < PAGE:
                return found
        return None

    async def conversation(self, conversation_id: str) -> answers.Conversation:
        """The conversation as it is now; raises SessionGone."""
        reply = await self._call("GET", _path(conversation_id))
        if reply.status == 404 and self._young.get(conversation_id, 0.0) > time.monotonic():
            raise ProviderUnavailable("the conversation is not there yet", http_status=404)
        accept(reply, TALK)
        return read_answer(reply, answers.Conversation)

    async def messages(self, conversation_id: str, page: int = 0) -> list[answers.Listed]:
        """One page of what was written, the latest first."""
        query = urlencode({"size": PAGE, "page": page, "sort": "createdAt:desc"})
        reply = await self._call("GET", f"{_path(conversation_id)}/messages?{query}")
        accept(reply, TALK)
        return answers.messages(reply)

    async def write(self, conversation_id: str, body: Mapping[str, Any]) -> None:
        """Add a message. It is refused before the conversation has begun, which passes, and after its end."""
        reply = await self._call("POST", f"{_path(conversation_id)}/messages", body)
        if reply.status in (400, 404, 409):
            match (await self.conversation(conversation_id)).state:
                case "created":
                    raise ProviderUnavailable(
                        "the conversation has not begun there", http_status=reply.status
                    )
                case "idle":
                    raise SessionEnded("the conversation is idle there", http_status=reply.status)
                case _:
                    pass
        accept(reply, TALK)

    async def upload(self, conversation_id: str, content_type: str, body: bytes) -> str:
        """The id of a file that a message may name from now on."""
        path = f"{_path(conversation_id)}/attachments"
        reply = await self._send("POST", path, body, content_type, UPLOAD_S)
        accept(reply, TALK)
        return answers.uploaded(reply)

    async def type(self, conversation_id: str) -> None:
        """The user types; 8x8 has no word for stopping."""
        reply = await self._call("POST", f"{_path(conversation_id)}/typing", {"authorType": "user"})
        accept(reply, TALK)

    async def leave(self, conversation_id: str) -> None:
        """The user goes, which ends the interaction. One that has ended is as ended as can be."""
        reply = await self._call("PATCH", f"{_path(conversation_id)}/participants/user", {"removed": True})
        if reply.status in (404, 410):
            return
        if reply.status in (400, 409) and (await self.conversation(conversation_id)).state == "idle":
            return
        accept(reply, TALK)

    async def channel_webhook(self, channel_id: str) -> tuple[str, str]:
        """Id and address of the webhook that a channel calls; this changes nothing there."""
        reply = await self._call("GET", f"/channels/{quote(channel_id, safe='')}")
        accept(reply, OPEN, answers.OPENING)
        webhook_id = read_answer(reply, answers.Channel).web_hook_id
        if not webhook_id:
            raise ProviderRejected(
                "the channel has no webhook; check `channel_id`, and give the channel one in 8x8"
            )
        reply = await self._call("GET", f"/webhooks/{quote(webhook_id, safe='')}")
        accept(reply, OPEN, {404: "the channel's webhook is gone; give the channel another one in 8x8"})
        return webhook_id, read_answer(reply, answers.Webhook).uri

    async def channels(self) -> None:
        """Whether we may call at all."""
        reply = await self._call("GET", "/channels?size=1")
        accept(reply, OPEN, answers.OPENING)

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        content = b"" if body is None else encode_json(body)
        return await self._send(method, path, content, "application/json" if content else "")

    async def _send(
        self, method: str, path: str, body: bytes, content_type: str, timeout_s: float = 10.0
    ) -> Reply:
        kinds = {"accept": "application/hal+json"} | ({"content-type": content_type} if content_type else {})
        return await self._http.send(
            Request(
                method=method,
                url=self.url + path,
                headers=self.key | kinds,
                body=body,
                timeout_s=timeout_s,
            )
        )


def attachment_path(conversation_id: str, attachment_id: str) -> str:
    """Where the bytes of a file are."""
    return f"{_path(conversation_id)}/attachments/{quote(attachment_id, safe='')}/content"


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"
