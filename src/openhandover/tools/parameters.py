"""A tool's parameters: a JSON Schema that is checked on loading, and arguments that are checked by it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, TypedDict, cast

from openhandover.config.nodes import spell
from openhandover.core.errors import Refused

MOST_ERRORS = 100
LONGEST_DETAIL = 300
"""Characters; a longer one repeats the argument, which its sender knows."""
LONGEST_MATCHED = 256
"""Characters of a text or a name that is held to an expression."""
MOST_CHECKS = 100_000
"""Single checks of one call's arguments, about a second: alternatives that contain themselves double with each level."""

Place = tuple[str | int, ...]
Check = Callable[..., Iterator[Any]]
"""A keyword's check: validator, the keyword's value, instance, schema -> errors."""


class Wrong(TypedDict):
    """One argument that does not fit."""

    path: str
    detail: str


class Flaw(NamedTuple):
    """What is wrong with a schema, where inside it, and how to mend it."""

    place: Place
    what: str
    mend: str


class Parameters:
    """The schema of one tool, which must have no flaws."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        self._validator: Any = None
        self._budget = _Budget()

    @property
    def names(self) -> list[str]:
        """The variables that a call sets."""
        return list(properties_of(self.schema))

    def checked(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with defaults filled in.

        Raises:
            Refused: `invalid`, with the path of every argument that does not fit.
        """
        if self._validator is None:
            self._validator = _validator(self.schema, self._budget)
        self._budget.left = MOST_CHECKS
        filled: Any = None
        try:
            filled = _filled(self.schema, arguments)
            wrong = list(islice(_wrong(self._validator.iter_errors(filled)), MOST_ERRORS))
        except RecursionError:
            wrong = [Wrong(path="arguments", detail="are nested too deeply")]
        except _Spent:
            wrong = [Wrong(path="arguments", detail="take too many steps to check")]
        if wrong:
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            detail = f"{wrong[0]['path']}: {wrong[0]['detail']}{more}"
            raise Refused("invalid", detail, errors=wrong)
        return cast("dict[str, Any]", filled)

    def variables(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What the steps see: every declared parameter, null where it was not given. What the schema lets pass beside
        them sets nothing: a model must not choose which variables there are."""
        return {name: arguments.get(name) for name in self.names}


def properties_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The declared properties, by name."""
    found = schema.get("properties")
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _filled(schema: Mapping[str, Any], value: Any) -> Any:
    """The value with the defaults of absent properties, also of objects within."""
    if not isinstance(value, Mapping):
        return value
    filled = dict(cast("Mapping[str, Any]", value))
    for name, below in properties_of(schema).items():
        if not isinstance(below, dict):
            continue
        inner = cast("dict[str, Any]", below)
        if name in filled:
            filled[name] = _filled(inner, filled[name])
        elif "default" in inner:
            filled[name] = inner["default"]
    return filled


# --- the validator, which is slow to import and therefore only loaded where a tool is ------------------------


class _Spent(Exception):
    """The arguments take too many checks."""


class _Budget:
    """What checking may still cost."""

    left = MOST_CHECKS

    def spend(self, cost: int = 1) -> None:
        """Raises _Spent."""
        self.left -= cost
        if self.left < 0:
            raise _Spent


def _validator(schema: Mapping[str, Any], budget: _Budget) -> Any:
    import jsonschema
    import referencing

    validators: Any = cast("Any", jsonschema).validators
    kind: Any = validators.validator_for(schema, jsonschema.Draft202012Validator)
    checks = kind.VALIDATORS | {
        "pattern": partial(_matches, budget),
        "patternProperties": partial(_named, budget, kind.VALIDATORS["patternProperties"]),
        "uniqueItems": _unique,
    }
    bounded: Any = validators.extend(kind, {name: _counted(check, budget) for name, check in checks.items()})
    empty: Any = cast("Any", referencing).Registry()  # no schema is ever fetched from anywhere
    return bounded(schema, registry=empty, format_checker=kind.FORMAT_CHECKER)


def _counted(check: Check, budget: _Budget) -> Check:
    def counted(validator: Any, keyword: Any, instance: Any, schema: Any) -> Iterator[Any]:
        budget.spend()
        yield from check(validator, keyword, instance, schema) or ()

    return counted


def _matches(budget: _Budget, _validator: Any, pattern: str, text: Any, _schema: Any) -> Iterator[Any]:
    """The keyword `pattern`, in bounded time: on a long text even a harmless expression can take for ever."""
    from jsonschema import ValidationError

    if isinstance(text, str) and len(text) > LONGEST_MATCHED:
        yield ValidationError(f"is longer than the {LONGEST_MATCHED} characters that a pattern is held to")
    elif isinstance(text, str):
        budget.spend(len(text) ** 2 // 32)
        if not re.search(pattern, text):
            yield ValidationError(f"does not match {pattern!r}")


def _named(
    budget: _Budget, check: Check, validator: Any, patterns: Any, instance: Any, schema: Any
) -> Iterator[Any]:
    """The keyword `patternProperties`, bounded likewise."""
    from jsonschema import ValidationError

    names = list(cast("dict[str, Any]", instance)) if isinstance(instance, dict) else []
    if any(len(name) > LONGEST_MATCHED for name in names):
        yield ValidationError(f"has a name of more than {LONGEST_MATCHED} characters")
        return
    budget.spend(len(patterns) * sum(len(name) ** 2 // 32 for name in names))
    yield from check(validator, patterns, instance, schema)


def _unique(_validator: Any, wanted: Any, instance: Any, _schema: Any) -> Iterator[Any]:
    """The keyword `uniqueItems`, without comparing each item to each other."""
    from jsonschema import ValidationError

    if wanted and isinstance(instance, list):
        items = cast("list[Any]", instance)
        if len(set(map(_hashable, items))) < len(items):
            yield ValidationError("has an item twice")


def _hashable(value: Any) -> Any:
    """Equal for what JSON Schema takes for equal: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(one)) for key, one in cast("dict[str, Any]", value).items())
    if isinstance(value, list):
        return tuple(map(_hashable, cast("list[Any]", value)))
    return (bool, value) if isinstance(value, bool) else value


def _wrong(errors: Iterable[Any]) -> Iterator[Wrong]:
    for error in errors:
        place = ("arguments", *error.absolute_path)
        if error.validator == "required":
            for name in error.validator_value:
                if name not in error.instance:
                    yield Wrong(path=spell((*place, name)), detail="is required")
        elif error.validator == "additionalProperties" and error.validator_value is False:
            known = error.schema.get("properties", {})
            for name in error.instance:
                if name not in known:
                    yield Wrong(path=spell((*place, name)), detail="is not known here")
        else:
            yield Wrong(path=spell(place), detail=error.message[:LONGEST_DETAIL])


# --- the schema itself ---------------------------------------------------------------------------------------


def flaws(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    """What makes a schema unfit for a tool."""
    if schema.get("type") != "object":
        mend = "write `type: object`, and each parameter under `properties:`"
        yield Flaw(("type",) if "type" in schema else (), "the parameters of a tool are an object", mend)
        return
    found = list(_meta_flaws(schema)) or [*_reference_flaws(schema), *_pattern_flaws(schema)]
    yield from found or _default_flaws(schema)


def _meta_flaws(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    import jsonschema

    kind: Any = cast("Any", jsonschema).validators.validator_for(schema, jsonschema.Draft202012Validator)
    errors: list[Any] = list(kind(kind.META_SCHEMA).iter_errors(schema))
    if errors:
        worst = cast("Any", jsonschema).exceptions.best_match(errors)
        what = f"no valid JSON Schema: {worst.message[:LONGEST_DETAIL]}"
        yield Flaw(tuple(worst.absolute_path), what, "see json-schema.org for what may stand here")


def _reference_flaws(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    import referencing
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource: Any = referencing.Resource.from_contents(schema, default_specification=DRAFT202012)
    registry: Any = cast("Any", referencing).Registry()
    resolver: Any = registry.with_resource("", resource).resolver()
    for place, part in _parts(schema):
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if not isinstance(target, str):
                continue
            try:
                if not target.startswith("#"):
                    raise Unresolvable(ref=target)
                resolver.lookup(target)
            except Unresolvable:
                mend = "point at a part of this schema, such as #/$defs/address"
                yield Flaw((*place, key), f'there is no "{target}" in this schema', mend)


def _pattern_flaws(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    from openhandover.texts.patterns import PatternError, pattern

    for place, part in _parts(schema):
        names = part.get("patternProperties")
        written = {("patternProperties", name): name for name in cast("dict[str, Any]", names or {})}
        for below, expression in {("pattern",): part.get("pattern"), **written}.items():
            try:
                pattern(expression if isinstance(expression, str) else "")
            except PatternError as error:
                yield Flaw((*place, *below), str(error), "write a simpler expression")


def _default_flaws(schema: Mapping[str, Any]) -> Iterator[Flaw]:
    """Defaults that their own schema refuses, and a schema that refers to nothing but itself."""
    validator = _validator(schema, _Budget())
    try:
        for name, below in properties_of(schema).items():
            if isinstance(below, dict) and "default" in below:
                inner = cast("dict[str, Any]", below)
                error = next(validator.evolve(schema=inner).iter_errors(inner["default"]), None)
                if error is not None:
                    what = f"the default does not fit: {error.message[:LONGEST_DETAIL]}"
                    yield Flaw(("properties", name, "default"), what, "mend the default or the schema")
        any(validator.iter_errors({}))
    except (RecursionError, _Spent):
        yield Flaw((), "the schema refers to itself without end", "let a `$ref` point at a part below")


def _parts(value: Any, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every map inside the schema, with its place."""
    if isinstance(value, dict):
        part = cast("dict[str, Any]", value)
        yield place, part
        for key, below in part.items():
            yield from _parts(below, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(cast("list[Any]", value)):
            yield from _parts(below, (*place, index))
