"""The checklist of every provider, checked against what is really there. Usage: python -m scripts.quality [TYPE ...]

A provider answers in its `quality.toml`, point by point: "done", "todo: what" or "exempt: why". This program refuses an
answer that is missing, an exemption without a reason, and a "done" that the code or its tests contradict. The level is
the highest whose points, and those of the levels below, are done or exempt. Of the types that are named it also says
what is still open.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from openhandover.providers import SHIPPED, provider_of, settings_of
from openhandover.providers.base import BaseProvider, Capabilities
from scripts.docs_keys import is_struct, walk

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ROOT / "src" / "openhandover" / "providers"
TESTS = ROOT / "tests" / "providers"

POINTS: dict[str, tuple[str, ...]] = {
    "bronze": ("settings", "verify", "fixtures", "contract_suite", "doc", "secrets_redacted"),
    "silver": (
        "availability",
        "queue_position",
        "token_refresh",
        "rate_limits",
        "connection_check",
        "limitations",
        "errors_name_the_setting",
    ),
    "gold": (
        "typing",
        "attachments",
        "agent_identity",
        "presence",
        "reconnection",
        "diagnostics",
        "translated_texts",
    ),
    "platinum": ("live", "load_tested", "reviewed"),
}
FILES = ("__init__.py", "settings.py", "quality.toml", "doc.md")
HEADINGS = (
    ("What you need",),
    ("Settings",),
    ("Webhook set-up", "How we hear of the agents"),
    ("What works",),
    ("Limitations and quirks",),
    ("Troubleshooting",),
    ("Sources",),
)
SECRETIVE = re.compile(r"secret$|password$|token$|api_key$")
NEVER_LIVE = re.compile(r"never (been )?run against|not (yet )?run against", re.IGNORECASE)


class Answer(NamedTuple):
    """One point: its state, and what is missing or why it does not apply."""

    state: str
    why: str


@dataclass(frozen=True)
class Checklist:
    """The answers of one provider, by level."""

    answers: Mapping[str, Mapping[str, Answer]]

    @property
    def level(self) -> str:
        """The highest level that is reached, `none` below bronze."""
        reached = "none"
        for level, points in self.answers.items():
            states = {answer.state for answer in points.values()}
            # Nobody reaches a level by being excused from all of it.
            if states - {"done", "exempt"} or "done" not in states:
                break
            reached = level
        return reached

    def open_points(self) -> Iterator[tuple[str, Answer]]:
        """What is still to be done, in order."""
        for points in self.answers.values():
            yield from ((name, answer) for name, answer in points.items() if answer.state == "todo")

    def done(self, point: str) -> bool:
        """Whether the provider claims this point."""
        return any(points.get(point, Answer("", "")).state == "done" for points in self.answers.values())


def checklist(type_: str, folders: Path = FOLDERS) -> Checklist:
    """The answers of one provider as they are written."""
    found: dict[str, dict[str, Any]] = tomllib.loads((folders / type_ / "quality.toml").read_text("utf-8"))
    return Checklist(
        {
            level: {name: _answer(found.get(level, {}).get(name, "")) for name in points}
            for level, points in POINTS.items()
        }
    )


def _answer(text: Any) -> Answer:
    state, _, why = str(text).partition(":")
    return Answer(state.strip(), why.strip())


def classes(type_: str) -> list[type[BaseProvider]]:
    """The classes of a provider: one, unless its settings decide which."""
    found = provider_of(type_)
    if isinstance(found, type):
        return [found]
    package = vars(sys.modules[found.__module__])
    return [one for one in package.values() if isinstance(one, type) and BaseProvider in one.__mro__[1:]]


def capabilities(type_: str) -> list[Capabilities]:
    """What each of its classes can do."""
    return [cls.capabilities for cls in classes(type_)]


# --- what an answer must be true to ------------------------------------------------------------------------------


class Subject(NamedTuple):
    """A provider, and where its parts are."""

    type: str
    classes: Sequence[type[BaseProvider]]
    tests: Path

    def can(self, name: str) -> bool:
        """Whether its capabilities say so."""
        return any(getattr(cls.capabilities, name) for cls in self.classes)

    def overrides(self, name: str) -> bool:
        """Whether it does something of its own in this call."""
        return any(getattr(cls, name) is not getattr(BaseProvider, name) for cls in self.classes)


def _has_fixtures(it: Subject) -> bool:
    return any((it.tests / "fixtures").glob("*.json"))


def _runs_suite(it: Subject) -> bool:
    test = it.tests / "test_contract.py"
    if not test.exists():
        return False
    classes = (
        node for node in ast.walk(ast.parse(test.read_text("utf-8"))) if isinstance(node, ast.ClassDef)
    )
    return any("ProviderSuite" in ast.unparse(base) for node in classes for base in node.bases)


PROOFS: dict[str, tuple[str, Callable[[Subject], bool]]] = {
    "verify": ("it takes webhooks but does not verify them", lambda it: it.overrides("verify")),
    "fixtures": ("there are no fixtures in tests/providers/{type}/fixtures", _has_fixtures),
    "contract_suite": (
        "tests/providers/{type}/test_contract.py does not run ProviderSuite",
        _runs_suite,
    ),
    "availability": ("its capabilities say no", lambda it: it.can("availability")),
    "queue_position": (
        "its capabilities say no",
        lambda it: it.can("queue_position") or it.can("estimated_wait"),
    ),
    "connection_check": ("it does nothing of its own in `connect`", lambda it: it.overrides("connect")),
    "typing": ("its capabilities say no", lambda it: it.can("typing_in") and it.can("typing_out")),
    "attachments": (
        "its capabilities say no",
        lambda it: it.can("attachments_in") or it.can("attachments_out"),
    ),
    "agent_identity": ("its capabilities say no", lambda it: it.can("agent_name")),
    "presence": ("its capabilities say no", lambda it: it.can("presence")),
}
"""Point -> why "done" cannot be true, and the question whether it can."""


def problems(type_: str, folders: Path = FOLDERS, tests: Path = TESTS) -> list[str]:
    """What is wrong with one provider's folder, one sentence each."""
    folder = folders / type_
    missing = [f"{name} is missing" for name in FILES if not (folder / name).exists()]
    if missing:
        return missing
    it = Subject(type_, classes(type_), tests / type_)
    return [
        *_shape(type_, folder),
        *_claims(it, checklist(type_, folders)),
        *_page(folder, checklist(type_, folders)),
        *_settings(type_),
    ]


