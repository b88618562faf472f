"""The calls of the Chat Gateway, what it answers, and what its refusals mean.

Source: 8x8's OpenAPI document of the Chat Gateway v1.0. HAL leaves `_embedded` out where a page is empty.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from openhandover.core.errors import (
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import Reactions, check

from .settings import Settings
from .wire import HANDOVER

OPEN: Reactions = {
    **dict.fromkeys((401, 403), ProviderAuthError),
    **dict.fromkeys((408, 409, 425, 429), ProviderUnavailable),
}
TALK: Reactions = {**OPEN, **dict.fromkeys((404, 410), SessionGone)}
_KEY = {401: "check `api_key`", 403: "check `api_key` and `tenant`"}
OPENING: Mapping[int, str] = _KEY | {
    400: "check `channel_id`, `queue_id` and `properties`",
    404: "check `channel_id` and `base_url`",
}
_BY_CODE = {"invalid_queue": "check `queue_id`"}
UPLOAD_S = 60.0
YOUNG_S = 30.0
"""So long a conversation that the gateway does not know may only be late: its creation is answered before it is done."""
PAGE = 50
PAGES = 10
"""How far back a conversation whose creation was not answered is looked for: the gateway sorts them by nothing useful."""


# --- what it answers -------------------------------------------------------------------------------------------


class Author(Struct, frozen=True, rename="camel"):
    """Who wrote."""

    type: str = ""
    id: str | None = None


class File(Struct, frozen=True):
    """A file of a listed message."""

    id: str


class Listed(Struct, frozen=True, rename="camel"):
    """A message as the gateway lists it."""

    id: str
    author: Author
    text: str | None = None
    created_at: str | None = None
    attachments: list[File] = []
    cards: list[dict[str, Any]] = []

    @property
    def mark(self) -> str:
        """By which it is recognised: 8x8 takes no id of ours."""
        return mark(self.author.type, self.text or "", len(self.attachments))


def mark(by: str, text: str, files: int) -> str:
    """A short name for what somebody wrote; the text cannot be read from it."""
    return hashlib.sha256(f"{by}\n{files}\n{text}".encode()).hexdigest()[:24]


class _Property(Struct, frozen=True):
    key: str = ""
    value: str = ""


class _User(Struct, frozen=True, rename="camel"):
    additional_properties: list[_Property] = []


class _Assignment(Struct, frozen=True):
    type: str = ""
    id: str = ""


class Conversation(Struct, frozen=True, rename="camel"):
    """A conversation as the gateway tells of it."""

    id: str = ""
    state: str = ""
    user: _User = _User()
    assignment: _Assignment = _Assignment()

    @property
    def handover(self) -> str | None:
        """The attempt that it belongs to, if it is one of ours."""
        return next((one.value for one in self.user.additional_properties if one.key == HANDOVER), None)


class _Created(Struct, frozen=True, rename="camel"):
    conversation_id: str


class _Uploaded(Struct, frozen=True):
    id: str


class _Details(Struct, frozen=True):
    filename: str = ""


class _Channel(Struct, frozen=True, rename="camel"):
    web_hook_id: str = ""


class _Webhook(Struct, frozen=True):
    uri: str = ""


class _Embedded(Struct, frozen=True):
    messages: list[Listed] = []
    conversations: list[Conversation] = []


class _Page(Struct, frozen=True):
    embedded: _Embedded = msgspec.field(name="_embedded", default=_Embedded())


# --- its calls -------------------------------------------------------------------------------------------------


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
        accept(reply, OPEN, OPENING)
        created, now = read_answer(reply, _Created).conversation_id, time.monotonic()
        self._young = {one: until for one, until in self._young.items() if until > now}
        self._young[created] = now + YOUNG_S
        return created

    async def find(self, handover: str) -> str | None:
        """The conversation of this attempt, if there is one already."""
        for page in range(PAGES):
            reply = await self._call("GET", f"/conversations?{urlencode({'size': PAGE, 'page': page})}")
            accept(reply, OPEN, OPENING)
            listed = read_answer(reply, _Page).embedded.conversations
            found = next((one.id for one in listed if one.handover == handover), None)
            if found or len(listed) < PAGE:
                return found
        return None

    async def conversation(self, conversation_id: str) -> Conversation:
        """The conversation as it is now; raises SessionGone."""
        reply = await self._call("GET", _path(conversation_id))
        if reply.status == 404 and self._young.get(conversation_id, 0.0) > time.monotonic():
            raise ProviderUnavailable("the conversation is not there yet", http_status=404)
        accept(reply, TALK)
        return read_answer(reply, Conversation)

    async def messages(self, conversation_id: str, page: int = 0) -> list[Listed]:
        """One page of what was written, the latest first."""
        query = urlencode({"size": PAGE, "page": page, "sort": "createdAt:desc"})
        reply = await self._call("GET", f"{_path(conversation_id)}/messages?{query}")
        accept(reply, TALK)
        return read_answer(reply, _Page).embedded.messages

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
        return read_answer(reply, _Uploaded).id

    def content_url(self, conversation_id: str, file_id: str) -> str:
        """Where the bytes of a file are, for who has the key."""
        return f"{self.url}{_file_path(conversation_id, file_id)}/content"

    async def file_name(self, conversation_id: str, file_id: str) -> str:
        """What a file is called; empty where the gateway does not tell."""
        reply = await self._call("GET", _file_path(conversation_id, file_id))
        return read_answer(reply, _Details).filename if reply.is_success else ""

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
        accept(reply, OPEN, OPENING)
        webhook_id = read_answer(reply, _Channel).web_hook_id
        if not webhook_id:
            raise ProviderRejected(
                "the channel has no webhook; check `channel_id`, and give the channel one in 8x8"
            )
        reply = await self._call("GET", f"/webhooks/{quote(webhook_id, safe='')}")
        accept(reply, OPEN, {404: "the channel's webhook is gone; give the channel another one in 8x8"})
        return webhook_id, read_answer(reply, _Webhook).uri

    async def channels(self) -> None:
        """Whether we may call at all."""
        reply = await self._call("GET", "/channels?size=1")
        accept(reply, OPEN, OPENING)

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


def _path(conversation_id: str) -> str:
    return f"/conversations/{quote(conversation_id, safe='')}"


def _file_path(conversation_id: str, file_id: str) -> str:
    return f"{_path(conversation_id)}/attachments/{quote(file_id, safe='')}"


# --- refusals --------------------------------------------------------------------------------------------------


def accept(reply: Reply, reactions: Reactions, hints: Mapping[int, str] = _KEY) -> None:
    """Return on 2xx, else raise; the text names the setting to look at, and 8x8's own codes."""
    if reply.is_success:
        return
    codes = refused(reply.body)
    hint = next((_BY_CODE[code] for code in codes if code in _BY_CODE), hints.get(reply.status, ""))
    told = "; ".join(filter(None, (", ".join(codes), hint)))
    check(reply, reactions, time.time(), {reply.status: told})


def refused(body: bytes) -> list[str]:
    """The codes of an error's body, and the fields that it names. `errors` is a list of objects, a list of texts or one
    object; texts may repeat what a user wrote, so they are left alone."""
    try:
        told = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return []
    codes = [_at(one, "code") for one in _listed(_at(told, "errors"))]
    fields = [_at(one, "field") for one in _listed(_at(told, "validations"))]
    fault = _at(_at(_at(told, "fault"), "detail"), "errorcode")
    return [one[:64] for one in (*codes, *fields, fault) if isinstance(one, str)]


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _at(value: Any, key: str) -> Any:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
