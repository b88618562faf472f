"""What the realtime endpoint takes. The pages say that more fields are ignored; here they are refused, because a field
with a wrong name that is ignored over there is a fault of the caller."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T", bound=Struct)
At = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?$")]
"""The two documented forms."""
Text = Annotated[str, Meta(min_length=1)]
Context = dict[Annotated[str, Meta(pattern=r"^[a-zA-Z-]+$")], str | list[str]]
Body = Annotated[str, Meta(max_length=20_000)]


class User(Struct, forbid_unknown_fields=True):
    """An author."""

    id: Text
    screenname: Text
    created_at: At
    updated_at: At
    firstname: str | UnsetType = UNSET
    lastname: str | UnsetType = UNSET
    avatar_url: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    home_phone: str | UnsetType = UNSET
    mobile_phone: str | UnsetType = UNSET
    gender: Literal["man", "woman"] | UnsetType = UNSET
    puppetizable: bool = False
    context_data: Context | UnsetType = UNSET


class Attachment(Struct, forbid_unknown_fields=True):
    """A link, or base64 with a name."""

    url: Annotated[str, Meta(pattern=r"^https?://")] | UnsetType = UNSET
    content: Text | UnsetType = UNSET
    filename: Text | UnsetType = UNSET
    type: Literal["audio", "video"] | UnsetType = UNSET


class Message(Struct, forbid_unknown_fields=True):
    """A message of a source whose threads have no content of their own."""

    id: Text
    author: User
    thread_id: Text
    body: Body = ""
    format: Literal["html", "text"] = "html"
    attachments: list[Attachment] = []
    created_at: At | UnsetType = UNSET
    updated_at: At | UnsetType = UNSET
    in_reply_to_id: str | UnsetType = UNSET
    categories: list[str] | UnsetType = UNSET
    context_data: Context | UnsetType = UNSET
    language: str | UnsetType = UNSET
    ip: str | UnsetType = UNSET
    display_url: str | UnsetType = UNSET


class Thread(Struct, forbid_unknown_fields=True):
    """A thread without content."""

    id: Text
    title: str = ""


class TypingStart(Struct, forbid_unknown_fields=True):
    """Somebody types this."""

    thread_id: Text
    preview: Text
    in_reply_to_id: str | UnsetType = UNSET


class TypingStop(Struct, forbid_unknown_fields=True):
    """Somebody stopped."""

    thread_id: Text
    in_reply_to_id: str | UnsetType = UNSET


class Read(Struct, forbid_unknown_fields=True):
    """The source's id of an agent's message that the customer has read."""

    id: Text


class Call(Struct, forbid_unknown_fields=True):
    """Every call."""

    action: Text
    params: dict[str, Any]
