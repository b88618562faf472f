"""Templates: MiniJinja on plain data, with bounds on time and size.

Values are data, never source: a `{{` in what a user wrote stays two braces.
"""

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, cast

import minijinja

from .metering import ForbiddenError, metered, metered_expression
from .views import ListView, MapView, NamedView, Verbatim, plain, text_of, to_json, view

FUEL = 20_000
"""Instructions per render."""
MAX_SOURCE = 65_536
"""Characters of a template."""
MAX_SIZE = 1 << 20
"""Characters and list items that one render may handle; its output has the same limit."""
MAX_RANGE = 1_000

Scope = Mapping[str, Any]
T = TypeVar("T")


class TemplateError(Exception):
    """A template or expression cannot be used; the text names the problem and never a value."""


class _Account:
    """What one render has used."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_SIZE

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _TooBigError


class _TooBigError(Exception):
    """The render handled more than MAX_SIZE."""


def _size(value: Any, most: int) -> int:
    """Characters and items of a value, counted no further than `most`. Views are shared, not copied: one each."""
    total = 0
    waiting = [value]
    while waiting and total <= most:
        item = waiting.pop()
        total += 1
        # The common types first: this runs a million times before a template that grows is stopped.
        kind = item.__class__
        if kind is list or kind is tuple:
            waiting += item
        elif kind is str:
            total += len(item)
        elif kind is dict:
            waiting += item.values()
        elif kind not in _FLAT:
            total += _unfold(item, waiting)
    return total


_FLAT = frozenset({int, float, bool, type(None)})


def _unfold(item: Any, waiting: list[Any]) -> int:
    """Characters of something unusual; what it holds is put with what waits."""
    if isinstance(item, dict):
        waiting += cast("dict[Any, Any]", item).values()
    elif isinstance(item, list | tuple):
        waiting += cast("Iterable[Any]", item)
    return len(str(item)) if isinstance(item, str | Verbatim) else 0


_WORD = re.compile(r"[^\s\-({\[<]+")


class _Engine(threading.local):
    """One environment per thread, because the account of a render belongs to it."""

    def __init__(self) -> None:
        self.account = _Account()
        self.as_json = False
        self.env = minijinja.Environment(
            fuel=FUEL,
            undefined_behavior="chainable",
            pycompat=False,
            debug=False,
            keep_trailing_newline=True,
            finalizer=self._emit,
            auto_escape_callback=lambda _: False,
        )
        for name in list(self.env.globals):
            self.env.remove_global(name)
        self.env.add_global("range", self._range)
        for name in (
            "format",
            "indent",
            "batch",
            "slice",
            "pprint",
            "attr",
            "groupby",
            "chain",
            "zip",
            "truncate",
        ):
            self.env.remove_filter(name)
        for name, function in self._filters().items():
            self.env.add_filter(name, function)

    def _filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "_weigh": self._weigh,
            "_text": self._text,
            "_value": _json_value,
            "default": _default,
            "d": _default,
            "dictsort": _dictsort,
            "items": _items,
            "join": self._join,
            "length": _length,
            "count": _length,
            "replace": self._replace,
            "string": text_of,
            "tojson": self._tojson,
            # the engine's own read null as the word "none"
            "upper": self._upper,
            "lower": self._lower,
            "capitalize": self._capitalize,
            "title": self._title,
            "trim": self._trim,
        }

    def _weigh(self, value: Any) -> Any:
        self.account.take(_size(value, self.account.left))
        return value

    def _text(self, value: Any) -> str:
        return self._counted(text_of(value))

    def _counted(self, text: str) -> str:
        self.account.take(len(text))
        return text

    def _emit(self, value: Any) -> str:
        if self.as_json and not isinstance(value, _Finished):
            return self._counted(to_json(text_of(value))[1:-1])
        return self._counted(text_of(value))

    def _tojson(self, value: Any) -> Verbatim:
        return Verbatim(self._counted(to_json(value)))

    def _join(self, items: Any, by: Any = "") -> str:
        texts = [text_of(item) for item in (items or ())]
        separator = text_of(by)
        self.account.take(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)

    def _replace(self, value: Any, old: Any, new: Any) -> str:
        text, gone, come = text_of(value), text_of(old), text_of(new)
        self.account.take(len(text) + (text.count(gone) if gone else len(text) + 1) * len(come))
        return text.replace(gone, come)

    def _upper(self, value: Any) -> str:
        return self._text(value).upper()

    def _lower(self, value: Any) -> str:
        return self._text(value).lower()

    def _capitalize(self, value: Any) -> str:
        return self._text(value).capitalize()

    def _title(self, value: Any) -> str:
        return _WORD.sub(lambda word: word[0].capitalize(), self._text(value))

    def _trim(self, value: Any, ends: str | None = None) -> str:
        return self._text(value).strip(ends)

    def _range(self, *bounds: int) -> ListView:
        numbers = range(*bounds)
        if len(numbers) > MAX_RANGE:
            raise _TooBigError
        self.account.take(len(numbers))
        return ListView(numbers)


class _Finished(Verbatim):
    """A JSON value that goes into a JSON body as it is."""

    __slots__ = ()


def _json_value(value: Any) -> _Finished:
    """What stands outside of quotes in a JSON body: JSON text as it is, other text as escaped string content."""
    if isinstance(value, Verbatim):
        return _Finished(str(value))
    return _Finished(to_json(value)[1:-1] if isinstance(value, str) else to_json(value))


def _default(value: Any, other: Any = "", boolean: Any = False) -> Any:
    # null reads like undefined: both render as nothing
    return other if value is None or (boolean and not value) else value


def _length(value: Any) -> int:
    if isinstance(value, list | dict):
        return len(cast("list[Any] | dict[Any, Any]", value))
    return len(value) if isinstance(value, str | MapView | ListView) else len(text_of(value))


def _items(value: Any) -> ListView:
    return ListView([[key, item] for key, item in _pairs(value)])


def _dictsort(value: Any) -> ListView:
    return ListView([[key, item] for key, item in sorted(_pairs(value), key=lambda pair: pair[0])])


def _pairs(value: Any) -> list[tuple[str, Any]]:
    data = plain(value)
    return list(cast("dict[str, Any]", data).items()) if isinstance(data, dict) else []


_engine = _Engine()


def render(template: str, scope: Scope) -> str:
    """The template as text. Raises TemplateError."""
    if "{" not in template:
        return template
    return _render(_rewritten(template, json_body=False), scope, as_json=False)


def render_raw_json(template: str, scope: Scope) -> str:
    """A JSON text with `{{ }}` in it: inside quotes values are escaped as string content, outside they are JSON
    values. Raises TemplateError."""
    return _render(_rewritten(template, json_body=True), scope, as_json=True)


def render_value(value: Any, scope: Scope, *, typed: bool = False) -> Any:
    """A structure with every text in it rendered (keys stay). A text that is one `{{ expression }}` and nothing else
    becomes the list or map that the expression gives; with `typed` also a number, a boolean or null. What has a name
    is its name here too."""
    match value:
        case str():
            inner = single_expression(value)
            if inner is not None and not isinstance(scope.get(inner.strip()), NamedView):
                found = evaluate(inner, scope)
                if isinstance(found, list | dict) or (typed and not isinstance(found, str)):
                    return cast("Any", found)
            return render(value, scope)
        case dict():
            items = cast("dict[str, Any]", value).items()
            return {key: render_value(item, scope, typed=typed) for key, item in items}
        case list() | tuple():
            return [render_value(item, scope, typed=typed) for item in cast("list[Any]", value)]
        case _:
            return value


def evaluate(expression: str, scope: Scope) -> Any:
    """The plain JSON value of an expression; undefined is None. Raises TemplateError."""
    if len(expression) > MAX_SOURCE:
        raise TemplateError(f"the expression is over {MAX_SOURCE} characters")
    try:
        source = metered_expression(expression)
    except ForbiddenError as error:
        raise TemplateError(error.problem) from error
    return _guarded(lambda: plain(_engine.env.eval_expr(source, **_views(scope))), as_json=False)


def condition(expression: str, scope: Scope) -> bool:
    """Whether the expression holds. Raises TemplateError when it cannot be evaluated."""
    return bool(evaluate(expression, scope))


def single_expression(template: str) -> str | None:
    """The inside of a template that is one `{{ ... }}` and nothing else."""
    text = template.strip()
    if not (text.startswith("{{") and text.endswith("}}")):
        return None
    inner = text[2:-2].strip("-+ \n\t")
    return None if "{{" in inner or "}}" in inner or not inner else inner


def is_json_body(template: str, content_type: str | None) -> bool:
    """Whether a raw body is JSON: its content type says so, or it has none and begins like JSON."""
    if content_type:
        return "json" in content_type.lower()
    text = template.lstrip()
    return text.startswith("[") or (text.startswith("{") and text[1:2] not in {"{", "%", "#"})


def syntax_error(template: str) -> str | None:
    """What is wrong with a template, with its line, or None."""
    if len(template) > MAX_SOURCE:
        return f"line 1: the template is over {MAX_SOURCE} characters"
    return _problem(lambda: _engine.env.undeclared_variables_in_str(template), lambda: metered(template))


def expression_error(expression: str) -> str | None:
    """What is wrong with a bare expression, or None."""
    if "{{" in expression or "{%" in expression:
        return "line 1: this is an expression already; leave out the braces"
    wrapped = "{{ " + expression + " }}"
    return _problem(
        lambda: _engine.env.undeclared_variables_in_str(wrapped), lambda: metered_expression(expression)
    )


def names(template: str) -> set[str]:
    """The names a template needs from its scope, dotted: `user.name`, `email`. Empty for a wrong template."""
    try:
        return set(_engine.env.undeclared_variables_in_str(template, nested=True)) - {"range"}
    except minijinja.TemplateError:
        return set()


def expression_names(expression: str) -> set[str]:
    """The names an expression needs from its scope."""
    return names("{{ " + expression + " }}")


def _problem(parse: Callable[[], object], meter: Callable[[], object]) -> str | None:
    try:
        parse()
        meter()
    except minijinja.TemplateError as error:
        return f"line {error.line or 1}: {error.detail or error.message}"
    except ForbiddenError as error:
        return f"line {error.line}: {error.problem}"
    return None


def _rewritten(template: str, *, json_body: bool) -> str:
    if len(template) > MAX_SOURCE:
        raise TemplateError(f"the template is over {MAX_SOURCE} characters")
    try:
        return metered(template, json_body=json_body)
    except ForbiddenError as error:
        raise TemplateError(f"line {error.line}: {error.problem}") from error


def _render(source: str, scope: Scope, *, as_json: bool) -> str:
    text = _guarded(lambda: _engine.env.render_str(source, **_views(scope)), as_json=as_json)
    if len(text) > MAX_SIZE:
        raise TemplateError(f"the result is over {MAX_SIZE} characters")
    return text


def _views(scope: Scope) -> dict[str, Any]:
    return {name: view(value) for name, value in scope.items()}


def _guarded(work: Callable[[], T], *, as_json: bool) -> T:
    _engine.account, _engine.as_json = _Account(), as_json
    try:
        return work()
    except _TooBigError as error:
        raise TemplateError(f"the template handles more than {MAX_SIZE} characters") from error
    except minijinja.TemplateError as error:
        # `detail` may quote a value, `kind` cannot
        raise TemplateError(f"line {error.line or 1}: {_KINDS.get(error.kind, error.kind)}") from None
    except AttributeError:
        raise TemplateError(_KINDS["UnknownMethod"]) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"this value cannot be used here ({type(error).__name__})") from None


_KINDS = {
    "OutOfFuel": "the template takes too long",
    "SyntaxError": "syntax error",
    "InvalidOperation": "an operation that these values do not allow",
    "UnknownMethod": "values have no methods",
    "UnknownFunction": "unknown function",
    "UndefinedError": "a name without a value is used as if it had one",
}
