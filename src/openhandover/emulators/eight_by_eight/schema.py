"""What the Chat Gateway takes, to the letter; what its documents do not name is refused."""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from openhandover.emulators.answers import Refused

LANGUAGES = {
    *("en", "ru", "de", "ja", "es", "fr", "pt", "it", "pl", "hr", "nl", "ar", "da", "ko", "no", "sv", "vi"),
    *("cy", "th", "zh-CN", "zh-TW"),
}
CARDS = {
    *("application/vnd.microsoft.card.adaptive", "application/8x8.quick.replies"),
    *("Interactive", "Location", "Template", "Suggestions", "Buttons", "Carousel"),
}
K = TypeVar("K")
Filled = Annotated[str, Meta(min_length=1)]


class Refusal(Refused):
    """A refusal with 8x8's own code, and the field that is wrong."""

    def __init__(self, status: int, code: str, detail: str, field: str = "") -> None:
        super().__init__(status, detail)
        self.code = code
        self.field = field
        self.endpoint = ""
        """Which call was refused: each has its own form of errors."""


class Strict(Struct, forbid_unknown_fields=True, rename="camel"):
    """Nothing beside what is named."""


class Property(Strict):
    """Shown to the agent; both are needed."""

    key: Filled
    value: Filled


class User(Strict):
    """The customer."""

    name: str | None = None
    user_id: str | None = None
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    case_id: str | None = None
    language: str | None = None
    additional_properties: Annotated[list[Property], Meta(max_length=30)] = []


class Assignment(Strict):
    """To whom it goes."""

    type: Literal["queue", "script"] = "queue"
    id: Filled | None = None


class AttachmentId(Strict):
    """A file that was uploaded."""

    id: Filled


class Card(Strict):
    """A rich card."""

    content: Any
    content_type: str = "application/vnd.microsoft.card.adaptive"


class Message(Strict):
    """What somebody writes."""

    author_type: Literal["user", "bot"]
    text: str | None = None
    attachments: list[AttachmentId] = []
    cards: list[Card] = []


class History(Strict):
    """What was said before."""

    messages: Annotated[list[Message], Meta(max_length=200)]


class Create(Strict):
    """POST /conversations."""

    channel_id: Filled
    user: User
    assignment: Assignment | None = None
    history: History | None = None


class Update(Strict):
    """PUT and PATCH /conversations/{id}."""

    user: User | None = None
    assignment: Assignment | None = None


class Removed(Strict):
    """PATCH …/participants/user."""

    removed: Literal[True]


class Typing(Strict):
    """POST …/typing."""

    author_type: Literal["user", "bot"]


class Receipt(Strict):
    """POST …/read-receipt; milliseconds of the epoch."""

    author_type: Literal["user", "bot"]
    read_at: int


class Verify(Strict):
    """POST /webhooks/verify."""

    version: Literal["Chat Gateway v1.0"]
    uri: Filled


async def read(request: web.Request, kind: type[K]) -> K:
    """The body; refused with 400 as 8x8 words it. Which status a wrong content type gets is not documented: 400 too."""
    if request.content_type != "application/json":
        raise Refusal(400, "invalid_json_object", "the body must be application/json")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.ValidationError as error:
        raise Refusal(400, "invalid_parameter", str(error), _field(str(error))) from None
    except ValueError:
        raise Refusal(400, "invalid_json_object", "the body is not JSON") from None


def check(message: Message) -> None:
    """What a schema cannot say: something must be in a message, and cards are of known kinds."""
    if not message.text and not message.attachments and not message.cards:
        raise Refusal(400, "invalid_parameter", "a message needs text, attachments or cards", "text")
    if any(card.content_type not in CARDS for card in message.cards):
        raise Refusal(400, "invalid_parameter", "no such contentType", "cards.contentType")


def check_user(user: User) -> None:
    """The languages by which 8x8 routes."""
    if user.language is not None and user.language not in LANGUAGES:
        raise Refusal(400, "invalid_parameter", "no such language", "user.language")


def _field(text: str) -> str:
    return text.partition("`$.")[2].rstrip("`") if "`$." in text else ""
