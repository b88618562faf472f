"""The bodies that Chatwoot takes. Rails passes over fields that it does not know; here they are refused, for nobody
should rely on them."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from openhandover.emulators.answers import Refused, json_object

_Number = Annotated[int, Meta(ge=1)]


T = TypeVar("T", bound=Struct)


class _Strict(Struct, forbid_unknown_fields=True):
    pass


class NewContact(_Strict):
    """`POST /contacts`."""

    inbox_id: _Number
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    avatar_url: str | None = None
    custom_attributes: dict[str, str | int | float | bool] | None = None
    additional_attributes: dict[str, Any] | None = None


class NewConversation(_Strict):
    """`POST /conversations`. The server could also make up a `source_id`; its page demands one."""

    source_id: Annotated[str, Meta(min_length=1)]
    inbox_id: _Number
    contact_id: _Number
    status: Literal["open", "resolved", "pending"] = "open"
    assignee_id: _Number | None = None
    team_id: _Number | None = None
    custom_attributes: dict[str, Any] | None = None
    additional_attributes: dict[str, Any] | None = None
    snoozed_until: str | None = None


class NewMessage(_Strict):
    """`POST /conversations/{id}/messages`, as JSON or, with files, as a form."""

    content: str
    message_type: Literal["incoming", "outgoing"] = "outgoing"
    private: bool = False
    content_type: Literal["text", "input_email", "cards", "input_select", "form", "article"] = "text"
    content_attributes: dict[str, Any] | None = None
    source_id: str | None = None
    echo_id: str | None = None
    external_created_at: str | None = None


class NewStatus(_Strict):
    """`POST .../toggle_status`; without a status the real server toggles, which nobody should rely on."""

    status: Literal["open", "resolved", "pending", "snoozed"]
    snoozed_until: int | None = None


class NewPriority(_Strict):
    """`POST .../toggle_priority`."""

    priority: Literal["urgent", "high", "medium", "low", "none"]


class NewLabels(_Strict):
    """`POST .../labels`: replaces the set."""

    labels: list[Annotated[str, Meta(pattern=r"^[\w-]+$")]]


class MessageStatus(_Strict):
    """`PATCH .../messages/{id}`."""

    status: Literal["sent", "delivered", "read", "failed"]
    external_error: str | None = None


class Typing(_Strict):
    """`POST .../toggle_typing` of the Client API; the same stands in the query."""

    typing_status: Literal["on", "off"]


async def body(request: web.Request, type_: type[T]) -> T:
    """The JSON body.

    Raises:
        Refused: 415 or 400 for what is no JSON object, 422 for one that does not fit.
    """
    return fitting(await json_object(request), type_)


def fitting(found: dict[str, Any], type_: type[T]) -> T:
    """The same, already read."""
    try:
        return msgspec.convert(found, type_)
    except msgspec.ValidationError as error:
        raise Refused(422, str(error)) from None
