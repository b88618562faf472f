"""Bodies from outside: read up to a limit, and decoded as JSON without surprises."""

from typing import TYPE_CHECKING, Any, cast

import msgspec

from openhandover.core.errors import Refused

if TYPE_CHECKING:
    from .endpoint import AsgiScope, Receive

MAX_DEPTH = 100
"""Levels of lists and objects. What is kept is walked through again and again, for agents, bots and templates: a value
that can be read but not walked through would hide every list that it is in."""


class ClientLeft(Exception):
    """The client closed the connection before its request was complete; nobody is left to answer."""


async def read_body(scope: "AsgiScope", receive: "Receive", limit: int) -> bytes:
    """The body; refused as `too_large` before more than `limit` bytes are kept.

    Raises:
        Refused: `too_large`.
        ClientLeft: the connection broke.
    """
    refuse_declared_length(scope, limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body if len(body) <= limit else _refuse(limit)
    parts = bytearray(body)
    while message.get("more_body", False) and len(parts) <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        parts += message.get("body", b"")
    return bytes(parts) if len(parts) <= limit else _refuse(limit)


def refuse_declared_length(scope: "AsgiScope", limit: int) -> None:
    """Refuse by the length that the client announces, so that nothing of it needs to be read."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:19]) > limit:
            _refuse(limit)


def _refuse(limit: int) -> bytes:
    raise Refused("too_large", f"The body is larger than {limit} bytes")


def read_json(raw: bytes) -> Any:
    """The body as plain data; numbers beyond 64 bits, NaN, lone surrogates, bytes that are no UTF-8 and more than
    `MAX_DEPTH` levels are refused.

    Raises:
        Refused: `bad_json`, saying what is wrong but never quoting the body.
    """
    try:
        value = msgspec.json.decode(raw)
    except UnicodeDecodeError as error:
        raise Refused("bad_json", f"The body is not UTF-8 (byte {error.start} of a text)") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.MsgspecError as error:
        raise Refused("bad_json", f"The body is not valid JSON: {error}") from None
    if is_too_deep(raw):
        raise _too_deep()
    return value


def is_too_deep(raw: bytes) -> bool:
    """Whether JSON that can be read has more than `MAX_DEPTH` levels."""
    return raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(msgspec.json.decode(raw)) > MAX_DEPTH


def _depth(value: Any) -> int:
    """How many lists and objects lie in each other; one more than `MAX_DEPTH` stands for any more."""
    levels, level = 0, [value]
    while level and levels <= MAX_DEPTH:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner += cast("dict[str, Any]", one).values()
            elif isinstance(one, list):
                inner += cast("list[Any]", one)
        level = list(filter(_is_container, inner))
        levels += 1
    return levels


def _is_container(value: Any) -> bool:
    return isinstance(value, dict | list)


def _too_deep() -> Refused:
    return Refused("bad_json", f"The body is nested more than {MAX_DEPTH} levels deep")
