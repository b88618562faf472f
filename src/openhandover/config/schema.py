"""The JSON Schema of the file for editors, from the same Structs that decode it."""

import json
import re
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import fields

from openhandover import providers

from .hours import EXAMPLE, Hours
from .model import Config, Provider
from .shapes import is_keyed, is_struct, is_union, shape, unwrap

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TYPES: dict[Any, str] = {bool: "boolean", int: "integer", float: "number"}
BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def text() -> str:
    """The schema as JSON."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """The schema of the whole file."""
    writer = _Writer()
    whole = writer.struct(Config)
    return {
        "$schema": DIALECT,
        "title": "openhandover.yaml",
        **whole,
        "$defs": dict(sorted(writer.parts.items())),
    }


class _Writer:
    """Collects every Struct once under `$defs`."""

    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}

    def schema(self, annotation: Any) -> dict[str, Any]:
        """The schema of one annotation."""
        kind, rules = unwrap(annotation)
        return {**self._kind(kind), **_rules(kind, rules)}

    def _kind(self, kind: Any) -> dict[str, Any]:
        origin = get_origin(kind)
        if kind in (Any, object):
            return {}
        if is_union(kind):
            return self._union(get_args(kind))
        if origin is Literal:
            return {"enum": list(get_args(kind))}
        if origin in (list, tuple):
            return {"type": "array", "items": self.schema(get_args(kind)[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema(get_args(kind)[1])}
        if is_struct(kind):
            return self._reference(kind)
        if kind in TYPES:
            return {"type": [TYPES[kind], "string"]}  # a text with `${NAME}` may stand for it
        if kind is Hours:
            return {"type": "string", "description": EXAMPLE}
        return {"type": ["string", "number", "boolean"]}  # an unquoted number is fine where text is wanted

    def _union(self, members: tuple[Any, ...]) -> dict[str, Any]:
        structs = [member for member in members if is_struct(member)]
        if len(structs) > 1 and is_keyed(structs[0]):
            return {"oneOf": [self._reference(member) for member in structs]}
        options = [{"type": "null"} if member is NoneType else self.schema(member) for member in members]
        # Python keeps one union for all with the same members; imports decide its order.
        options.sort(key=str)
        return options[0] if len(options) == 1 else {"anyOf": options}

    def _reference(self, struct: type[Struct]) -> dict[str, Any]:
        if struct is Provider:
            return {"anyOf": [self._provider(name) for name in providers.names()]}
        name = f"{struct.__module__.rpartition('.')[2]}.{struct.__name__}"
        if name not in self.parts:
            self.parts[name] = {}  # a step holds steps: the name stands before its content does
            self.parts[name] = self.struct(struct)
        return {"$ref": f"#/$defs/{name}"}

    def _provider(self, type_: str) -> dict[str, Any]:
        name = f"provider.{type_}"
        if name not in self.parts:
            common, own = self.struct(Provider), self.struct(providers.settings_of(type_))
            properties = {**common["properties"], **own["properties"], "type": {"const": type_}}
            del properties["settings"]
            required = ["type", *own.get("required", [])]
            self.parts[name] = {**own, "properties": properties, "required": required}
        return {"$ref": f"#/$defs/{name}"}

    def struct(self, struct: type[Struct]) -> dict[str, Any]:
        """A map with known keys."""
        keys = shape(struct)
        defaults = {one.encode_name: one for one in fields(struct)}
        properties: dict[str, Any] = {}
        for key, (_, annotation, required) in keys.items():
            properties[key] = self.schema(annotation)
            if not required:
                properties[key] |= _default(defaults[key])
        needed = [key for key, (_, _, required) in keys.items() if required]
        tag_field = struct.__struct_config__.tag_field
        if tag_field and not is_keyed(struct):
            properties = {tag_field: {"const": struct.__struct_config__.tag}, **properties}
            needed.insert(0, tag_field)
        about = (struct.__doc__ or "").strip().split("\n\n")[0]
        found: dict[str, Any] = {"type": "object", "description": re.sub(r"\s+", " ", about)}
        found |= {"properties": properties, "additionalProperties": False}
        return found | ({"required": needed} if needed else {})


def _default(field: Any) -> dict[str, Any]:
    """The default, where it says something: a plain value that is not simply absent."""
    value: Any = field.default
    plain = isinstance(value, str | int | float | tuple) and value != ()
    return {"default": to_builtins(value)} if plain else {}


def _rules(kind: Any, rules: list[Meta]) -> dict[str, Any]:
    """Bounds and help. Lengths and patterns of texts are left out: the value may come from a variable."""
    found: dict[str, Any] = {}
    many = get_origin(kind) in (list, tuple)
    for rule in rules:
        found |= {name: getattr(rule, key) for key, name in BOUNDS.items() if getattr(rule, key) is not None}
        if many and rule.min_length is not None:
            found["minItems"] = rule.min_length
        if rule.description:
            found["description"] = rule.description
    return found
