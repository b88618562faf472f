"""Bodies from outside: read up to a limit, and decoded as JSON without surprises."""

from typing import TYPE_CHECKING, Any

import msgspec

from openhandover.core.errors import Refused
from openhandover.net.depth import MAX_DEPTH, is_too_deep

if TYPE_CHECKING:
    from .endpoint import AsgiScope, Receive


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


def _too_deep() -> Refused:
    return Refused("bad_json", f"The body is nested more than {MAX_DEPTH} levels deep")
