"""Read-only views of JSON data for templates.

The template binding lets a template reach every attribute and method of a Python object it is given, so that
`cart.pop('x')` would change our data. A view has no public attribute at all: only its items can be read, and a key
named `items` or `count` is that key.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from abc import ABCMeta


class MapView:
    """A JSON object: keys, length, iteration, nothing else."""

    __slots__ = ("__plain__",)

    def __init__(self, plain: dict[str, Any]) -> None:
        self.__plain__ = plain

    def __getitem__(self, key: str) -> Any:
        return view(self.__plain__[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self.__plain__)

    def __len__(self) -> int:
        return len(self.__plain__)

    def __contains__(self, key: object) -> bool:
        return key in self.__plain__

    def __str__(self) -> str:
        return to_json(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MapView | dict) and plain(self) == plain(other)

    __hash__ = None  # type: ignore[assignment]


class NamedView(MapView):
    """A JSON object that renders as its `name`."""

    __slots__ = ()

    def __str__(self) -> str:
        return text_of(self.__plain__.get("name"))


class ListView:
    """A JSON array: index, length, iteration, nothing else."""

    __slots__ = ("__plain__",)

    def __init__(self, plain: Sequence[Any]) -> None:
        self.__plain__ = plain

    def __getitem__(self, index: int | slice) -> Any:
        found = self.__plain__[index]
        return ListView(found) if isinstance(index, slice) else view(found)

    def __len__(self) -> int:
        return len(self.__plain__)

    def __iter__(self) -> Iterator[Any]:
        return map(view, self.__plain__)

    def __str__(self) -> str:
        return to_json(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListView | list) and plain(self) == plain(other)

    __hash__ = None  # type: ignore[assignment]


class Verbatim:
    """Text that is already JSON; `tojson` makes it, so that a raw JSON body can tell it from a value."""

    __slots__ = ("__plain__",)

    def __init__(self, text: str) -> None:
        self.__plain__ = text

    def __str__(self) -> str:
        return self.__plain__


# The binding asks these two classes how to treat an object.
cast("ABCMeta", Mapping).register(MapView)
cast("ABCMeta", Sequence).register(ListView)


def view(value: Any) -> Any:
    """The value as a template may see it. Raises TypeError for anything that is not JSON data."""
    match value:
        case None | bool() | int() | float() | MapView() | ListView() | Verbatim():
            return value
        case str():
            return str(value)  # an exact str: subclasses could bring methods
        case dict():
            return MapView(cast("dict[str, Any]", value))
        case list() | tuple():
            return ListView(cast("Sequence[Any]", value))
        case _:
            raise TypeError(f"{type(value).__name__} is not JSON data")


def plain(value: Any) -> Any:
    """The plain JSON data behind a value that a template made or was given."""
    match value:
        case MapView() | ListView():
            return plain(value.__plain__)
        case Verbatim():
            return str(value)
        case dict():
            return {text_of(key): plain(item) for key, item in cast("dict[Any, Any]", value).items()}
        case list() | tuple():
            return [plain(item) for item in cast("Sequence[Any]", value)]
        case None | bool() | int() | float() | str():
            return value
        case _:
            # what the engine has besides data (functions, the loop) shows as nothing
            return None


def to_json(value: Any) -> str:
    """The value as JSON text, non-ASCII letters as they are."""
    return json.dumps(plain(value), ensure_ascii=False)


def text_of(value: Any) -> str:
    """How a value reads in text: null as nothing, booleans as true and false, lists and maps as JSON."""
    match value:
        case str():
            return value
        case None:
            return ""
        case True:
            return "true"
        case False:
            return "false"
        case int() | float():
            return str(value)
        case MapView() | ListView() | Verbatim():
            return str(value)
        case _:
            return to_json(value)
