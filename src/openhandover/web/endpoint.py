"""What a call of the API is: one declaration that routing, access, the OpenAPI document and the docs page all read."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from openhandover.config.model import Scope

if TYPE_CHECKING:
    from .call import Call

AsgiScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


def header_of(scope: AsgiScope, name: bytes) -> str | None:
    """The first header of this lower-case name."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


JSON = b"application/json"
encode = msgspec.json.Encoder().encode


class Reply(NamedTuple):
    """A whole answer; the security headers are added when it is sent."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()


class Stream(NamedTuple):
    """An answer that is written while it is made; the client may leave in the middle. `length` in bytes, None
    while unknown."""

    chunks: AsyncGenerator[bytes]
    content_type: bytes
    headers: Headers = ()
    length: int | None = None


Handler = Callable[["Call"], Awaitable[Reply | Stream]]


@dataclass(frozen=True, slots=True)
class Query:
    """One query or header parameter, as the OpenAPI document shows it; `type` is what msgspec would decode."""

    name: str
    type: Any
    help: str
    required: bool = False
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call. `path` has `{names}`; `scope` None lets everybody in. `body` and `answers` are msgspec types or
    ready JSON Schemas. `codes` are the refusals beside those that every call with a body or scope may give."""

    method: str
    path: str
    handler: Handler
    summary: str
    scope: Scope | None = None
    body: Any = None
    answers: Mapping[int, Any] = field(default_factory=dict[int, Any])
    query: tuple[Query, ...] = ()
    codes: tuple[str, ...] = ()
    description: str = ""
    documented: bool = True
    tag: str = ""


def json_reply(value: Any, status: int = 200, headers: Headers = ()) -> Reply:
    """The answer with this value as JSON."""
    return Reply(status, encode(value), headers=headers)


def page(items: Sequence[Any], following: Any) -> Reply:
    """A list as the API answers it; `following` is the value for `after` or `cursor`, None at the end."""
    return Reply(200, encode({"items": items, "next": following}))


ACCEPTED = Reply(202, b"{}")
NO_CONTENT = Reply(204, b"")
