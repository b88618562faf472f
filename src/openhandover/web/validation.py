"""Bodies checked against their Structs, with every wrong field named at once.

`msgspec` stops at the first error, which is right for the common case and useless for the person who has to mend
five. So the quick way is tried first; only a refused body is walked through field by field.
"""

import difflib
import types
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypedDict, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Struct

from openhandover.core.errors import Refused

T = TypeVar("T")
MOST_ERRORS = 100


class FieldError(TypedDict):
    """One wrong field."""

    path: str
    detail: str


def checked(value: Any, kind: type[T]) -> T:
    """The plain data as this type.

    Raises:
        Refused: `invalid` with one entry per wrong field.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise refusal(errors_of(value, kind)) from None


def refusal(errors: Sequence[FieldError]) -> Refused:
    """The refusal that names these fields."""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = f"{first['path']}: " if first["path"] else ""
    return Refused("invalid", f"{place}{first['detail']}{more}", errors=list(errors)[:MOST_ERRORS])


def errors_of(value: Any, kind: Any, path: str = "") -> list[FieldError]:
    """Every wrong field of plain data that does not fit the type."""
    kind = _without_null(kind, value)
    if isinstance(kind, type) and issubclass(kind, Struct) and isinstance(value, Mapping):
        return _struct_errors(cast("Mapping[str, Any]", value), kind, path)
    if get_origin(_bare(kind)) in (list, tuple) and isinstance(value, list):
        item = get_args(_bare(kind))[0]
        errors = [
            error
            for number, entry in enumerate(cast("list[Any]", value))
            for error in errors_of(entry, item, f"{path}[{number}]")
        ]
        if errors:
            return errors
    return _plain_errors(value, kind, path)


def _struct_errors(fields: Mapping[str, Any], kind: type[Struct], path: str) -> list[FieldError]:
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    errors: list[FieldError] = []
    for name, value in fields.items():
        place = f"{path}.{name}" if path else name
        if field := known.get(name):
            errors += errors_of(value, _types(kind)[field.name], place)
        elif kind.__struct_config__.forbid_unknown_fields:
            errors.append({"path": place, "detail": unknown(name, list(known))})
    for name, field in known.items():
        if field.required and name not in fields:
            errors.append({"path": f"{path}.{name}" if path else name, "detail": "is required"})
    return errors


def _plain_errors(value: Any, kind: Any, path: str) -> list[FieldError]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        detail, _, inner = str(error).partition(" - at `$")
        return [{"path": f"{path}{inner.rstrip('`')}".lstrip("."), "detail": detail}]
    return []


def unknown(name: str, known: list[str]) -> str:
    """What is wrong with a key that is none of these."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"is not known here; did you mean `{near[0]}`?" if near else "is not known here"


@cache
def _types(kind: type[Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _bare(kind: Any) -> Any:
    return kind.__origin__ if hasattr(kind, "__metadata__") else kind


def _without_null(kind: Any, value: Any) -> Any:
    """The one other type of an optional one, so that its fields can be looked at one by one."""
    bare = _bare(kind)
    if value is None or get_origin(bare) not in (Union, types.UnionType):
        return kind
    others = [part for part in get_args(bare) if part not in (type(None), msgspec.UnsetType)]
    return others[0] if len(others) == 1 else kind
