"""Checks of flows: every name, template, condition, route and branch, before the first user meets them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from openhandover import providers
from openhandover.core.step import HandoverStep
from openhandover.flow import definition
from openhandover.flow.steps import (
    Ask,
    AskStep,
    Call,
    CallStep,
    CheckAvailabilityStep,
    CodeStep,
    EndStep,
    HandoverToHumanStep,
    IfStep,
    LookupStep,
    RunStep,
    Say,
    SayStep,
    SetStep,
    Step,
)
from openhandover.texts.scope import RESERVED
from openhandover.tools.parameters import properties_of

from .check_texts import TextChecks
from .check_voice import VoiceChecks
from .decode import Decoder, Failed
from .findings import Findings
from .model import Config, PhoneChannel
from .nodes import Path, from_data, nearest
from .shapes import shape

Blocks = Iterator[tuple[Path, tuple[Step, ...]]]
WITHIN: dict[str, Path] = {"on_fail": ("ask", "on_fail"), "on_error": ("call", "on_error")}
"""The blocks that the file has inside the step's leading key."""


class FlowChecks:
    """Walks all flows of one file."""

    def __init__(self, config: Config, findings: Findings) -> None:
        self.config = config
        self.findings = findings
        lists = [*config.flows.values(), *(tool.steps for tool in config.tools.values())]
        names = variables_of([step for steps in lists for step in all_steps(steps)])
        if names is not None:  # a flow that a tool runs sees its parameters
            names |= {name for tool in config.tools.values() for name in properties_of(tool.parameters)}
        self.texts = TextChecks(findings, config.languages, names)
        self.voice = VoiceChecks(config, findings, self.texts)

    def run(self) -> None:
        """Report everything about flows and about the handover defaults."""
        self.voice.channels()
        self._handover(self.config.defaults.handover, ("defaults", "handover"), from_flow=False)
        for name, flow in self.config.flows.items():
            path: Path = ("flows", name)
            if "/" in name:
                self.findings.error(path, "the name of a flow holds a slash", "leave it out", at_key=True)
            if not flow:
                self.findings.error(path, "the flow has no steps", "write at least one step", at_key=True)
            for block, steps in _blocks(path, flow):
                self._block(block, steps)
        for index, canned in enumerate(self.config.desk.canned):
            if canned is not None:  # pyright: ignore[reportUnnecessaryComparison]  a broken entry keeps its place
                self.texts.template(canned.text, ("desk", "canned", index, "text"))

    def _block(self, path: Path, steps: tuple[Step, ...]) -> None:
        for index, step in enumerate(steps):
            if step is None:  # pyright: ignore[reportUnnecessaryComparison]  a broken step keeps its place
                continue
            self.step(step, (*path, index), is_last=index + 1 == len(steps))

    def step(self, step: Step, path: Path, *, is_last: bool) -> None:
        """Check one step, without the steps inside it."""
        match step:
            case SayStep():
                self._say(step.say, (*path, "say"))
            case AskStep():
                self._ask(step.ask, (*path, "ask"))
            case SetStep():
                self._set(step.set, (*path, "set"))
            case CallStep():
                self._call(step.call, (*path, "call"))
            case IfStep():
                self.texts.expression(step.if_, (*path, "if"))
                if not step.then and not step.else_:
                    self.findings.warn(path, "both branches are empty", "add `then:` or `else:` beside `if:`")
            case LookupStep():
                self.texts.expression(step.lookup, (*path, "lookup"))
                if not step.cases and not step.default:
                    self.findings.warn(
                        path, "there are no cases", "add `cases:` or `default:` beside `lookup:`"
                    )
            case CheckAvailabilityStep():
                asked = step.check_availability
                place = (*path, "check_availability")
                self._variable(asked.into, (*place, "into"))
                if asked.provider is not None:
                    self.findings.name((*place, "provider"), "providers", asked.provider, "provider")
                self._route(asked.route, [asked.provider] if asked.provider else [], (*place, "route"))
            case HandoverToHumanStep():
                self._handover(step.handover, (*path, "handover"), from_flow=True)
            case RunStep():
                self.findings.name((*path, "run"), "flows", step.run, "flow")
            case CodeStep():
                self._code(step.code, (*path, "code"))
            case EndStep() if not is_last:
                self._after_end((*path[:-1], int(path[-1]) + 1))
            case _:
                pass  # `close_handover` has nothing to check

    def _after_end(self, path: Path) -> None:
        what = "this step is never reached, the flow ends before it"
        self.findings.warn(path, what, "remove it, or the `end` above")

    def _say(self, say: str | Say, path: Path) -> None:
        if isinstance(say, str):
            self.texts.template(say, path)
            return
        self.texts.texts(say.text, (*path, "text"))
        self._buttons(say.buttons, (*path, "buttons"))
        self.texts.value(say.metadata, (*path, "metadata"))
        event = say.metadata.get("triggerEvent")
        if isinstance(event, str) and "{{" not in event and event not in self.findings.names("events"):
            what = f'no flow runs on the event "{event}"'
            self.findings.warn((*path, "metadata", "triggerEvent"), what, "add it under `events:`")

    def _buttons(self, buttons: Any, path: Path) -> None:
        for index, button in enumerate(buttons):
            if button is not None:
                self.texts.texts(button.text, (*path, index, "text"))
                self.texts.template(button.value, (*path, index, "value"))

    def _ask(self, ask: Ask, path: Path) -> None:
        from openhandover.flow.answers import problem

        self.texts.texts(ask.text, (*path, "text"))
        self._buttons(ask.buttons, (*path, "buttons"))
        if ask.into is not None:
            self._variable(ask.into, (*path, "into"))
        if wrong := problem(ask.validate):
            self.findings.error((*path, "validate"), wrong, "use email, phone, number or /regex/")

    def _set(self, values: Mapping[str, Any], path: Path) -> None:
        for name, value in values.items():
            self._variable(name, (*path, name), at_key=True)
            self.texts.value(value, (*path, name))

    def _variable(self, name: str, path: Path, *, at_key: bool = False) -> None:
        if name in RESERVED:
            self.findings.error(
                path, f'"{name}" is a name of ours', "choose another variable name", at_key=at_key
            )

    def _call(self, call: Call, path: Path) -> None:
        self.texts.template(call.url, (*path, "url"))
        if not call.url.startswith(("{{", "http://", "https://")) or not _has_host(call.url):
            self.findings.error(
                (*path, "url"), "it is not an http(s) address", "write it like https://host/path"
            )
        for name, value in call.headers.items():
            self.texts.template(value, (*path, "headers", name))
        if call.json is not None and call.raw is not None:
            mend = "keep one of the two keys"
            self.findings.error((*path, "raw"), "a call has one body: `json` or `raw`", mend, at_key=True)
        self.texts.value(call.json, (*path, "json"))
        if call.raw is not None:
            self.texts.template(call.raw, (*path, "raw"), braces=False)
        self._into(call.into, (*path, "into"))

    def _into(self, into: str | dict[str, str] | None, path: Path) -> None:
        if isinstance(into, str):
            self._variable(into, path)
        elif into:
            from openhandover.flow.calls import path_problem

            for name, wanted in into.items():
                self._variable(name, (*path, name), at_key=True)
                if wrong := path_problem(wanted):
                    self.findings.error((*path, name), wrong, "write a path such as data.status")

    def _code(self, function: str, path: Path) -> None:
        from openhandover.core.errors import ConfigError
        from openhandover.flow.code import find

        try:
            find(function)
        except ConfigError as error:
            what, _, mend = str(error).partition("; ")
            self.findings.error(
                path, what, mend or "install the package beside openhandover, and mind the spelling"
            )

    def _handover(self, step: HandoverStep, path: Path, *, from_flow: bool) -> None:
        for key, value in (
            ("message", step.message),
            ("accepted_message", step.accepted_message),
            ("failure_message", step.failure_message),
        ):
            self.texts.texts(value, (*path, key))
        self.texts.texts(step.cancel.button, (*path, "cancel", "button"))
        self.texts.texts(step.rating.text, (*path, "rating", "text"))
        if step.queue.alternative:
            self.texts.texts(step.queue.alternative.text, (*path, "queue", "alternative", "text"))
        if step.cancel.intent is not None:
            self.findings.name((*path, "cancel", "intent"), "intents", step.cancel.intent, "intent")
        self.voice.step(step, path, from_flow=from_flow)
        chain = self._chain(step, path)
        called = step.voice is not None and self._only_phones()
        if not chain and from_flow and not called and not self._channels_have_provider():
            mend = "name a `provider` here or on the channel"
            self.findings.warn(path, "no provider: the handover is recorded only, nobody is called", mend)
        self._route(step.route, chain, (*path, "route"))
        if from_flow:
            self._required(step.route, chain, path)

    def _only_phones(self) -> bool:
        """Whether nobody can write, so that the voice part of a step says everything."""
        channels = self.config.channels.values()
        return bool(channels) and all(isinstance(one, PhoneChannel) for one in channels)

    def _channels_have_provider(self) -> bool:
        channels = self.config.channels.values()
        return bool(channels) and all(channel.provider is not None for channel in channels)

    def _chain(self, step: HandoverStep, path: Path) -> list[str]:
        """The providers of this step in order, after reporting those that do not exist or repeat."""
        chain: list[str] = []
        if step.provider is not None:
            self.findings.name((*path, "provider"), "providers", step.provider, "provider")
            chain.append(step.provider)
        for index, name in enumerate(step.fallback):
            place = (*path, "fallback", index)
            if name in chain:
                self.findings.error(
                    place, f'"{name}" was tried before', "name another provider, or remove it"
                )
            else:
                self.findings.name(place, "providers", name, "provider")
            chain.append(name)
        return chain

    def _route(self, route: Mapping[str, Any], chain: list[str], path: Path) -> None:
        """Each key must be one of some provider's; its value must suit every provider that knows the key."""
        if not route:
            return
        kinds = self._kinds(chain)
        routes = [providers.route_of(kind) for kind in kinds]
        if not routes or not all(hasattr(one, "__struct_fields__") for one in routes):
            self.texts.value(route, path)
            return
        known = {key for one in routes for key in shape(one)}
        for key, value in route.items():
            self.texts.value(value, (*path, key))
            if key not in known:
                what = f"no such routing key for {' or '.join(kinds)}"
                self.findings.error((*path, key), what, nearest(key, sorted(known)), at_key=True)
            elif not self.texts.is_template(value):
                self._route_value(
                    value, [shape(one)[key][1] for one in routes if key in shape(one)], (*path, key)
                )

    def _required(self, route: Mapping[str, Any], chain: list[str], path: Path) -> None:
        """A provider that is named here gets every key that its type cannot do without."""
        for name in chain:
            block = self.config.providers.get(name)
            kind = providers.route_of(block.type) if block else None
            if not hasattr(kind, "__struct_fields__"):
                continue
            missing = [key for key, (_, _, required) in shape(kind).items() if required and key not in route]
            if missing:
                what = f"`{missing[0]}` is missing, which the provider {name} needs"
                mend = f"add {' and '.join(f'`{key}:`' for key in missing)} under `route`"
                self.findings.error((*path, "route") if route else path, what, mend)

    def _route_value(self, value: Any, kinds: list[Any], path: Path) -> None:
        for kind in kinds:
            trial = Decoder("")
            with suppress(Failed):  # the report is in the trial's problems
                trial.decode(from_data(value), kind)
            for problem in trial.problems[:1]:
                self.findings.error(path, problem.what, problem.mend)

    def _kinds(self, chain: list[str]) -> list[str]:
        """The types of the providers that may get a route; without a name those of the channels."""
        given = [channel.provider for channel in self.config.channels.values() if channel.provider]
        names = chain or given or list(self.config.providers)
        found = (self.config.providers.get(name) for name in names)
        return list(dict.fromkeys(provider.type for provider in found if provider))