def _shape(type_: str, folder: Path) -> Iterator[str]:
    written: dict[str, Any] = tomllib.loads((folder / "quality.toml").read_text("utf-8"))
    for level, points in written.items():
        for name in points:
            if name not in POINTS.get(level, ()):
                yield f"quality.toml: there is no point {level}.{name}"
    for level, answers in checklist(type_, folder.parent).answers.items():
        for name, answer in answers.items():
            if answer.state not in {"done", "todo", "exempt"}:
                yield f'quality.toml: {level}.{name} must be "done", "todo: what" or "exempt: why"'
            elif answer.state != "done" and not answer.why:
                yield f"quality.toml: {level}.{name} says {answer.state} without saying what or why"


def _claims(it: Subject, answers: Checklist) -> Iterator[str]:
    for point, (why, holds) in PROOFS.items():
        if answers.done(point) and not holds(it):
            yield f"quality.toml: {point} is not done: {why.format(type=it.type)}"
    if any(can.inbound == "webhook" for can in capabilities(it.type)) and not it.overrides("verify"):
        yield "it takes webhooks that anybody can send: verify is missing"


def _page(folder: Path, answers: Checklist) -> Iterator[str]:
    text = (folder / "doc.md").read_text("utf-8")
    headings = re.findall(r"^## (.+?) *$", text, re.MULTILINE)
    for accepted in HEADINGS:
        if not set(accepted) & set(headings):
            yield f"doc.md: the heading {accepted[0]!r} is missing"
    if answers.answers["platinum"]["live"].state == "todo" and not NEVER_LIVE.search(text):
        yield "doc.md does not say that it was never run against the live vendor"


def _settings(type_: str) -> Iterator[str]:
    kind = settings_of(type_)
    for key in walk(kind, "") if is_struct(kind) else ():
        name = key.path.rpartition(".")[2].strip("`")
        if SECRETIVE.search(name) and "secret" not in key.type:
            yield f"settings.py: {key.path} looks like a secret and is not of the type Secret"
        if not key.meaning:
            yield f"settings.py: {key.path} has no description"


def main(named: Sequence[str]) -> int:
    """The process exit code: 1 when something is wrong, 2 for a type that is not there."""
    if unknown := sorted(set(named) - set(SHIPPED)):
        print(
            f"there is no provider {', '.join(unknown)}; there are: {', '.join(sorted(SHIPPED))}",
            file=sys.stderr,
        )
        return 2
    wrong = 0
    for type_ in named or SHIPPED:
        found = problems(type_)
        wrong += len(found)
        level = checklist(type_).level if (FOLDERS / type_ / "quality.toml").exists() else "none"
        print(f"{type_:<16} {level:<9}{len(found)} problem{'' if len(found) == 1 else 's'}")
        for problem in found:
            print(f"  {problem}")
        if type_ in named and (FOLDERS / type_ / "quality.toml").exists():
            for point, answer in checklist(type_).open_points():
                print(f"  {point}: todo: {answer.why}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
