"""Mistakes in flows are found before anybody talks to them, each with its place and the mend."""

import pytest

from openhandover.flow.check import flow_problems
from tests.flow.stage import program
from tests.flow.test_calls import INTAKE


def found(flow: str, **events: str) -> list[tuple[str, str, str]]:
    """Path, problem and mend of everything that is wrong."""
    definition = program(flow).definition
    return [
        ("/".join(map(str, problem.path)), problem.what, problem.mend)
        for problem in flow_problems(definition.flows, events)
    ]


@pytest.mark.parametrize(
    ("flow", "path", "what", "mend"),
    [
        ("main: [{run: mian}]", "flows/main/0/run", "no flow `mian`", "`main`"),
        (
            "main: [{ask: {text: x, validate: mail}}]",
            "flows/main/0/ask/validate",
            "must be one of",
            "email |",
        ),
        ("main: [{ask: {text: x, validate: /(a+)+/}}]", "flows/main/0/ask/validate", "for ever", "regex"),
        ("main: [{set: {user: x}}]", "flows/main/0", "`user` is a built-in name", "another name"),
        ("main: [{ask: {text: x, into: input}}]", "flows/main/0", "built-in", "another"),
        ("main: [{call: {url: x, json: {a: 1}, raw: x}}]", "flows/main/0/call/raw", "one body", "either"),
        ("main: [{call: {url: x, into: {a: 'b['}}}]", "flows/main/0/call/into/a", "JMESPath", "jmespath.org"),
        ("main: [{call: {url: '{{ x', into: a}}]", "flows/main/0/call/url", "template: line 1", "reference"),
        (
            "main: [{call: {url: x, json: {a: ['{{ ']}}}]",
            "flows/main/0/call/json/a/0",
            "template: line 1",
            "reference",
        ),
        ("main: [{code: nowhere.at_all:f}]", "flows/main/0/code", "cannot be imported", "package.module"),
        ("main: [{code: 'os.path:join'}]", "flows/main/0/code", "not registered", "package.module"),
        ("main: [{if: '{{ a }}', then: []}]", "flows/main/0/if", "leave out the braces", "reference"),
        ("main: [{if: 'a ==', then: []}]", "flows/main/0/if", "condition: line 1", "reference"),
        (
            "main: [{lookup: 'a ==', cases: {x: [{run: nope}]}}]",
            "flows/main/0/cases/x/0/run",
            "no flow `nope`",
            "main",
        ),
        (
            "main: [{say: {text: {nl: '{% for %}'}}}]",
            "flows/main/0/say/text/nl",
            "template: line 1",
            "reference",
        ),
        ("main: [{say: 'Hi { name }'}]", "flows/main/0/say", "`{ name }` is plain text", "{{ name }}"),
        ("main: [{say: 'Hi name }}'}]", "flows/main/0/say", "closing", "{{ name }}"),
        (
            "main: [{set: {email: 1}}, {say: '{{ emial }}'}]",
            "flows/main/1/say",
            "nothing sets `emial`",
            "`email`",
        ),
        ("main: [{say: '{{ user.nmae }}'}]", "flows/main/0/say", "`user` has no `nmae`", "`name`"),
        ("main: [{handover: {message: '{{ x'}}]", "flows/main/0/handover/message", "template", "reference"),
        (
            "main: [{handover: {cancel: {button: {en: '{{ x'}}}}]",
            "flows/main/0/handover/cancel/button/en",
            "template",
            "",
        ),
        (
            "main: [{handover: {route: {skills: ['{{ x']}}}]",
            "flows/main/0/handover/route/skills/0",
            "template",
            "",
        ),
        (
            "main: [{ask: {text: x, on_fail: [{say: '{{ x'}]}}]",
            "flows/main/0/ask/on_fail/0/say",
            "template",
            "",
        ),
        ("a/b: []", "flows/a/b", "slash", "leave"),
    ],
)
def test_mistakes(flow: str, path: str, what: str, mend: str) -> None:
    """One mistake, one problem, at the place where it is written."""
    problems = [problem for problem in found(flow) if what in problem[1]]
    assert len(problems) == 1, found(flow)
    assert problems[0][0] == path
    assert mend in problems[0][2]


def test_events_without_a_flow() -> None:
    """An event must start something."""
    assert found("main: []", go="mian") == [("events/go", "there is no flow `mian`", "did you mean `main`?")]


def test_the_classic_intake_has_no_mistake() -> None:
    """What is right is not complained about."""
    assert found(INTAKE, handover="handover_intake") == []


def test_code_may_set_any_variable() -> None:
    """With Python in the flow nobody can know which variables there are."""
    assert found("main: [{code: 'tests.flow.test_run:double'}, {say: '{{ doubled }}'}]") == []
