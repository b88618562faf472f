"""The table of keys of a configuration class, from its types, defaults and descriptions."""

import importlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from scripts.docs_parts import code, table

SIMPLE = {
    inspect.StrType: "text",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.DictType: "map",
    inspect.AnyType: "anything",
}
BOUNDS = (
    ("ge", "at least {}"),
    ("gt", "more than {}"),
    ("le", "at most {}"),
    ("min_length", "at least {} long"),
)


class Key(NamedTuple):
    """One key: where it stands, what it takes, what it is without being set."""

    path: str
    type: inspect.Type
    default: str
    meaning: str


def keys_of(path: str) -> str:
    """The table for `module:Class`. Keys inside keys are written with a dot, lists with `[]`, free names as `<name>`."""
    module, _, name = path.partition(":")
    info = inspect.type_info(getattr(importlib.import_module(module), name))
    assert isinstance(info, inspect.StructType), f"{path} is no Struct"
    rows = [(code(key.path), describe(key.type), key.default, key.meaning) for key in walk(info, "")]
    return table(("Key", "Type", "Default", "Meaning"), rows) if rows else "There is nothing to set.\n"


def walk(struct: inspect.StructType, prefix: str) -> Iterator[Key]:
    """The keys of a struct, each followed by the keys inside it."""
    for field in struct.fields:
        kind, meaning = unwrap(field.type)
        path = f"{prefix}{field.encode_name}"
        inside = list(nested(kind, path))
        if not inside or any(name for name in options(kind) if not isinstance(name, inspect.StructType)):
            yield Key(path, kind, default_of(field), "; ".join(filter(None, (meaning, bounds(kind)))))
        for inner, inner_prefix in inside:
            yield from walk(inner, inner_prefix)


def nested(kind: inspect.Type, path: str) -> Iterator[tuple[inspect.StructType, str]]:
    """The structs right inside a value, with the path that their keys begin with. Steps are described elsewhere."""
    for option in options(kind):
        if isinstance(option, inspect.StructType) and not is_choice(kind):
            yield option, f"{path}."
        elif isinstance(option, inspect.ListType | inspect.VarTupleType):
            yield from nested(unwrap(option.item_type)[0], f"{path}[]")
        elif isinstance(option, inspect.DictType):
            yield from nested(unwrap(option.value_type)[0], f"{path}.<name>")


def options(kind: inspect.Type) -> list[inspect.Type]:
    """What a value may be, null apart."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return [unwrap(option)[0] for option in kinds if not isinstance(option, inspect.NoneType)]


def is_choice(kind: inspect.Type) -> bool:
    """Whether a value is one of several structs, told apart by a tag."""
    return sum(isinstance(option, inspect.StructType) for option in options(kind)) > 1


def unwrap(kind: inspect.Type) -> tuple[inspect.Type, str]:
    """A type without its annotations, and its description."""
    meaning = ""
    while isinstance(kind, inspect.Metadata):
        meaning = meaning or (kind.extra_json_schema or {}).get("description", "")
        kind = kind.type
    return kind, meaning


def describe(kind: inspect.Type) -> str:
    """A type in words."""
    if is_choice(kind):
        tags = [option for option in options(kind) if isinstance(option, inspect.StructType)]
        if tags[0].tag_field == "step":
            return "a step"
        return f"by `{tags[0].tag_field}`: " + " · ".join(code(option.tag) for option in tags)
    return " or ".join(dict.fromkeys(_describe(option) for option in options(kind)))


def _describe(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.LiteralType):
        return " · ".join(code(value) for value in kind.values)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType):
        inner = describe(unwrap(kind.item_type)[0])
        return "steps" if inner == "a step" else f"list of {inner}"
    if isinstance(kind, inspect.DictType):
        inner = describe(unwrap(kind.value_type)[0])
        return "map" if inner in ("map", "anything") else f"map of {inner}"
    if isinstance(kind, inspect.CustomType):
        return kind.cls.__name__.lower()
    return SIMPLE.get(type(kind), "map")


def bounds(kind: inspect.Type) -> str:
    """The limits of a number or a length in words."""
    return ", ".join(
        text.format(value)
        for option in options(kind)
        for name, text in BOUNDS
        if (value := getattr(option, name, None)) is not None and not (name == "min_length" and value == 1)
    )


def default_of(field: inspect.Field) -> str:
    """The default as it would be written, `required` without one, nothing where it is null or empty."""
    if field.required:
        return "required"
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory() if callable(field.default_factory) else None
    if value is None or isinstance(value, msgspec.Struct) or value in ({}, [], (), ""):
        return ""
    return code(value if isinstance(value, str) else json.dumps(value))
