"""Finds the templates in typed settings, by their annotations, so that they can be checked before anything runs."""

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Struct, structs

from openhandover.core.settings import Condition, Template

Path = tuple[str | int, ...]


class Found(NamedTuple):
    """A template or condition and where it is written."""

    path: Path
    text: str
    kind: Literal["template", "condition"]


def templates(value: Any, annotation: Any = None, path: Path = ()) -> Iterator[Found]:
    """Every template and condition in `value`. Where the annotation is Any, every text is a template."""
    if annotation is None:
        annotation = cast("Any", type(value))
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    match value:
        case Struct():
            yield from _in_struct(value, path)
        case str() if annotation is Condition:
            yield Found(path, value, "condition")
        case str() if annotation is Any or _allows(annotation, Template):
            yield Found(path, value, "template")
        case Mapping():
            inner = _inner(annotation, Mapping)
            for key, item in cast("Mapping[str, Any]", value).items():
                yield from templates(item, inner, (*path, key))
        case list() | tuple():
            inner = _inner(annotation, list)
            for index, item in enumerate(cast("list[Any]", value)):
                yield from templates(item, inner, (*path, index))
        case _:
            return


def _in_struct(value: Struct, path: Path) -> Iterator[Found]:
    hints = get_type_hints(type(value), include_extras=True)
    for field in structs.fields(value):
        yield from templates(getattr(value, field.name), hints[field.name], (*path, field.encode_name))


def _members(annotation: Any) -> tuple[Any, ...]:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in {Union, UnionType}:
        return tuple(member for inner in get_args(annotation) for member in _members(inner))
    return (annotation,)


def _allows(annotation: Any, wanted: Any) -> bool:
    return wanted in _members(annotation)


def _inner(annotation: Any, kind: type) -> Any:
    """What a map or list of this annotation holds; `str`, which is no template, where that is unknown."""
    for member in _members(annotation):
        if member is Any:
            return Any
        origin, arguments = get_origin(member), get_args(member)
        if kind is Mapping and isinstance(origin, type) and issubclass(origin, Mapping):
            return arguments[1]
        if kind is list and origin in {list, tuple}:
            return arguments[0]
    return str
