"""Makes a template measure itself, so that it cannot grow without end.

The engine's fuel counts instructions, not bytes: `'a' * 10000000000` is one instruction. So the source is rewritten
before it runs: each value that flows into an operator, a filter or a literal passes through `_weigh`, which adds its
size to the account of the render; the left side of `*` passes through `** 1` and the right one through `- -`, which
only numbers survive. Tags and filters that could get around this are refused. Nothing else changes.
"""

import re
from functools import lru_cache

TAGS = frozenset({"if", "elif", "else", "endif", "for", "endfor", "set", "endset"})
# fmt: off
FILTERS = frozenset({
    "abs", "bool", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items",
    "join", "last", "length", "lines", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "replace", "reverse", "round", "select", "selectattr", "sort", "split", "string", "sum", "title",
    "tojson", "trim", "unique", "upper", "urlencode",
})
# fmt: on

_OPEN = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}(.*?)\{%[-+]?\s*endraw\s*[-+]?%\}", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<word>[^\W\d]\w*|\d[\w]*(?:\.\d[\w]*)?)
    |(?P<op>\*\*|//|[=!<>]=|[-+*/%~|.,:()\[\]{}<>=])""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = frozenset({"if", "else", "and", "or", "not", "in", "is", "recursive"})
_MATH = frozenset({"*", "**", "/", "//", "%"})
_LOOSER = frozenset({"+", "-", ",", ":", "=", "==", "!=", "<", ">", "<=", ">="})
_POSTFIX = frozenset({".", "|", "(", "["})


class ForbiddenError(Exception):
    """The template uses what it may not; `line` is counted from 1."""

    def __init__(self, problem: str, line: int) -> None:
        self.problem = problem
        self.line = line
        super().__init__(problem)


@lru_cache(maxsize=2048)
def metered(source: str, *, json_body: bool = False) -> str:
    """The template with its meters built in. With `json_body`, values outside of JSON strings become JSON values.

    Raises ForbiddenError. A template with a syntax error comes back in some form that has one too.
    """
    out: list[str] = []
    at, quoted = 0, False
    while opening := _OPEN.search(source, at):
        text = source[at : opening.start()]
        out.append(text)
        quoted = _ends_quoted(text, quoted)
        raw = _RAW.match(source, opening.start())
        if raw:
            out.append(raw.group())
            quoted = _ends_quoted(raw.group(1), quoted)
            at = raw.end()
            continue
        part, at = _tag(source, opening.start(), as_value=json_body and not quoted)
        out.append(part)
    out.append(source[at:])
    return "".join(out)


@lru_cache(maxsize=2048)
def metered_expression(source: str) -> str:
    """A bare expression with its meters built in. Raises ForbiddenError."""
    tokens, end = _tokens(source, 0, None)
    return _weighed(tokens, 1) + source[end:]


def outside_tags(source: str) -> str:
    """The literal text of a template, without its tags and raw parts. Raises ForbiddenError."""
    out: list[str] = []
    at = 0
    while opening := _OPEN.search(source, at):
        out.append(source[at : opening.start()])
        raw = _RAW.match(source, opening.start())
        at = raw.end() if raw else _tag(source, opening.start(), as_value=False)[1]
    return " ".join((*out, source[at:]))


def _ends_quoted(text: str, quoted: bool) -> bool:
    """Whether a JSON string is open after this stretch of literal text."""
    for quote in re.finditer(r"\\.|\"", text, re.DOTALL):
        if quote.group() == '"':
            quoted = not quoted
    return quoted


def _tag(source: str, start: int, *, as_value: bool) -> tuple[str, int]:
    """The rewritten tag that begins at `start`, and where it ends."""
    kind = source[start + 1]
    line = source.count("\n", 0, start) + 1
    if kind == "#":
        end = source.find("#}", start + 2)
        end = len(source) if end < 0 else end + 2
        return source[start:end], end
    body = start + 2
    if source[body : body + 1] in {"-", "+"}:
        body += 1
    closing = "}}" if kind == "{" else "%}"
    tokens, end = _tokens(source, body, closing)
    close = re.compile(r"[-+]?" + re.escape(closing)).match(source, end)
    if not close:
        return source[start:], len(source)
    if kind == "%":
        inner = _block(tokens, line)
    else:
        inner = _weighed(tokens, line)
        if as_value and inner.strip():
            inner = f" ({inner})|_value "
    return source[start:body] + inner + close.group(), close.end()


Token = tuple[str, str]


def _tokens(source: str, at: int, closing: str | None) -> tuple[list[Token], int]:
    """The tokens of an expression up to its closing mark, and where they end."""
    found: list[Token] = []
    depth = 0
    while at < len(source):
        if closing and depth == 0 and re.compile(r"[-+]?" + re.escape(closing)).match(source, at):
            break
        token = _TOKEN.match(source, at)
        if not token:
            break
        text = token.group()
        depth += (text in {"(", "[", "{"}) - (text in {")", "]", "}"})
        found.append((str(token.lastgroup), text))
        at = token.end()
    return found, at


def _block(tokens: list[Token], line: int) -> str:
    """A `{% ... %}` tag: only the part of it that is an expression is metered."""
    words = [text for kind, text in tokens if kind != "space"]
    tag = words[0] if words else ""
    if tag not in TAGS:
        raise ForbiddenError(f"the tag `{tag}` is not available; use {', '.join(sorted(TAGS))}", line)
    start = {"for": "in", "set": "="}.get(tag, tag)
    for place, (_, text) in enumerate(tokens):
        if text == start:
            head = "".join(text for _, text in tokens[: place + 1])
            return head + _weighed(tokens[place + 1 :], line)
    if "|" in words:
        raise ForbiddenError("a `set` block takes no filter", line)
    return "".join(text for _, text in tokens)


def _weighed(tokens: list[Token], line: int) -> str:
    """The expression with meters before its operators, commas and closing brackets."""
    out: list[str] = []
    sides = [""]  # per bracket depth: what the operand at hand belongs to
    before = ""  # the previous token, spaces apart
    operand = False
    for kind, text in [*tokens, ("end", "")]:
        if kind == "space":
            out.append(text)
            continue
        ends = kind == "end" or text in {",", ")", "]", "}"}
        keyword = kind == "word" and text in _KEYWORDS
        if (
            operand
            and sides[-1] == "join"
            and (ends or keyword or (kind == "op" and text not in _POSTFIX | _MATH))
        ):
            out.append("|_text ")
        if operand and (ends or text in {"+", "~", "|"}) and kind in {"op", "end"}:
            out.append("|_weigh ")
        if text == "*" and operand:
            text = "** 1 * - -"
        if before == "|" and kind == "word" and text not in FILTERS:
            raise ForbiddenError(
                f"the filter `{text}` is not available; use {', '.join(sorted(FILTERS))}", line
            )
        arithmetic = sides[-1] == "math"
        sides = _sides_after(sides, text, operand=operand, keyword=keyword)
        if text == "~" and operand and not arithmetic:
            out.append("|_text ")
        out.append(text)
        operand = (kind in {"word", "string"} and not keyword) or text in {")", "]", "}"}
        before = text
    return "".join(out)


def _sides_after(sides: list[str], text: str, *, operand: bool, keyword: bool) -> list[str]:
    """Per bracket depth: `join` on the plain right side of a `~`, `math` within a product, else nothing."""
    if text in {"(", "[", "{"}:
        return [*sides, ""]
    if text in {")", "]", "}"}:
        return sides[:-1] or [""]
    if text == "~" and operand:
        return [*sides[:-1], "join"]
    if text in _MATH or text.startswith("**"):
        return [*sides[:-1], "math"]
    if keyword or text in _LOOSER:
        return [*sides[:-1], ""]
    return sides
