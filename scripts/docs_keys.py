"""The table of keys of a configuration class, from its annotations, defaults and descriptions."""

import importlib
import json
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, ForwardRef, Literal, NamedTuple, NewType, Union, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from scripts.docs_parts import code, table

SIMPLE = {str: "text", int: "whole number", float: "number", bool: "true or false", Any: "anything"}
BOUNDS = (
    ("ge", "at least {}"),
    ("gt", "more than {}"),
    ("le", "at most {}"),
    ("min_length", "at least {} long"),
)
ELSEWHERE = {"Hours": "opening hours", "HandoverStep": "as [the handover step](flow-steps.md#handover)"}
"""Classes that are described in another place, by name, and what a table says instead of going into them."""

HIDDEN = {"providers.<name>.settings"}
"""What the loader fills in and nobody writes."""

LISTS = (list, tuple, set, frozenset)


class Key(NamedTuple):
    """One key: where it stands, what it takes, what it is without being set."""

    path: str
    type: str
    default: str
    meaning: str


def keys_of(path: str) -> str:
    """The table for `module:Class`. Keys inside keys are written with a dot, lists with `[]`, free names as `<name>`."""
    module, _, name = path.partition(":")
    rows = [(code(key.path), *key[1:]) for key in walk(getattr(importlib.import_module(module), name), "")]
    return table(("Key", "Type", "Default", "Meaning"), rows) if rows else "There is nothing to set.\n"


def walk(cls: type[Struct], prefix: str, preset: Struct | None = None, within: str = "") -> Iterator[Key]:
    """The keys of a struct, each followed by the keys inside it. `preset` is the struct's own default, if any; `within`
    is the map that need not be there, whose keys are required only where it is."""
    for field in msgspec.structs.fields(cls):
        path = f"{prefix}{field.encode_name}"
        if path in HIDDEN:
            continue
        value = getattr(preset, field.name) if preset is not None else default_of(field)
        inside = list(nested(field.type, path))
        if not inside or any(not is_struct(option) for option in options(field.type)):
            default = f"required in {code(within)}" if within and field.required else written(value)
            yield Key(path, describe(field.type), default, meaning_of(field.type))
        for inner, inner_prefix in inside:
            above = "" if inner_prefix != f"{path}." else within if field.required else path
            yield from walk(inner, inner_prefix, value if isinstance(value, inner) else None, above)


def nested(kind: Any, path: str) -> Iterator[tuple[type[Struct], str]]:
    """The structs right inside a value, with the path that their keys begin with. Steps are described elsewhere."""
    for option in options(kind):
        inner = get_args(option)
        if is_struct(option) and option.__name__ not in ELSEWHERE and not is_choice(kind):
            yield option, f"{path}."
        elif get_origin(option) in LISTS:
            yield from nested(inner[0], f"{path}[]")
        elif get_origin(option) in (dict, Mapping):
            yield from nested(inner[1], f"{path}.<name>")


def options(kind: Any) -> list[Any]:
    """What a value may be, without annotations; null apart."""
    kind = unwrap(kind)
    if get_origin(kind) in (Union, UnionType):
        return [inner for option in get_args(kind) for inner in options(option)]
    return [] if kind in (None, NoneType) else [kind]


def unwrap(kind: Any) -> Any:
    """A type without its annotations."""
    return unwrap(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def is_struct(kind: Any) -> bool:
    """Whether a type is a map with known keys."""
    return isinstance(kind, type) and issubclass(kind, Struct)


def is_choice(kind: Any) -> bool:
    """Whether a value is one of several structs, told apart by a tag."""
    return sum(is_struct(option) for option in options(kind)) > 1


def describe(kind: Any) -> str:
    """A type in words."""
    if is_choice(kind):
        configs = [option.__struct_config__ for option in options(kind) if is_struct(option)]
        if configs[0].tag_field == "step":
            return "a step"
        return f"by `{configs[0].tag_field}`: " + " · ".join(code(config.tag) for config in configs)
    # Sorted, because Python keeps one union for all that have the same members: which order it has depends on imports.
    return " or ".join(sorted({_describe(option) for option in options(kind)}))


def _describe(kind: Any) -> str:
    inner = get_args(kind)
    if get_origin(kind) is Literal:
        return " · ".join(code(value) for value in inner)
    if get_origin(kind) in LISTS:
        items = describe(inner[0])
        return "steps" if items == "a step" else f"list of {items}"
    if get_origin(kind) in (dict, Mapping):
        values = describe(inner[1])
        if values in ("map", "anything"):
            return "map"
        return f"map, each {values}" if values.startswith("by ") else f"map of {values}"
    if isinstance(kind, ForwardRef):
        return "a step" if kind.__forward_arg__ == "Step" else kind.__forward_arg__
    if isinstance(kind, NewType):
        return kind.__name__.lower()
    if getattr(kind, "__name__", "") in ELSEWHERE:
        return ELSEWHERE[kind.__name__]
    if is_struct(kind) or kind in LISTS or kind is dict:
        return "map"
    return SIMPLE.get(kind) or kind.__name__.lower()


def meaning_of(kind: Any) -> str:
    """The description of a value and the bounds of a number or a length, in words."""
    metas = list(_metas(kind))
    said = next((meta.description for meta in metas if meta.description), "")
    bounds = [
        text.format(value)
        for meta in metas
        for name, text in BOUNDS
        if (value := getattr(meta, name)) is not None and (name, value) != ("min_length", 1)
    ]
    return "; ".join(filter(None, (said, ", ".join(bounds))))


def _metas(kind: Any) -> Iterator[Meta]:
    """The annotations of a value, and those of what it may be; not those of the items inside it."""
    if get_origin(kind) is Annotated:
        inner, *marks = get_args(kind)
        yield from (mark for mark in marks if isinstance(mark, Meta))
        yield from _metas(inner)
    elif get_origin(kind) in (Union, UnionType):
        for option in get_args(kind):
            yield from _metas(option)


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """The value of a key that is not set; NODEFAULT where it has to be."""
    if callable(field.default_factory):
        return field.default_factory()
    return field.default


def written(value: Any) -> str:
    """A default as it would be written in the file, nothing where it is null or empty."""
    if value is msgspec.NODEFAULT:
        return "required"
    if value is None or isinstance(value, Struct) or value in ({}, [], (), ""):
        return ""
    if isinstance(value, str):
        return code(value)
    return code(json.dumps(msgspec.to_builtins(value)))
