"""From a file to a checked configuration."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from openhandover import providers
from openhandover.core.errors import ConfigError
from openhandover.core.step import HandoverStep

from .check import check
from .decode import Decoder, Failed, decode_data
from .loaded import Loaded
from .model import Config, Provider
from .nodes import NOWHERE, ListNode, MapNode, Node, Path as NodePath, Problem, TextNode, nearest
from .reader import Reader
from .shapes import is_struct, shape

FILE = "openhandover.yaml"
VARIABLE = "OPENHANDOVER_CONFIG"
SHORTEST = 4
"""Characters of a variable's value that is masked in reports; a shorter one is no secret and would mask words."""
_LONG = re.compile(r'"([^"]{60})[^"]+"')


def find(given: str | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The configuration file: as given, else by the environment, else in the working directory."""
    return Path(given or environ.get(VARIABLE) or FILE)


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Config:
    """The checked configuration; raises ConfigError with every error, one per line."""
    return _usable(read(path, environ))


def load_text(text: str, environ: Mapping[str, str] = os.environ, file: str = FILE) -> Config:
    """The same for a text at hand."""
    return _usable(read_bytes(text.encode(), file, environ))


def _usable(loaded: Loaded) -> Config:
    if loaded.errors:
        raise ConfigError("\n".join(map(str, loaded.errors)))
    return loaded.config


def read(path: Path, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read and check one file; every problem is collected, none is raised."""
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or 'unknown reason'}"
        problem = Problem(
            str(path), 1, 1, "", what, "give the file with --config, or write one: openhandover init"
        )
        return Loaded(str(path), MapNode({}, NOWHERE), Config(), (problem,))
    return read_bytes(content, str(path), environ)


def read_bytes(content: bytes, file: str, environ: Mapping[str, str]) -> Loaded:
    """The same for content that is at hand; `file` is the name in reports."""
    reader = Reader(file, environ)
    tree = reader.read(content)
    if tree is None:
        return Loaded(file, MapNode({}, NOWHERE), Config(), _tidy(reader.problems))
    if not isinstance(tree, MapNode):
        place = tree.mark
        what, mend = "the file is not a map", "begin with a key such as `channels:`"
        broken = Problem(file, place.line, place.column, "", what, mend)
        return Loaded(file, MapNode({}, NOWHERE), Config(), _tidy([*reader.problems, broken]))
    decoder = Decoder(file, {Provider: decode_provider})
    _spread_defaults(tree, file)
    try:
        config: Config = decoder.decode(tree, Config)
    except Failed:
        config = Config()
    loaded = Loaded(
        file,
        tree,
        config,
        (*reader.problems, *decoder.problems),
        frozenset(reader.values) & set(environ.values()),
    )
    return replace(loaded, problems=_tidy([*loaded.problems, *check(loaded)], loaded.variables))


def decode_provider(decoder: Decoder, node: MapNode, path: NodePath) -> Provider:
    """One provider: the keys that all have, and those of its type."""
    choice = node.entries.get("type")
    known = providers.names()
    if not isinstance(choice, TextNode) or choice.broken:
        if choice is None:
            decoder.fail(node.mark, path, "`type` is missing", f"add `type:` with one of {', '.join(known)}")
        raise Failed
    if choice.text not in known:
        what = f'this version knows no provider type "{choice.text}"'
        raise decoder.fail(choice.mark, (*path, "type"), what, nearest(choice.text, known))
    common = [key for key in shape(Provider) if key != "settings"]
    ours = MapNode(
        {key: node.entries[key] for key in common if key in node.entries}, node.mark, node.key_marks
    )
    theirs = {key: value for key, value in node.entries.items() if key not in common}
    own = MapNode(theirs, node.mark, node.key_marks)
    settings = decoder.struct(own, providers.settings_of(choice.text), path, besides=tuple(common))
    general: Provider = decoder.struct(ours, Provider, path)
    return Provider(
        type=general.type,
        hours=general.hours,
        language=general.language,
        return_=general.return_,
        settings=settings,
    )


