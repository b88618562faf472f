"""The system texts: what the program itself says to users and agents, in every shipped language."""

import string
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources

import yaml

SHIPPED = ("en", "nl", "de", "fr", "es")
FALLBACK = "en"


@cache
def read(package: str, language: str) -> Mapping[str, str]:
    """The texts that a package ships in one language, as `<language>.yaml` beside its code."""
    source = resources.files(package).joinpath(f"{language}.yaml").read_text(encoding="utf-8")
    return {str(key): str(text) for key, text in yaml.safe_load(source).items()}


def shipped(language: str) -> Mapping[str, str]:
    """The system texts of one shipped language."""
    return read(__name__, language)


def keys() -> frozenset[str]:
    """The keys that every language has."""
    return frozenset(shipped(FALLBACK))


def placeholders(text: str) -> frozenset[str]:
    """The words in braces. Raises ValueError for stray braces."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def override_problem(key: str, text: str) -> str | None:
    """What is wrong with the owner's own text for a key, or None."""
    if key not in keys():
        return "there is no system text of this name"
    known = placeholders(shipped(FALLBACK)[key])
    try:
        unknown = placeholders(text) - known
    except ValueError:
        return "a brace is missing or too many; write {{ and }} for braces in the text"
    if unknown:
        names = ", ".join(f"{{{name}}}" for name in sorted(known)) or "nothing"
        return f"{{{min(unknown)}}} is not filled in here; this text knows {names}"
    return None


class Catalogue:
    """The shipped texts with the owner's own on top. `overrides` is language -> key -> text."""

    def __init__(
        self, overrides: Mapping[str, Mapping[str, str]] | None = None, default: str = FALLBACK
    ) -> None:
        self._overrides = overrides or {}
        self._default = default

    def text(self, key: str, language: str, **values: object) -> str:
        """The text with its placeholders filled; one without a value stays as `{name}`. Raises KeyError for an
        unknown key."""
        return _fill(self._template(key, language), values)

    def duration(self, milliseconds: float, language: str) -> str:
        """A waiting time in words, rounded up to whole minutes; from two hours on to whole hours."""
        minutes = -int(-milliseconds // 60_000)
        if milliseconds < 60_000:
            return self.text("duration_less_than_minute", language)
        if minutes < 60:
            return self._count("duration_minute", minutes, "minutes", language)
        hours, rest = divmod(minutes, 60)
        if hours >= 2:
            return self._count("duration_hour", hours + (rest > 0), "hours", language)
        whole = self._count("duration_hour", hours, "hours", language)
        if not rest:
            return whole
        return self.text(
            "duration_join",
            language,
            hours=whole,
            minutes=self._count("duration_minute", rest, "minutes", language),
        )

    def queue(self, position: int | None, wait_ms: float | None, language: str) -> str:
        """The sentence about the place in the queue, empty when nothing is known."""
        wait = None if wait_ms is None else self.duration(wait_ms, language)
        if position is not None and wait is not None:
            return self.text("queue_both", language, position=position, wait=wait)
        if position is not None:
            return self.text("queue_position", language, position=position)
        return "" if wait is None else self.text("estimated_wait", language, wait=wait)

    def moment(self, at: datetime, now: datetime, language: str) -> str:
        """A time in the next days in words; both in the time zone of the reader."""
        clock = f"{at:%H:%M}"
        days = (at.date() - now.date()).days
        if days <= 1:
            return self.text("today_at" if days <= 0 else "tomorrow_at", language, clock=clock)
        if days < 7:
            day = self.text("days", language).split(", ")[at.weekday()]
            return self.text("day_at", language, day=day, clock=clock)
        return self.text("day_at", language, day=f"{at:%Y-%m-%d}", clock=clock)

    def _count(self, key: str, number: int, name: str, language: str) -> str:
        return self.text(key if number == 1 else f"{key}s", language, **{name: number})

    def _template(self, key: str, language: str) -> str:
        short = language.split("-", 1)[0]
        for code in dict.fromkeys((language, short)):
            if (own := self._overrides.get(code, {}).get(key)) is not None:
                return own
        if short in SHIPPED:
            return shipped(short)[key]
        if (own := self._overrides.get(self._default, {}).get(key)) is not None:
            return own
        return shipped(self._default if self._default in SHIPPED else FALLBACK)[key]


class _Open(dict[str, object]):
    """Values of a text; a missing one stays open, to be filled in later."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def _fill(template: str, values: Mapping[str, object]) -> str:
    # Only plain names: `{x.__class__}` in an owner's text must not reach into our objects.
    parts = string.Formatter().parse(template)
    filled = _Open({name: str(value) for name, value in values.items()})
    return "".join(literal + ("" if name is None else str(filled[name])) for literal, name, _, _ in parts)
