"""What calls take beside their arguments: the optional fields of the API's bodies, under the same names."""

from typing import Any, Literal, Required, TypedDict

To = Literal["user", "agent", "both"]


class UserFields(TypedDict, total=False):
    """The end user as your side knows them."""

    id: Required[str]
    name: str | None
    email: str | None
    phone: str | None
    attributes: dict[str, Any]


class UserChanges(TypedDict, total=False):
    """What changed about the user; what is left out stays, None clears."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
    attributes: dict[str, Any]


CallFields = TypedDict("CallFields", {"gateway": str, "id": str, "from": str, "to": str})
"""The phone call of a voice conversation."""


class LineFields(TypedDict, total=False):
    """One message said before the conversation came to the server; `at` in RFC 3339."""

    author: Required[Literal["user", "bot", "agent", "system"]]
    text: Required[str]
    at: Required[str]
    name: str | None


class ConversationFields(TypedDict, total=False):
    """A conversation to begin, beside channel and user."""

    id: str
    bot: str
    medium: Literal["text", "voice"]
    call: CallFields
    language: str
    context: dict[str, Any]
    transcript: list[LineFields]


class ConversationChanges(TypedDict, total=False):
    """What changed about a conversation; what is left out stays."""

    user: UserChanges
    language: str
    context: dict[str, Any]


class AttachmentFields(TypedDict, total=False):
    """A file: by `url`, or by the `upload_id` of a file given to the server before."""

    url: str
    upload_id: str
    name: str
    content_type: str


class ButtonFields(TypedDict):
    """A quick reply: the user sees `text`, the bot gets `value`."""

    text: str
    value: str


class MessageFields(TypedDict, total=False):
    """A message beside author and text. A bot gives `epoch`, that of the turn it answers."""

    id: str
    attachments: list[AttachmentFields]
    buttons: list[ButtonFields]
    button: str
    intent: str
    metadata: dict[str, Any]
    to: To
    epoch: int


class HandoverFields(TypedDict, total=False):
    """A request for a human. A bot (the default initiator) gives `epoch`; `settings` are those of the handover step."""

    id: str
    provider: str
    reason: str
    initiator: Literal["bot", "user", "agent", "operator"]
    settings: dict[str, Any]
    epoch: int


HandoverFilters = TypedDict(
    "HandoverFilters",
    {"status": str, "provider": str, "channel": str, "conversation_id": str, "from": str, "to": str},
    total=False,
)
"""Which handovers to list; several statuses are separated by commas, times are RFC 3339."""
