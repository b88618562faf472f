"""What 8x8 answers, also when it refuses.

Source: 8x8's OpenAPI documents of the Chat Gateway v1.0 and of the real-time metrics v5. HAL leaves `_embedded` out where a
page is empty.
"""

import hashlib
import time
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover.net.bodies import read_answer
from openhandover.net.client import Reply
from openhandover.net.statuses import Reactions, check

HANDOVER = "handover"
"""The additional property that names the attempt, so that its conversation can be found again."""


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


class Channel(Struct, frozen=True, rename="camel"):
    """A Chat API channel."""

    web_hook_id: str = ""


class Webhook(Struct, frozen=True):
    """A webhook."""

    uri: str = ""


class _Messages(Struct, frozen=True):
    messages: list[Listed] = []


class _Conversations(Struct, frozen=True):
    conversations: list[Conversation] = []


class _MessagePage(Struct, frozen=True):
    embedded: _Messages = msgspec.field(name="_embedded", default=_Messages())


class _ConversationPage(Struct, frozen=True):
    embedded: _Conversations = msgspec.field(name="_embedded", default=_Conversations())


def conversation_id(reply: Reply) -> str:
    """The new conversation."""
    return read_answer(reply, _Created).conversation_id


def uploaded(reply: Reply) -> str:
    """The id of the file."""
    return read_answer(reply, _Uploaded).id


def messages(reply: Reply) -> list[Listed]:
    """One page of a conversation's messages."""
    return read_answer(reply, _MessagePage).embedded.messages


def conversations(reply: Reply) -> list[Conversation]:
    """One page of the tenant's conversations."""
    return read_answer(reply, _ConversationPage).embedded.conversations


# --- refusals ---------------------------------------------------------------------------------------------------

_KEY = {401: "check `api_key`", 403: "check `api_key` and `tenant`"}
OPENING: Mapping[int, str] = _KEY | {
    400: "check `channel_id`, `queue_id` and `properties`",
    404: "check `channel_id` and `base_url`",
}
TALKING: Mapping[int, str] = _KEY
_BY_CODE = {"invalid_queue": "check `queue_id`"}


def accept(reply: Reply, reactions: Reactions, hints: Mapping[int, str] = TALKING) -> None:
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
