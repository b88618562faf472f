"""YAML text to positioned nodes, by our own composer over PyYAML's events.

PyYAML's `compose` follows aliases and nesting without a bound and knows YAML 1.1 types; here depth and size are
limited, every scalar stays text with its place, and duplicate keys, tags and second documents are refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .environment import Unreplaced, replace
from .nodes import NOWHERE, ListNode, MapNode, Mark, Node, Path, Problem, TextNode, spell

MAX_DEPTH = 60
MAX_NODES = 200_000
MAX_BYTES = 5_000_000
QUOTE = "quote it, because {{ }} without quotes is a YAML map"
_LOADER: Any = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)  # the C parser where the wheel has it: ten times faster
_CLOSE_COLON = re.compile(r"[\s-]*[A-Za-z_][A-Za-z0-9_]*:[^\s:/][^:]*")
_BRACES = re.compile(r"(?:^|[:\-\[,])\s*(\{\{.*)")


class Unreadable(Exception):
    """The text is not YAML that we accept; reading stops here."""

    def __init__(self, mark: Mark, path: str, what: str, mend: str) -> None:
        self.mark, self.path, self.what, self.mend = mark, path, what, mend
        super().__init__(what)


@dataclass(slots=True)
class _Open:
    """A collection that is being read."""

    node: ListNode | MapNode
    anchor: str | None
    key: str | None = None
    skip: bool = False
    as_key: bool = False
    broken: bool = False


@dataclass(slots=True)
class Reader:
    """Reads one file. `problems` collects what can be reported without stopping,
    `values` what variables held."""

    file: str
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list[Problem])
    values: set[str] = field(default_factory=set[str])
    _open: list[_Open] = field(default_factory=list[_Open])
    _anchors: dict[str, tuple[Node, int]] = field(default_factory=dict[str, "tuple[Node, int]"])
    _count: int = 0
    _root: Node | None = None

    def read(self, content: bytes) -> Node | None:
        """The tree of the whole file, or None when nothing could be read; look into `problems` either way."""
        try:
            return self._read(_decode(content))
        except Unreadable as error:
            self._report(error.mark, error.path, error.what, error.mend)
            return None

    def _read(self, text: str) -> Node:
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            raise _syntax(error, text) from None
        return self._root or MapNode({}, NOWHERE)

    def _take(self, event: Any) -> None:
        mark = _mark(event.start_mark)
        match event:
            case yaml.DocumentStartEvent():
                if self._root is not None:
                    raise Unreadable(mark, "", "a second document begins here", "remove the line with ---")
            case yaml.ScalarEvent():
                self._refuse_tag(event, mark)
                self._scalar(event, mark)
            case yaml.AliasEvent():
                self._alias(str(event.anchor), mark)
            case yaml.SequenceStartEvent():
                self._start(ListNode([], mark), event)
            case yaml.MappingStartEvent():
                self._start(MapNode({}, mark), event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end()
            case _:
                pass  # stream and document borders carry nothing

    def _start(self, node: ListNode | MapNode, event: Any) -> None:
        self._refuse_tag(event, node.mark)
        as_key = self._refuse_key(node.mark)
        if len(self._open) >= MAX_DEPTH:
            raise Unreadable(node.mark, self._path(), f"nested more than {MAX_DEPTH} deep", "flatten it")
        self._grow(1, node.mark)
        self._open.append(_Open(node, event.anchor, as_key=as_key))

    def _end(self) -> None:
        done = self._open.pop()
        if done.as_key:
            self._open[-1].key, self._open[-1].skip = "", True
            return
        node = TextNode("", done.node.mark, broken=True) if done.broken else done.node
        self._place(node)
        self._remember(done.anchor, node)

    def _scalar(self, event: Any, mark: Mark) -> None:
        plain = event.style in (None, "")
        holder = self._open[-1] if self._open else None
        if holder and isinstance(holder.node, MapNode) and holder.key is None:
            self._key(holder, holder.node, str(event.value), mark)
            return
        self._grow(1, mark)
        broken = False
        try:
            text, values = replace(event.value, self.environ)
            self.values.update(values)
        except Unreplaced as error:
            self._report(mark, self._path(), error.what, error.mend)
            text, values, broken = "", ("",), True
        node = TextNode(text, mark, plain, bool(values), broken)
        self._place(node)
        self._remember(event.anchor, node)

    def _key(self, holder: _Open, node: MapNode, key: str, mark: Mark) -> None:
        holder.key = key
        holder.skip = key in node.entries
        if holder.skip:
            first = node.key_marks[key].line
            path = spell((*self._parts()[:-1], key))
            self._report(
                mark, path, f'the key "{key}" is given twice', f"remove one; the first is in line {first}"
            )
        else:
            node.key_marks[key] = mark

    def _alias(self, anchor: str, mark: Mark) -> None:
        as_key = self._refuse_key(mark)
        if anchor not in self._anchors:
            what = f"the alias *{anchor}" + (
                " stands inside its own anchor"
                if any(one.anchor == anchor for one in self._open)
                else " has no anchor before it"
            )
            raise Unreadable(
                mark, self._path(), what, "write the value out, or quote a text that begins with *"
            )
        node, size = self._anchors[anchor]
        if len(self._open) + _depth(node) > MAX_DEPTH:
            raise Unreadable(mark, self._path(), f"nested more than {MAX_DEPTH} deep", "flatten it")
        self._grow(size, mark)
        if as_key:
            self._open[-1].key, self._open[-1].skip = "", True
        else:
            self._place(node)

    def _remember(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = (node, _size(node))

    def _place(self, node: Node) -> None:
        if not self._open:
            self._root = node
            return
        holder = self._open[-1]
        if isinstance(holder.node, ListNode):
            holder.node.items.append(node)
            return
        if not holder.skip:
            holder.node.entries[holder.key or ""] = node
        holder.key = None

    def _grow(self, count: int, mark: Mark) -> None:
        self._count += count
        if self._count > MAX_NODES:
            raise Unreadable(mark, self._path(), f"more than {MAX_NODES:,} values", "use fewer aliases")

    def _refuse_tag(self, event: Any, mark: Mark) -> None:
        if event.tag is not None:
            raise Unreadable(
                mark, self._path(), f"the tag {event.tag} is not used here", 'remove it, or quote "!..."'
            )

    def _refuse_key(self, mark: Mark) -> bool:
        """Whether a collection or alias stands in the place of a key; `{{ name }}` without quotes is the usual reason."""
        holder = self._open[-1] if self._open else None
        if not holder or not isinstance(holder.node, MapNode) or holder.key is not None:
            return False
        if holder.as_key:
            return True  # the key around it is reported already
        before = Mark(mark.line, mark.column - 1)
        if holder.node.mark == before:
            holder.broken = True
            self._report(before, spell(self._parts()[:-1]), 'a text begins with an unquoted "{{"', QUOTE)
        else:
            self._report(mark, self._path(), "a key must be text", "quote the key")
        return True

    def _parts(self) -> Path:
        parts: list[str | int] = []
        for holder in self._open:
            if isinstance(holder.node, ListNode):
                parts.append(len(holder.node.items))
            else:
                parts.append(holder.key or "")
        return tuple(parts)

    def _path(self) -> str:
        parts = self._parts()
        return spell(parts[:-1] if parts and parts[-1] == "" else parts)

    def _report(self, mark: Mark, path: str, what: str, mend: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, path, what, mend))


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1)


def _size(node: Node) -> int:
    if isinstance(node, TextNode):
        return 1
    children = node.items if isinstance(node, ListNode) else node.entries.values()
    return 1 + sum(_size(child) for child in children)


def _depth(node: Node) -> int:
    if isinstance(node, TextNode):
        return 0
    children = node.items if isinstance(node, ListNode) else node.entries.values()
    return 1 + max((_depth(child) for child in children), default=0)


def _decode(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise Unreadable(NOWHERE, "", "the file is larger than 5 MB", "split the flows or shorten them")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        mark = Mark(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        raise Unreadable(mark, "", "the file is not UTF-8", "save it as UTF-8") from None


def _syntax(error: yaml.YAMLError, text: str) -> Unreadable:
    """A YAML error in our words, with the usual mend."""
    if not isinstance(error, yaml.MarkedYAMLError):
        position = int(getattr(error, "position", 0))
        before = text[:position]
        mark = Mark(before.count("\n") + 1, position - before.rfind("\n"))
        return Unreadable(
            mark, "", "a control character is in the file", "remove it, or write it as an escape in quotes"
        )
    mark = _mark(error.problem_mark) if error.problem_mark else NOWHERE
    what = str(error.problem or "this is not YAML")
    lines = text.splitlines()
    for number in dict.fromkeys(
        (mark.line, error.context_mark.line + 1 if error.context_mark else mark.line)
    ):
        line = lines[number - 1] if 0 < number <= len(lines) else ""
        braces = _BRACES.search(line)
        if braces:
            return Unreadable(
                Mark(number, braces.start(1) + 1), "", 'a text begins with an unquoted "{{"', QUOTE
            )
    if _rest(lines, mark).startswith("{") and _rest(lines, Mark(mark.line, mark.column - 1)).startswith("$"):
        before = Mark(mark.line, mark.column - 1)
        return Unreadable(before, "", "a variable between { } or [ ] needs quotes", 'quote it: "${NAME}"')
    if "mapping values are not allowed" in what:
        return Unreadable(mark, "", what, _mend_of_colon(lines, mark))
    return Unreadable(
        mark, "", what, _mend(what, lines[mark.line - 1] if 0 < mark.line <= len(lines) else "")
    )


def _rest(lines: list[str], mark: Mark) -> str:
    """The rest of the line from a place on."""
    return lines[mark.line - 1][mark.column - 1 :] if 0 < mark.line <= len(lines) and mark.column > 0 else ""


def _mend_of_colon(lines: list[str], mark: Mark) -> str:
    """A colon where none may be: in a text, or after a key that is read as the rest of the text above it."""
    above = [number for number in range(1, mark.line) if lines[number - 1].strip()]
    if ": " in lines[mark.line - 1][: mark.column - 1] or not above:
        return 'quote the text, because it holds ": "'
    line = lines[above[-1] - 1]
    if _CLOSE_COLON.fullmatch(line):
        return f"write a blank after the colon in line {above[-1]}"
    column = len(line) - len(line.lstrip(" -")) + 1
    return f"begin it in column {column}, as the key in line {above[-1]}"


def _mend(what: str, line: str) -> str:
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in what or "tab" in what:
        return "indent with spaces, not tabs"
    if "quoted scalar" in what or "end of stream" in what:
        return "close the quote or bracket that was opened before"
    if "cannot start any token" in what:
        return "quote a text that begins with @ ` or %"
    return "check the indentation, the brackets and the quotes around here"
