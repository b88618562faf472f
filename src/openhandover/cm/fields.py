"""The rendered routing keys of a handover step, as text: what is missing, empty or of the wrong kind is found here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from openhandover.net.client import encode_json

from .settings import is_uuid


def text_of(value: Any) -> str:
    """A value as CM wants it, which is text: null is empty, lists and maps are JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else encode_json(value).decode()


def text(route: Mapping[str, Any], key: str) -> str:
    """A key's text, empty when it is not there."""
    return text_of(route.get(key))


def joined(route: Mapping[str, Any], key: str) -> str:
    """A text untouched, of a list what is not empty, joined by commas (CM documents no separator)."""
    value = route.get(key)
    if isinstance(value, list | tuple):
        return ",".join(filter(None, map(text_of, cast("Sequence[Any]", value))))
    return text_of(value)


def problem(
    route: Mapping[str, Any], *, texts: Iterable[str], required: Iterable[str], adapters: Iterable[str]
) -> str | None:
    """The first thing that is wrong with a route; never repeats a value."""
    for key in texts:
        if isinstance(route.get(key), list | dict):
            return f"`{key}` should be a text"
    for key in required:
        if not text(route, key).strip():
            return f"`{key}` is missing or empty"
    for key in adapters:
        value = text(route, key).strip()
        if value and not is_uuid(value):
            return f"`{key}` is not the id of an adapter (a UUID)"
    return None


def texts(values: Any) -> dict[str, str]:
    """A map with every value as text; of anything else nothing."""
    if not isinstance(values, dict):
        return {}
    return {str(key): text_of(value) for key, value in cast("dict[Any, Any]", values).items()}
