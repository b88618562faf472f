"""Requests whose sender may choose the id, read in the order that the contract fixes: what exists, then what the id
stands for, then what is wrong with the body."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Struct

from openhandover.core.errors import Refused
from openhandover.net.depth import is_too_deep

from .body import read_json
from .call import Call
from .idempotency import fingerprint
from .validation import FieldError, errors_of, refusal

B = TypeVar("B", bound=Struct)
Rules = Callable[[Mapping[str, Any]], Iterator[FieldError]]


class Known(NamedTuple):
    """What the id of a request already stands for: the fingerprint of the request that made it, and the answer
    that a repetition of that gets."""

    fingerprint: str | None
    resource: Any


class Repeated(NamedTuple):
    """The request was made before; this is the resource as it is now."""

    resource: Any


class Reader(Generic[B]):
    """Reads one kind of body. The quick way decodes straight into the Struct; everything else takes the slow one."""

    def __init__(self, kind: type[B], rules: Rules = lambda _: iter(())) -> None:
        self._kind = kind
        self._decode = msgspec.json.Decoder(kind).decode
        self._rules = rules

    def quick(self, raw: bytes) -> B | None:
        """The body when all is well with it, else None."""
        try:
            body = self._decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return None if is_too_deep(raw) or any(self._rules(msgspec.structs.asdict(body))) else body

    async def slow(self, raw: bytes, place: str, find: Callable[[Any], Awaitable[Known | None]]) -> Repeated:
        """What becomes of a body with errors: a repetition is still answered, all else is refused.

        Args:
            raw: the body.
            place: see `fingerprint`.
            find: what the id stands for, from the body as plain data; raises `not_found` for an unknown place.

        Raises:
            Refused: `bad_json`, `not_found`, `id_reused` or `invalid` with every wrong field.
        """
        data = read_json(raw)
        known = await find(data)
        if known is not None:
            return repeated(known, fingerprint(raw, place))
        errors = errors_of(data, self._kind)
        if isinstance(data, dict):
            named = {error["path"] for error in errors}
            fields = cast("dict[str, Any]", data)
            errors += [error for error in self._rules(fields) if error["path"] not in named]
        raise refusal(errors or [{"path": "", "detail": "does not fit"}])


def repeated(known: Known, mark: str) -> Repeated:
    """The resource, for the request that made it; `id_reused` for another."""
    if known.fingerprint != mark:
        raise Refused("id_reused")
    return Repeated(known.resource)


def text_of(data: Any, name: str) -> str | None:
    """A field of plain data, where it is a text that can be an id."""
    value = cast("dict[str, Any]", data).get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value else None


async def raw_body(call: Call) -> bytes:
    """The body; none counts as `{}`."""
    return await call.body() or b"{}"