def handover_step(config: Config, settings: Mapping[str, Any]) -> tuple[HandoverStep | None, list[Problem]]:
    """The step of a request's `settings` over `defaults.handover`; None with the problems when it does not fit."""
    given = to_builtins(config.defaults.handover)
    defaults = {key: value for key, value in given.items() if value != NOTHING_SET[key]}
    merged: dict[str, Any] = {**defaults, **settings}
    for key, value in settings.items():
        inner = defaults.get(key)
        if key in HANDOVER_MAPS and isinstance(inner, dict) and isinstance(value, dict):
            merged[key] = {**inner, **value}
    return decode_data(merged, HandoverStep, ("settings",))


NOTHING_SET = to_builtins(HandoverStep())
HANDOVER_MAPS = frozenset(key for key, (_, kind, _) in shape(HandoverStep).items() if is_struct(kind))
"""The keys that hold maps of known keys, which defaults fill one by one."""


def _spread_defaults(tree: MapNode, file: str) -> None:
    """Write `defaults.handover` into every handover step that leaves a key out."""
    defaults = tree.entries.get("defaults")
    given = defaults.entries.get("handover") if isinstance(defaults, MapNode) else None
    if not isinstance(given, MapNode):
        return
    trial = Decoder(file)
    try:
        trial.decode(given, HandoverStep)
    except Failed:
        return
    if trial.problems:
        return
    flows, tools = tree.entries.get("flows"), tree.entries.get("tools")
    for steps in flows.entries.values() if isinstance(flows, MapNode) else ():
        _fill(steps, given)
    for tool in tools.entries.values() if isinstance(tools, MapNode) else ():
        if isinstance(tool, MapNode) and "steps" in tool.entries:
            _fill(tool.entries["steps"], given)


def _fill(steps: Node, defaults: MapNode) -> None:
    for step in steps.items if isinstance(steps, ListNode) else ():
        if not isinstance(step, MapNode):
            continue
        written = step.entries.get("handover")
        if isinstance(written, MapNode):
            step.entries["handover"] = _over(written, defaults)
        elif isinstance(written, TextNode) and written.is_null:
            step.entries["handover"] = defaults
        for inner in _inner(step):
            _fill(inner, defaults)


def _inner(step: MapNode) -> Iterable[Node]:
    """The lists of steps inside a step."""
    for key in ("then", "else", "default"):
        if key in step.entries:
            yield step.entries[key]
    for key, below in (("ask", "on_fail"), ("call", "on_error")):
        holder = step.entries.get(key)
        if isinstance(holder, MapNode) and below in holder.entries:
            yield holder.entries[below]
    cases = step.entries.get("cases")
    if isinstance(cases, MapNode):
        yield from cases.entries.values()


def _over(written: MapNode, defaults: MapNode) -> MapNode:
    entries = dict(written.entries)
    for key, value in defaults.entries.items():
        mine = entries.get(key)
        if mine is None:
            entries[key] = value
        elif key in HANDOVER_MAPS and isinstance(mine, MapNode) and isinstance(value, MapNode):
            entries[key] = MapNode(
                {**value.entries, **mine.entries}, mine.mark, {**value.key_marks, **mine.key_marks}
            )
    return MapNode(entries, written.mark, {**defaults.key_marks, **written.key_marks})


def _tidy(problems: Iterable[Problem], variables: Iterable[str] = ()) -> tuple[Problem, ...]:
    """In the order of the file, each thing once (an alias or a default may be read many times), nothing secret."""
    once: dict[tuple[int, int, str], Problem] = {}
    for one in sorted(problems, key=lambda one: (one.line, one.column, not one.path, one.path)):
        once.setdefault((one.line, one.column, one.what), one)
    hidden = sorted((value for value in variables if len(value) >= SHORTEST), key=len, reverse=True)
    return tuple(
        replace(one, what=_shown(one.what, hidden), mend=_shown(one.mend, hidden)) for one in once.values()
    )


def _shown(text: str, hidden: Sequence[str]) -> str:
    """Without the values of variables, and with long quotations cut."""
    for value in hidden:
        text = text.replace(value, "***")
    return _LONG.sub(r'"\1..."', text)
