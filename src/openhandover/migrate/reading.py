"""Text to spots: JSON or YAML, JSON with templates in it, and a request as it looks on the wire."""

import json
import re
from collections.abc import Callable

from openhandover.config.nodes import ListNode, MapNode, Mark, Node, Path, TextNode, spell
from openhandover.config.reader import Reader

from .report import Note, Refusal
from .spots import Spot

_REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE)[ \t]+(\S+)([ \t]+HTTP/[\d.]+)?[ \t]*")
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
_TEMPLATE = re.compile(r"\{\{.*?\}\}", re.DOTALL)

# Characters of the private use area stand for what the reader must not see: `$`, which begins no variable here, and
# templates, which are no JSON. They take the width of what they stand for, so that places stay right.
_DOLLAR, _PAD, _FIRST, _LAST = "\ue0fd", "\ue0fe", 0xE100, 0xF8FF

Where = Callable[[Mark], Mark]


def read(content: str) -> Spot:
    """The whole input. Raises Refusal when it is neither JSON nor YAML nor a request."""
    body = content.lstrip()
    if _REQUEST.match(body):
        return Spot(_on_the_wire(body, content[: len(content) - len(body)].count("\n")))
    if body[:1] in {"{", "["}:
        return Spot(_json(content, lambda mark: mark, ()))
    return Spot(_tree(content, lambda mark: mark, ()))


def inside(spot: Spot, content: str) -> Spot:
    """The JSON that a text of the input holds; `content` is the whole input, to find its lines again."""
    assert isinstance(spot.node, TextNode)
    return Spot(_json(spot.node.text, _lines_of(spot.node, content), spot.path), spot.path)


def _lines_of(node: TextNode, content: str) -> Where:
    """Where a place inside a text is in the input: exact in a block of lines, else where the text begins."""
    lines = content.splitlines()
    inner = node.text.splitlines()
    first = lines[node.mark.line - 1] if node.mark.line <= len(lines) else ""
    block = first[node.mark.column - 1 : node.mark.column] in {"|", ">"}

    def where(mark: Mark) -> Mark:
        number = node.mark.line + mark.line
        if not block or number > len(lines) or mark.line > len(inner):
            return node.mark
        return Mark(number, max(lines[number - 1].find(inner[mark.line - 1]), 0) + mark.column)

    return where


def _on_the_wire(text: str, above: int) -> Node:
    """A request as a step would hold it; `above` lines come before it."""
    lines = text.splitlines()
    head = lines[: lines.index("")] if "" in lines else lines
    wire = _REQUEST.match(lines[0])
    assert wire is not None
    headers: dict[str, Node] = {}
    for number, line in enumerate(head[1:], above + 2):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = TextNode(value.strip(), Mark(number, len(name) + 2))
    host = next((value for name, value in headers.items() if name.lower() == "host"), None)
    place = Mark(above + 1, wire.start(2) + 1)
    url = f"https://{host.text}{wire[2]}" if isinstance(host, TextNode) and wire[2][0] == "/" else wire[2]
    body = "\n".join(lines[len(head) + 1 :])
    skipped = above + len(head) + 1
    start = Mark(above + 1, 1)
    step: dict[str, Node] = {
        "method": TextNode(wire[1], start),
        "url": TextNode(url, place),
        "headers": MapNode(headers, Mark(above + 2, 1)),
        "body": _json(body, lambda mark: Mark(mark.line + skipped, mark.column), ("body",)),
    }
    return MapNode(step, start)


def _json(text: str, where: Where, path: Path) -> Node:
    """JSON in which templates stand, inside of strings or bare."""
    kept: list[str] = []
    # YAML takes JSON, but for tabs between the values and for letters written as two halves.
    halves = _PAIR.sub(lambda pair: pair[1] + json.loads(f'"{pair[2]}"'), text)
    return _restored(_tree(_shielded(halves, kept).replace("\t", " "), where, path), kept)


def _shielded(text: str, kept: list[str]) -> str:
    """The text with a stand-in for every template; one outside of quotes gets quotes."""
    out: list[str] = []
    at, quoted = 0, False
    while at < len(text):
        template = _TEMPLATE.match(text, at)
        if template and _FIRST + len(kept) <= _LAST:
            stand_in = chr(_FIRST + len(kept))
            kept.append(_unescaped(template[0]) if quoted else template[0])
            missing = len(template[0]) - 1
            out.append(stand_in + _PAD * missing if quoted else f'"{stand_in}"' + " " * (missing - 2))
            at = template.end()
        elif quoted and text[at] == "\\":
            out.append(text[at : at + 2])
            at += 2
        else:
            quoted ^= text[at] == '"'
            out.append(text[at])
            at += 1
    return "".join(out)


def _unescaped(template: str) -> str:
    try:
        return json.loads(f'"{template}"', strict=False)
    except ValueError:
        return template


def _restored(node: Node, kept: list[str]) -> Node:
    if isinstance(node, TextNode):
        text = "".join(
            kept[ord(letter) - _FIRST] if _FIRST <= ord(letter) < _FIRST + len(kept) else letter
            for letter in node.text
            if letter != _PAD
        )
        return TextNode(text, node.mark, node.plain)
    if isinstance(node, ListNode):
        return ListNode([_restored(item, kept) for item in node.items], node.mark)
    entries = {key: _restored(value, kept) for key, value in node.entries.items()}
    return MapNode(entries, node.mark, node.key_marks)


def _tree(text: str, where: Where, path: Path) -> Node:
    """The tree that YAML reads, with places of the input. Raises Refusal with everything that is wrong."""
    reader = Reader("", {})
    tree = reader.read(text.replace("$", _DOLLAR).encode("utf-8", "surrogatepass"))
    if tree is None or reader.problems:
        raise Refusal(
            [
                Note(
                    "by hand",
                    f"this cannot be read: {problem.what}; {problem.mend}",
                    _place(where(Mark(problem.line, problem.column)), path),
                )
                for problem in reader.problems
            ]
        )
    return _placed(tree, where)


def _place(mark: Mark, path: Path) -> str:
    return f"line {mark.line}, column {mark.column}" + (f": {spell(path)}" if path else "")


def _placed(node: Node, where: Where) -> Node:
    mark = where(node.mark)
    if isinstance(node, TextNode):
        return TextNode(node.text.replace(_DOLLAR, "$"), mark, node.plain)
    if isinstance(node, ListNode):
        return ListNode([_placed(item, where) for item in node.items], mark)
    entries = {key.replace(_DOLLAR, "$"): _placed(value, where) for key, value in node.entries.items()}
    marks = {key.replace(_DOLLAR, "$"): where(place) for key, place in node.key_marks.items()}
    return MapNode(entries, mark, marks)
