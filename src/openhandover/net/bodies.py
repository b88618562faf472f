"""JSON that others wrote, read as what we expect: what is something else has the error that fits who wrote it."""

from typing import Any, TypeVar, cast

import msgspec

from openhandover.core.errors import NotJsonError, PayloadError, ProviderUnavailable

from .client import Reply

T = TypeVar("T")


def read_webhook(body: bytes, kind: type[T]) -> T:
    """The body of a webhook.

    Raises:
        PayloadError: it is something else; the text says where. NotJsonError: it is no JSON at all.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise PayloadError(str(error)) from None
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)) from None


def read_answer(reply: Reply, kind: type[T], hint: str = "") -> T:
    """The body of a vendor's answer; `hint` says which one it is, or which setting to look at.

    Raises:
        ProviderUnavailable: it is something else. A proxy in between may have given it, so it is worth another try.
    """
    try:
        return given(reply.body, kind)
    except (ValueError, RecursionError) as error:
        what = f"an answer that cannot be read ({hint})" if hint else "an answer that cannot be read"
        raise ProviderUnavailable(f"{what}: {error}", http_status=reply.status) from None


def given(body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """A vendor's JSON; what is null counts as left out wherever `kind` has no null there, as vendors write one for the other.

    Raises:
        msgspec.ValidationError: it is something else. ValueError or RecursionError: it cannot be read at all.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError:
        return msgspec.convert(without_nulls(msgspec.json.decode(body)), kind)


def without_nulls(value: Any) -> Any:
    """The JSON value without those members of its objects that are null."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {key: without_nulls(one) for key, one in members if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in cast("list[Any]", value)]
    return value