def _has_host(url: str) -> bool:
    return url.startswith("{{") or "{{" in url or bool(urlsplit(url).hostname)


def _blocks(path: Path, steps: tuple[Step, ...]) -> Blocks:
    """Every list of steps with its place in the file."""
    yield path, steps
    for index, step in enumerate(steps):
        for inner_path, inner in inner_blocks(step):
            yield from _blocks((*path, index, *inner_path), inner)


def inner_blocks(step: Step) -> Blocks:
    """The lists of steps inside a step, each with its place in the file below the step's own."""
    for name, steps in definition.inner_blocks(step):
        yield WITHIN.get(name, tuple(name.split("/", 1))), steps


def all_steps(flow: tuple[Step, ...]) -> Iterator[Step]:
    """Every step, also those within others."""
    for _, steps in _blocks((), flow):
        yield from steps


def variables_of(steps: list[Step]) -> set[str] | None:
    """The names that steps set; None when code may set any."""
    names: set[str] = set()
    for step in steps:
        match step:
            case SetStep():
                names |= set(step.set)
            case AskStep() if step.ask.into:
                names.add(step.ask.into)
            case CallStep():
                into = step.call.into
                names |= {into} if isinstance(into, str) else set(into or ())
            case CheckAvailabilityStep():
                names.add(step.check_availability.into)
            case CodeStep():
                return None
            case _:
                pass
    return names
