"""Reading what CM posts: JSON objects whose property names are in any case."""

import hashlib
from collections.abc import Callable
from typing import Any, cast

import msgspec

from openhandover.core.errors import NotJsonError, PayloadError
from openhandover.net.depth import MAX_DEPTH, is_too_deep


def read(body: bytes, mended: Callable[[str], str] | None = None) -> dict[str, Any]:
    """The object that a body is; `mended` is tried on a text that is no JSON.

    Raises:
        PayloadError: it is none even then, or one of more than `MAX_DEPTH` levels.
    """
    try:
        text = body.decode("utf-8-sig")
        whole = _decoded(text, mended)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise NotJsonError("the body should be JSON in UTF-8") from None
    if not isinstance(whole, dict):
        raise PayloadError("the body should be an object")
    return cast("dict[str, Any]", whole)


def _decoded(text: str, mended: Callable[[str], str] | None) -> Any:
    try:
        whole = msgspec.json.decode(text)
    except msgspec.DecodeError:
        if mended is None:
            raise
        text = mended(text)
        whole = msgspec.json.decode(text)
    if is_too_deep(text.encode()):
        raise _too_deep()
    return whole


def _too_deep() -> NotJsonError:
    return NotJsonError(f"the body should be JSON of at most {MAX_DEPTH} levels")


def field(raw: dict[str, Any], name: str) -> Any:
    """The value under this name in whatever case, the exact one first; None when there is none."""
    if name in raw:
        return raw[name]
    wanted = name.lower()
    return next((value for key, value in raw.items() if key.lower() == wanted), None)


def word(value: Any) -> str:
    """An id or a name as text; numbers are taken as they are written, anything else as absent."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def part(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under this name; empty where there is none."""
    value = field(raw, name)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def required(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under this name.

    Raises:
        PayloadError: there is none.
    """
    return as_object(field(raw, name), name)


def as_object(value: Any, place: str) -> dict[str, Any]:
    """The value as an object.

    Raises:
        PayloadError: it is none; says where.
    """
    if not isinstance(value, dict):
        raise PayloadError(f"{place}: should be an object")
    return cast("dict[str, Any]", value)


def derived_id(raw: dict[str, Any]) -> str:
    """An id for what has none of its own: the same content has the same."""
    return hashlib.sha256(msgspec.json.encode(raw, order="deterministic")).hexdigest()[:32]
