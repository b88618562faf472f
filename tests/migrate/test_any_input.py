"""Whatever is given: a configuration that `check` takes, or a refusal. Never a traceback, never the token."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from openhandover.migrate.halo import migrate
from openhandover.migrate.report import Refusal
from tests.migrate.legacy import BODY, TOKEN, output, step, written

TOOL: dict[str, Any] = {
    "name": "talk",
    "description": "Hands over",
    "parameters": [
        {"name": "name", "type": "string", "description": "Who", "mandatory": True},
        {"name": "email_address", "type": "string", "enum": ["a", "b"]},
    ],
    "steps": [
        {"type": "user_interaction"},
        {**step(), "body": BODY},
        output(setContexts=[1], endConversation=True),
    ],
}
GONE = object()
ODD = [
    *(GONE, None, True, 0, -1, 3.5, "", " ", [], {}, [1], {"a": 1}, {"en": "hi", "nl": "dag"}),
    *(
        "{{name}}",
        "{{",
        "}}",
        "{{ name",
        "{{a-b}} {{_context.x-y}}",
        "{{1}}",
        "{{for}}",
        "{{user}}",
        "{{chatId}}",
    ),
    *(
        "{% if %}",
        "{# x #}",
        "{{ 1/0 }}",
        "{{ 'a' | nofilter }}",
        "${X}",
        "$$",
        "a: b",
        "- x",
        "#",
        "no",
        "0031",
    ),
    *("\u202e", "\u0085", "\ud83d\ude00", "\n", "ruleMutation"),
]
"""What may stand, or be missing, in any place."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything inside."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield (*path, key)
        yield from places(value[key], (*path, key))


def changed(tool: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The tool with something else there, or nothing."""
    made = copy.deepcopy(tool)
    holder = made
    for key in path[:-1]:
        holder = holder[key]
    if new is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return made


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_tool_that_was_tampered_with(data: st.DataObject) -> None:
    """One to three odd values anywhere in the tool, its body as data or as text."""
    tool = TOOL
    for _ in range(data.draw(st.integers(1, 3))):
        ways = list(places(tool))
        if ways:
            tool = changed(tool, data.draw(st.sampled_from(ways)), data.draw(st.sampled_from(ODD)))
    if data.draw(st.booleans()):
        tool = json.loads(json.dumps(tool).replace(json.dumps(BODY), json.dumps(json.dumps(BODY))))
    try:
        written(json.dumps(tool, ensure_ascii=data.draw(st.booleans())))
    except Refusal as refusal:
        assert TOKEN not in str(refusal)


WAYS = [way for way in places(TOOL) if "headers" not in way]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: ".".join(map(str, way)))
@pytest.mark.parametrize("as_key", [False, True], ids=["value", "key"])
def test_the_token_is_nowhere_in_what_comes_out(way: tuple[Any, ...], as_key: bool) -> None:
    """Wherever else it was written too, as a value or as a key: not in the output, the report or the refusal."""
    tool = changed(TOOL, way, {TOKEN: "x"} if as_key else TOKEN)
    try:
        written(json.dumps(tool))
    except Refusal as refusal:
        assert TOKEN not in str(refusal)
    else:
        assert TOKEN not in str(migrate(json.dumps(tool)).notes)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('{}[]",:$ \n\taé|>-#POST/mutations\\u0d8'), max_size=60))
def test_text_that_means_nothing(text: str) -> None:
    """Any letters, with those that JSON, YAML and requests are made of."""
    with pytest.raises(Refusal):
        migrate(text)
