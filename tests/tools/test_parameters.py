"""Arguments are held to the schema of their tool."""

import time
from typing import Any

import pytest

from openhandover.core.errors import Refused
from openhandover.tools.parameters import LONGEST_DETAIL, Parameters, flaws

SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"line": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
    "properties": {
        "name": {"type": "string", "maxLength": 5},
        "email": {"type": "string", "format": "email"},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
        "where": {
            "type": "object",
            "properties": {"city": {"type": "string", "default": "Breda"}, "zip": True},
            "additionalProperties": False,
        },
        "loud": {"type": "boolean", "default": False},
    },
}


def wrong(arguments: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and detail of what is refused."""
    with pytest.raises(Refused) as refused:
        Parameters(SCHEMA).checked(arguments)
    assert refused.value.code == "invalid"
    return [(one["path"], one["detail"]) for one in refused.value.extra["errors"]]


def test_defaults_are_filled_in_on_every_level() -> None:
    """Also within objects that were given; an object that was not given stays absent."""
    checked = Parameters(SCHEMA).checked({"where": {"zip": 1}})
    assert checked == {"where": {"zip": 1, "city": "Breda"}, "loud": False}
    assert Parameters(SCHEMA).checked({}) == {"loud": False}


def test_what_was_given_is_never_changed() -> None:
    """The caller's own map stays as it was."""
    given: dict[str, Any] = {"where": {}}
    Parameters(SCHEMA).checked(given)
    assert given == {"where": {}}


def test_every_wrong_argument_has_its_path() -> None:
    """Lists with their index, missing and unknown keys by their own name, formats too."""
    found = wrong(
        {"lines": [{"n": 1}, {}, {"n": "x"}], "where": {"town": "B"}, "email": "nobody", "loud": None}
    )
    assert ("arguments.lines[1].n", "is required") in found
    assert ("arguments.where.town", "is not known here") in found
    assert {path for path, _ in found} == {
        "arguments.lines[1].n",
        "arguments.lines[2].n",
        "arguments.where.town",
        "arguments.email",
        "arguments.loud",
    }


def test_a_refusal_does_not_repeat_a_whole_book() -> None:
    """Neither in length nor in number."""
    ((_, detail),) = wrong({"name": "x" * 100_000})
    assert len(detail) <= LONGEST_DETAIL
    assert len(wrong({"lines": [{}] * 500})) == 100


def test_no_argument_takes_for_ever() -> None:
    """A long text is not held to a pattern, a deep one is not followed to its end: both are refused at once."""
    parameters = Parameters(
        {
            "type": "object",
            "properties": {"a": {"type": "string", "pattern": "a+b"}, "deep": {"$ref": "#/$defs/deep"}},
            "$defs": {"deep": {"type": "array", "items": {"$ref": "#/$defs/deep"}}},
        }
    )
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for arguments, words in (
        ({"a": "a" * 1_000_000}, "longer than"),
        ({"deep": deep}, "too deeply"),
        ({"a": "a"}, "match"),
    ):
        with pytest.raises(Refused, match=words):
            parameters.checked(arguments)
    assert parameters.checked({"a": "xaab", "deep": [[]]}) == {"a": "xaab", "deep": [[]]}


def nested(levels: int) -> dict[str, Any]:
    """A map in a map in a map."""
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return value


HALF = {"type": "object", "properties": {"in": {"$ref": "#/$defs/any"}}}


@pytest.mark.parametrize(
    ("schema", "arguments", "words"),
    [
        ({"patternProperties": {r"\w+\s*\w+\d": True}}, {"a" * 100_000: 1}, "a name of more than"),
        ({"patternProperties": {r"\w+\s*\w+\d": True}}, {f"{n:0255}x": 1 for n in range(4_000)}, "too many"),
        ({"properties": {"a": {"items": {"pattern": r"\w+\d"}}}}, {"a": ["a" * 256] * 4_000}, "too many"),
        (
            {
                "properties": {"in": {"$ref": "#/$defs/any"}},
                "$defs": {"any": {"anyOf": [{**HALF, "required": ["x"]}, {**HALF, "required": ["y"]}]}},
            },
            nested(60),
            "too many",
        ),
        (
            {"properties": {"a": {"uniqueItems": True}}},
            {"a": [*({"n": n} for n in range(50_000)), {"n": 7.0}]},
            "has an item twice",
        ),
    ],
)
def test_no_schema_lets_arguments_take_for_ever(
    schema: dict[str, Any], arguments: dict[str, Any], words: str
) -> None:
    """Long and many names, many texts, alternatives within alternatives, many items: refused within seconds."""
    parameters = Parameters({"type": "object", **schema})
    began = time.process_time()
    with pytest.raises(Refused, match=words):
        parameters.checked(arguments)
    assert time.process_time() - began < 10
    assert parameters.checked({}) == {}


def test_what_counts_as_the_same_item() -> None:
    """As JSON Schema has it: numbers by value, true and 1 apart, maps without regard to order."""
    parameters = Parameters({"type": "object", "properties": {"a": {"uniqueItems": True}}})
    apart = [1, True, "1", [1], [True], {"a": 1}, {"a": True}, None, 0, False, {}, []]
    assert parameters.checked({"a": apart}) == {"a": apart}
    for twice in ([1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [[None], [None]], [False, False]):
        with pytest.raises(Refused, match="twice"):
            parameters.checked({"a": twice})


def test_expressions_for_names_are_checked_too() -> None:
    """`patternProperties` are expressions like `pattern`."""
    (flaw,) = flaws({"type": "object", "patternProperties": {"(a+)+": True}})
    assert flaw.place == ("patternProperties", "(a+)+")


def test_variables_are_the_declared_parameters() -> None:
    """All of them, null where nothing was given, and nothing else."""
    parameters = Parameters({"type": "object", "properties": {"a": {}, "b": {}}})
    assert parameters.variables({"a": 1, "c": 2}) == {"a": 1, "b": None}


def test_an_older_draft_is_read_as_such() -> None:
    """`$schema` says which one; without it the newest counts."""
    schema = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "properties": {"n": {"type": "number", "minimum": 1, "exclusiveMinimum": True}},
    }
    assert list(flaws(schema)) == []
    with pytest.raises(Refused):
        Parameters(schema).checked({"n": 1})
    assert Parameters(schema).checked({"n": 2}) == {"n": 2}


@pytest.mark.parametrize("part", [None, [], "x", 7])
def test_a_schema_of_the_wrong_kind_is_a_flaw_and_no_accident(part: Any) -> None:
    """Whatever stands where properties belong is told, never raised."""
    found = list(flaws({"type": "object", "properties": part}))
    assert [flaw.place for flaw in found] == [("properties",)]
    assert [flaw.place for flaw in flaws({"type": "object", "properties": {"a": part}})] == [
        ("properties", "a")
    ]
