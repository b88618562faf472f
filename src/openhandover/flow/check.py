"""What is wrong with flows, found before they run. Paths are those of the configuration file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from openhandover.core.errors import ConfigError
from openhandover.texts.finding import Found, Path, templates
from openhandover.texts.scope import RESERVED
from openhandover.texts.templates import expression_error, expression_names, names, stray_braces, syntax_error

from . import answers, calls, code
from .steps import (
    AskStep,
    CallStep,
    CheckAvailabilityStep,
    CodeStep,
    IfStep,
    LookupStep,
    RunStep,
    SetStep,
    Step,
    Steps,
)


class Problem(NamedTuple):
    """What is wrong where, and how to mend it. A `warning` does not keep the flow from running."""

    path: Path
    what: str
    mend: str
    warning: bool = False


KNOWN_FIELDS: Mapping[str, frozenset[str]] = {
    "user": frozenset({"id", "name", "email", "phone", "attributes"}),
    "input": frozenset({"text", "button", "intent", "attachments"}),
    "handover": frozenset(
        {
            *("id", "status", "event", "reason", "error", "provider", "attempt", "agent", "queue"),
            *("inactivity_count", "digest", "rating", "initiator", "attempts", "ended_by", "style"),
        }
    ),
    "availability": frozenset({"open", "agents", "position", "estimated_wait_ms", "opens_at"}),
}
"""The fields of the built-in names; `_context` and `user.attributes` hold what the owner puts there."""


def flow_problems(flows: Mapping[str, Sequence[Step]], events: Mapping[str, str]) -> Iterator[Problem]:
    """Everything that is wrong with these flows, in the order of the file."""
    for event, flow in events.items():
        if flow not in flows:
            yield Problem(("events", event), f"there is no flow `{flow}`", _nearest(flow, flows))
    known = variables(flows)
    for name, steps in flows.items():
        if "/" in name:
            yield Problem(("flows", name), "the name of a flow holds a slash", "leave it out")
        for path, step in walk(steps, ("flows", name)):
            yield from _step_problems(path, step, flows)
        for index, step in enumerate(steps):
            for found in templates(step, path=("flows", name, index)):
                yield from text_problems(found, known)


def walk(steps: Iterable[Step], path: Path) -> Iterator[tuple[Path, Step]]:
    """Every step with its path, those of inner branches included."""
    for index, step in enumerate(steps):
        here = (*path, index)
        yield here, step
        for key, inner in _branches(step):
            yield from walk(inner, (*here, *key))


def variables(flows: Mapping[str, Sequence[Step]]) -> frozenset[str] | None:
    """The variables that any flow sets; None where `code` may set others."""
    found: set[str] = set()
    for steps in flows.values():
        for _, step in walk(steps, ()):
            if isinstance(step, CodeStep):
                return None
            found |= _set_by(step)
    return frozenset(found)


def text_problems(found: Found, known: frozenset[str] | None) -> Iterator[Problem]:
    """What is wrong with one template or condition; `known` are the variables that exist, None for any."""
    is_condition = found.kind == "condition"
    wrong = (expression_error if is_condition else syntax_error)(found.text)
    if wrong:
        yield Problem(found.path, f"{found.kind}: {wrong}", "see the reference of templates")
        return
    stray = None if is_condition or found.path[-1] == "raw" else stray_braces(found.text)
    if stray:
        yield Problem(found.path, stray, "write `{{ name }}` for a value", warning=True)
    for name in sorted((expression_names if is_condition else names)(found.text)):
        yield from _name_problems(found.path, name, known)


def _name_problems(path: Path, name: str, known: frozenset[str] | None) -> Iterator[Problem]:
    root, _, rest = name.partition(".")
    field = rest.partition(".")[0]
    if root in KNOWN_FIELDS:
        if field and field not in KNOWN_FIELDS[root]:
            mend = _nearest(field, KNOWN_FIELDS[root])
            yield Problem(path, f"`{root}` has no `{field}`, it renders as nothing", mend, warning=True)
    elif root not in RESERVED and known is not None and root not in known:
        candidates = {*known, *RESERVED}
        yield Problem(
            path, f"nothing sets `{root}`, it renders as nothing", _nearest(root, candidates), warning=True
        )


def _branches(step: Step) -> Iterator[tuple[tuple[str, ...], Steps]]:
    match step:
        case IfStep():
            yield ("then",), step.then
            yield ("else",), step.else_
        case LookupStep():
            for value, steps in step.cases.items():
                yield ("cases", value), steps
            yield ("default",), step.default
        case AskStep():
            yield ("ask", "on_fail"), step.ask.on_fail
        case CallStep():
            yield ("call", "on_error"), step.call.on_error
        case _:
            return


def _set_by(step: Step) -> set[str]:
    match step:
        case SetStep():
            return set(step.set)
        case AskStep():
            return {step.ask.into} if step.ask.into else set()
        case CheckAvailabilityStep():
            return {step.check_availability.into}
        case CallStep():
            into = step.call.into
            return {into} if isinstance(into, str) else set(into or ())
        case _:
            return set()


def _step_problems(path: Path, step: Step, flows: Mapping[str, Sequence[Step]]) -> Iterator[Problem]:
    for name in sorted(_set_by(step) & RESERVED):
        yield Problem(path, f"`{name}` is a built-in name", "choose another name for the variable")
    match step:
        case RunStep() if step.run not in flows:
            yield Problem((*path, "run"), f"there is no flow `{step.run}`", _nearest(step.run, flows))
        case AskStep():
            wrong = answers.problem(step.ask.validate)
            if wrong:
                yield Problem((*path, "ask", "validate"), wrong, "validate: email | phone | number | /regex/")
        case CallStep():
            yield from _call_problems((*path, "call"), step)
        case CodeStep():
            try:
                code.find(step.code)
            except ConfigError as error:
                yield Problem((*path, "code"), str(error), "write it as package.module:function")
        case _:
            return


def _call_problems(path: Path, step: CallStep) -> Iterator[Problem]:
    call = step.call
    if call.json is not None and call.raw is not None:
        yield Problem((*path, "raw"), "a call has one body", "keep either `json` or `raw`")
    if isinstance(call.into, dict):
        for name, expression in call.into.items():
            wrong = calls.path_problem(expression)
            if wrong:
                yield Problem((*path, "into", name), wrong, "see https://jmespath.org")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(known), 1, 0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    shown = ", ".join(f"`{one}`" for one in sorted(known))
    return f"known: {shown}" if shown else "there are none yet"
