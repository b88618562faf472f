"""The words of a handover's story, in every language that the pages speak."""

import msgspec

from openhandover.core.model import Limits
from openhandover.texts.catalogue import FALLBACK, SHIPPED, read


class Words:
    """The story's words in one language; one that we do not have becomes English."""

    def __init__(self, language: str | None = None) -> None:
        short = (language or FALLBACK).split("-", 1)[0].lower()
        self._texts = read(__name__, short if short in SHIPPED else FALLBACK)

    def say(self, key: str, **values: object) -> str:
        """The words of this key, filled in. Raises KeyError for an unknown key or a missing value."""
        return self._texts[key].format(**values)

    def timed(self, key: str, seconds: float, **values: object) -> str:
        """The words of this key with the `time` that passed; where none did that people would name, "at once"."""
        if round(seconds, 1) <= 0:
            return self.say(f"{key}_at_once", **values)
        return self.say(key, time=self.duration(seconds), **values)

    def duration(self, seconds: float) -> str:
        """A stretch of time as people say it: "0.4 s", "5 s", "3 min 20 s", "2 h 5 min"."""
        if seconds < 10:
            short = f"{round(max(seconds, 0), 1):g}"
            return self.say("seconds", seconds=short.replace(".", self.say("decimal_point")))
        whole = round(seconds)
        if whole < 60:
            return self.say("seconds", seconds=whole)
        minutes, rest = divmod(whole, 60)
        if minutes < 60:
            return self.say("minutes_seconds" if rest else "minutes", minutes=minutes, seconds=rest)
        hours, minutes = divmod(minutes, 60)
        return self.say("hours_minutes" if minutes else "hours", hours=hours, minutes=minutes)

    def because(self, reason: str | None, limits: Limits) -> str:
        """A reason in words, with the figures of the limits that may have ended it; an unknown one as it is."""
        key = f"reason_{reason or 'unknown'}"
        if key not in self._texts:
            return str(reason)
        values = msgspec.structs.asdict(limits)
        return self.say(key, **{name: self.duration(seconds) for name, seconds in values.items()})
