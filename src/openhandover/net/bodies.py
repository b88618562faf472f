"""JSON that others wrote, read as what we expect: what is something else has the error that fits who wrote it."""

from typing import TypeVar

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
        return msgspec.json.decode(reply.body, type=kind)
    except (ValueError, RecursionError) as error:
        what = f"an answer that cannot be read ({hint})" if hint else "an answer that cannot be read"
        raise ProviderUnavailable(f"{what}: {error}", http_status=reply.status) from None
