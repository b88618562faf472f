"""Positioned nodes to frozen Structs, guided by their annotations. Every error is collected, none is raised.

What could not be decoded keeps its default, so that later checks still see the rest of the file.
"""

import re
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Literal, TypeVar, get_args, get_origin

from msgspec import Meta, Struct

from openhandover.core.settings import Secret

from .nodes import (
    NUMBER,
    ListNode,
    MapNode,
    Mark,
    Node,
    Path,
    Problem,
    TextNode,
    from_data,
    nearest,
    number,
    spell,
    to_data,
)
from .shapes import (
    EXAMPLES,
    about,
    broken,
    is_keyed,
    is_struct,
    is_union,
    kind,
    shape,
    takes_list,
    takes_map,
    unwrap,
)

T = TypeVar("T")
_BARE_VARIABLE = re.compile(r"\$[A-Za-z_]\w*")
Hook = Callable[["Decoder", MapNode, Path], Any]


class Failed(Exception):
    """A value could not be decoded; the report is already made."""


class Decoder:
    """Decodes one tree. `hooks` decode the types that depend on something outside their annotations."""

    def __init__(self, file: str, hooks: Mapping[type, Hook] | None = None) -> None:
        self.file = file
        self.hooks = hooks or {}
        self.problems: list[Problem] = []

    def fail(self, mark: Mark, path: Path, what: str, mend: str) -> Failed:
        """Report one error; raise what it returns."""
        self.problems.append(Problem(self.file, mark.line, mark.column, spell(path), what, mend))
        return Failed()

    def decode(self, node: Node, wanted: Any, path: Path = ()) -> Any:
        """The value of `node` as type `wanted`; raises Failed after reporting."""
        if isinstance(node, TextNode) and node.broken:
            raise Failed
        wanted, rules = unwrap(wanted)
        if wanted in (Any, object):
            return self._any(node, path)
        origin = get_origin(wanted)
        if is_union(wanted):
            value = self._union(node, get_args(wanted), path)
        elif origin is Literal:
            value = self._literal(node, get_args(wanted), path)
        elif origin is dict:
            value = self._dict(node, get_args(wanted), path)
        elif origin in (list, tuple):
            items = self._list(node, get_args(wanted)[0], path)
            value = tuple(items) if origin is tuple else items
        elif issubclass(wanted, Struct) and not hasattr(wanted, "from_text"):
            value = self._struct(node, wanted, path)
        else:
            value = self._scalar(node, wanted, path)
        self._bounds(value, rules, node, path)
        return value

    def _any(self, node: Node, path: Path) -> Any:
        try:
            return to_data(node)
        except ValueError as error:
            raise self.fail(node.mark, path, str(error), "quote it") from None

    def _scalar(self, node: Node, wanted: type, path: Path) -> Any:
        if not isinstance(node, TextNode):
            raise self.fail(
                node.mark, path, f"expected {kind(wanted)}, found {_found(node)}", "write one value here"
            )
        if wanted is bool:
            return self._bool(node, path)
        if wanted in (int, float):
            return self._number(node, wanted, path)
        if node.is_null:
            raise self.fail(node.mark, path, "a text is missing here", 'write one, or "" for an empty text')
        if issubclass(wanted, Secret):
            self._warn_open_secret(node, path)
        if issubclass(wanted, str):
            return wanted(node.text)
        try:
            return wanted.from_text(node.text)  # type: ignore[attr-defined]
        except ValueError as error:
            what, _, mend = str(error).partition("; ")
            raise self.fail(node.mark, path, what, mend) from None

    def _bool(self, node: TextNode, path: Path) -> bool:
        if node.text in ("true", "false") and (node.plain or node.replaced):
            return node.text == "true"
        raise self.fail(
            node.mark,
            path,
            f"expected true or false, found {_found(node)}",
            f"write {EXAMPLES[bool]}, without quotes",
        )

    def _number(self, node: TextNode, wanted: type, path: Path) -> int | float:
        try:
            value = number(node.text) if node.plain or node.replaced else node.text
        except ValueError as error:
            raise self.fail(node.mark, path, str(error), "write a shorter one") from None
        if isinstance(value, str) or (wanted is int and isinstance(value, float)):
            quoted = not node.plain and not node.replaced and NUMBER.fullmatch(node.text)
            mend = "remove the quotes" if quoted else f"write {EXAMPLES[wanted]}"
            raise self.fail(node.mark, path, f"expected {kind(wanted)}, found {_found(node)}", mend)
        return value

    def _warn_open_secret(self, node: TextNode, path: Path) -> None:
        if node.replaced or not node.text or node.text.startswith("$argon2"):
            return
        what = "a secret is written in the file"
        mend = "put it into an environment variable and write ${NAME} here"
        if _BARE_VARIABLE.fullmatch(node.text):
            what, mend = "a $ without braces is no variable but part of the secret", "write ${NAME}"
        place = (self.file, node.mark.line, node.mark.column, spell(path))
        self.problems.append(Problem(*place, what, mend, warning=True))

    def _literal(self, node: Node, choices: tuple[Any, ...], path: Path) -> Any:
        if isinstance(node, TextNode) and node.text in choices:
            return node.text
        known = ", ".join(choices)
        if not isinstance(node, TextNode):
            raise self.fail(
                node.mark, path, f"expected one of {known}, found {_found(node)}", "write one word"
            )
        raise self.fail(node.mark, path, f"{_found(node)} is not one of {known}", nearest(node.text, choices))

    def _union(self, node: Node, members: tuple[Any, ...], path: Path) -> Any:
        null = isinstance(node, TextNode) and node.is_null
        if null and NoneType in members:
            return None
        members = tuple(member for member in members if member is not NoneType)
        if len(members) == 1:
            return self.decode(node, members[0], path)
        structs = [member for member in members if is_struct(member)]
        if len(structs) == len(members):
            return self._tagged(node, structs, path)
        return self.decode(node, _fitting(node, members), path)

    def _tagged(self, node: Node, structs: list[type[Struct]], path: Path) -> Any:
        """One of several Structs: by their tag field, or by a leading key that is the tag."""
        tags = {str(struct.__struct_config__.tag): struct for struct in structs}
        if is_keyed(structs[0]):
            return self._keyed(node, tags, path)
        field = str(structs[0].__struct_config__.tag_field)
        node = self._map(node, path, f"a map with `{field}`")
        choice = node.entries.get(field)
        if not isinstance(choice, TextNode) or choice.broken:
            if choice is None:
                self.fail(
                    node.mark, path, f"`{field}` is missing", f"add `{field}:` with one of {', '.join(tags)}"
                )
            raise Failed
        if choice.text not in tags:
            mend = nearest(choice.text, tags)
            raise self.fail(choice.mark, (*path, field), f'unknown {field} "{choice.text}"', mend)
        return self._struct(node, tags[choice.text], path, besides=(field,))

    def _keyed(self, node: Node, tags: dict[str, type[Struct]], path: Path) -> Any:
        if isinstance(node, TextNode) and node.text in tags:
            raise self.fail(
                node.mark, path, f"the step `{node.text}` has no colon", f"write `{node.text}: ...`"
            )
        node = self._map(node, path, "a step")
        given = [key for key in node.entries if key in tags]
        if len(given) == 1:
            return self._struct(node, tags[given[0]], path)
        if given:
            mark = node.key_mark(given[1])
            what = f"one step has both `{given[0]}` and `{given[1]}`"
            raise self.fail(mark, path, what, 'begin each step with its own "- "')
        wrong = next((key for key in node.entries if key != "id"), None)
        if wrong is None:
            raise self.fail(node.mark, path, "an empty step", f"write one of {', '.join(tags)}")
        owner = next((tag for tag, struct in tags.items() if wrong in shape(struct)), None)
        mend = (
            f'it belongs into the step with `{owner}`, without its own "- "'
            if owner
            else nearest(wrong, tags)
        )
        raise self.fail(node.key_mark(wrong), (*path, wrong), "unknown step", mend)

    def _map(self, node: Node, path: Path, what: str) -> MapNode:
        if isinstance(node, MapNode):
            return node
        if isinstance(node, TextNode) and node.is_null:
            return MapNode({}, node.mark)
        raise self.fail(node.mark, path, f"expected {what}, found {_found(node)}", "write `key: value` pairs")

    def _dict(self, node: Node, types: tuple[Any, Any], path: Path) -> dict[str, Any]:
        entries = self._map(node, path, "a map")
        decoded: dict[str, Any] = {}
        _, rules = unwrap(types[0])
        for key, child in entries.entries.items():
            try:
                self._bounds(key, rules, TextNode(key, entries.key_mark(key)), (*path, key))
                decoded[key] = self.decode(child, types[1], (*path, key))
            except Failed:
                continue
        return decoded

    def _list(self, node: Node, of: Any, path: Path) -> list[Any]:
        if isinstance(node, TextNode) and node.is_null:
            return []
        if not isinstance(node, ListNode):
            mend = (
                "put it into brackets: [...]" if isinstance(node, TextNode) else 'begin each item with "- "'
            )
            raise self.fail(node.mark, path, f"expected a list, found {_found(node)}", mend)
        decoded: list[Any] = []
        for index, item in enumerate(node.items):
            try:
                decoded.append(self.decode(item, of, (*path, index)))
            except Failed:
                decoded.append(
                    None
                )  # keeps the places of those behind it; the result is only checked, never used
        return decoded

    def _struct(self, node: Node, wanted: type[Struct], path: Path, besides: tuple[str, ...] = ()) -> Any:
        node = self._map(node, path, "a map")
        if wanted in self.hooks:
            return self.hooks[wanted](self, node, path)
        return self.struct(node, wanted, path, besides)

    def struct(self, node: MapNode, wanted: type[Struct], path: Path, besides: tuple[str, ...] = ()) -> Any:
        """A map as the Struct `wanted`; keys in `besides` belong to somebody else."""
        keys = shape(wanted)
        for key in node.entries:
            if key not in keys and key not in besides:
                mend = nearest(key, (*keys, *besides))
                self.fail(node.key_mark(key), (*path, key), "unknown key", mend)
        values: dict[str, Any] = {}
        missing = False
        for key, (name, annotation, required) in keys.items():
            try:
                if key in node.entries:
                    values[name] = self.decode(node.entries[key], annotation, (*path, key))
                elif required:
                    raise self.fail(
                        node.mark, path, f"`{key}` is missing", f"add `{key}:`{about(annotation)}"
                    )
            except Failed:
                missing = missing or required
        if missing:
            raise Failed
        try:
            return wanted(**values)
        except ValueError as error:
            what, _, mend = str(error).partition("; ")
            key = next((word for word in re.findall(r"`(\w+)`", what) if word in node.entries), None)
            mark, path = (node.entries[key].mark, (*path, key)) if key else (node.mark, path)
            raise self.fail(mark, path, what, mend or "see the reference page of this part") from None

    def _bounds(self, value: Any, rules: list[Meta], node: Node, path: Path) -> None:
        if value is None:
            return
        for rule in rules:
            found = broken(value, rule)
            if found:
                raise self.fail(node.mark, path, *found)


def _found(node: Node) -> str:
    """What stands there, shortened; a variable's value is never repeated."""
    if isinstance(node, TextNode):
        if node.is_null:
            return "nothing"
        if node.replaced:
            return "another value in the variable"
        return f'"{node.text}"'
    return "a list" if isinstance(node, ListNode) else "a map"


def _fitting(node: Node, members: tuple[Any, ...]) -> Any:
    """The member of a union that takes a node of this form; else the first, whose error says what is wanted."""
    if isinstance(node, MapNode):
        fits = [member for member in members if takes_map(member)]
    elif isinstance(node, ListNode):
        fits = [member for member in members if takes_list(member)]
    else:
        fits = [member for member in members if not takes_map(member) and not takes_list(member)]
    return (fits or members)[0]


def decode_data(data: Any, wanted: type[T], path: Path = ()) -> tuple[T | None, list[Problem]]:
    """Plain JSON data (a request's `settings`) by the same rules; on any error the value is None."""
    decoder = Decoder("")
    try:
        value = decoder.decode(from_data(data), wanted, path)
    except Failed:
        return None, decoder.problems
    return (None if decoder.problems else value), decoder.problems
