"""One call as data, before any connection is needed."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct


class File(Struct, frozen=True):
    """A file to upload."""

    content: bytes
    name: str
    content_type: str
    upload_id: str


class Request(Struct, frozen=True, kw_only=True):
    """What to ask of the server."""

    method: str
    target: str
    """Path and query, encoded."""
    body: Mapping[str, Any] | None = None
    file: File | None = None
    waits_s: float = 0.0
    """How long the server itself may hold the answer, on top of the time-out."""
    repeatable: bool = True
    """Whether a second time has no second effect; else it is repeated only when it surely did not arrive."""


def target(*parts: str, **query: Any) -> str:
    """The path of these parts below `/v1`, ids encoded, with those parameters that are given."""
    path = "/v1/" + "/".join(quote(part, safe="") for part in parts)
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def get(*parts: str, **query: Any) -> Request:
    """A question."""
    return Request(method="GET", target=target(*parts, **query))


def post(*parts: str, body: Mapping[str, Any] | None = None, repeatable: bool = True) -> Request:
    """A command."""
    return Request(method="POST", target=target(*parts), body=body or {}, repeatable=repeatable)


def new_id(kind: str) -> str:
    """An id for something that the caller did not name, so that a retry names it the same."""
    return f"{kind}_{secrets.token_urlsafe(16)}"
