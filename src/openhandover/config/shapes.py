"""What the annotations of a Struct say, read once: keys, types, bounds, tags."""

import operator
import re
from collections.abc import Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, NewType, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct
from msgspec.structs import fields

KINDS: dict[Any, str] = {bool: "true or false", int: "a whole number", float: "a number"}
EXAMPLES: dict[Any, str] = {
    bool: "true or false",
    int: "digits only, such as 30",
    float: "digits only, such as 1.5",
}


@cache
def shape(struct: type[Struct]) -> dict[str, tuple[str, Any, bool]]:
    """Key as written -> (attribute, annotation, required), in the order of the class."""
    hints = get_type_hints(struct, include_extras=True)
    return {one.encode_name: (one.name, hints[one.name], one.required) for one in fields(struct)}


def unwrap(annotation: Any) -> tuple[Any, list[Meta]]:
    """An annotation without `Annotated` and `NewType`, and the rules they carried."""
    rules: list[Meta] = []
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *extras = get_args(annotation)
            rules += [extra for extra in extras if isinstance(extra, Meta)]
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        else:
            return annotation, rules


def is_union(annotation: Any) -> bool:
    """Whether the (unwrapped) annotation is a choice between types."""
    return get_origin(annotation) in (Union, UnionType)


def is_struct(annotation: Any) -> bool:
    """Whether the annotation is a map with known keys."""
    kind = unwrap(annotation)[0]
    return isinstance(kind, type) and issubclass(kind, Struct) and not hasattr(kind, "from_text")


def is_keyed(struct: type[Struct]) -> bool:
    """Whether a Struct is chosen by its leading key (a flow step) instead of by a tag field."""
    return str(struct.__struct_config__.tag) in shape(struct)


def takes_map(annotation: Any) -> bool:
    """Whether a map is welcome."""
    return is_struct(annotation) or get_origin(unwrap(annotation)[0]) is dict


def takes_list(annotation: Any) -> bool:
    """Whether a list is welcome."""
    return get_origin(unwrap(annotation)[0]) in (list, tuple)


def kind(annotation: Any) -> str:
    """The type in plain words."""
    bare = unwrap(annotation)[0]
    if get_origin(bare) is Literal:
        return "one of " + ", ".join(get_args(bare))
    if is_union(bare):
        return " or ".join(dict.fromkeys(kind(one) for one in get_args(bare) if one is not type(None)))
    if takes_list(bare):
        return "a list"
    return KINDS.get(bare, "a map" if takes_map(bare) else "a text")


def about(annotation: Any) -> str:
    """A short hint on what belongs into a missing key."""
    text = next((rule.description for rule in unwrap(annotation)[1] if rule.description), None)
    return f" ({text})" if text else f" ({kind(annotation)})"


def broken(value: Any, rule: Meta) -> tuple[str, str] | None:
    """What is wrong with a decoded value by one rule, and the mend; never repeats the value."""
    return _number_broken(value, rule) if isinstance(value, int | float) else _sized_broken(value, rule)


def _number_broken(value: float, rule: Meta) -> tuple[str, str] | None:
    checks = (
        (rule.ge, "at least", operator.ge),
        (rule.gt, "more than", operator.gt),
        (rule.le, "at most", operator.le),
        (rule.lt, "less than", operator.lt),
    )
    for bound, words, holds in checks:
        if bound is not None and not holds(value, bound):
            return f"{value} is out of range", f"must be {words} {bound}"
    return None


def _sized_broken(value: Any, rule: Meta) -> tuple[str, str] | None:
    if not isinstance(value, str | list | tuple | dict):
        return None
    sized = cast("Sequence[Any]", value)
    unit = "characters" if isinstance(value, str) else "entries"
    if rule.min_length is not None and len(sized) < rule.min_length:
        if not sized:
            return "it must not be empty", "write at least one"
        return f"{len(sized)} {unit} are too few", f"at least {rule.min_length}"
    if rule.max_length is not None and len(sized) > rule.max_length:
        return f"{len(sized)} {unit} are too many", f"at most {rule.max_length}"
    if rule.pattern and isinstance(value, str) and not re.search(rule.pattern, value):
        return "it is not written as needed", rule.description or f"must match {rule.pattern}"
    return None
