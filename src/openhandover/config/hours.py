"""Opening hours: `Mon-Fri 09:00-17:00 Europe/Amsterdam`, several ranges separated by `,` or `;`.

A part without days repeats the days before it (`Mon-Fri 09:00-12:00, 13:00-17:00`); a range that ends at or
before its start goes on into the next day; without a zone the times are UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60
EXAMPLE = 'write it like "Mon-Fri 09:00-17:00 Europe/Amsterdam"'
_TIMES = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_DAYS = re.compile(r"([a-z]+)(?:-([a-z]+))?", re.IGNORECASE)
_ZONE = re.compile(r"UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+")


class Span(Struct, frozen=True):
    """One opening on a weekday (0 = Monday), in minutes after local midnight; `end` may lie in the next day."""

    weekday: int
    start: int
    end: int


class Hours(Struct, frozen=True):
    """When somebody is there, in local wall time."""

    text: str
    zone: str
    spans: tuple[Span, ...]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse; raises ValueError with what is wrong and how to write it."""
        parts = text.replace(";", ",").split(",")
        zone = "UTC"
        last = parts[-1].split()
        if last and _ZONE.fullmatch(last[-1]):
            zone = last[-1]
            parts[-1] = " ".join(last[:-1])
            _zone(zone)
        spans: list[Span] = []
        days: list[int] = []
        for part in parts:
            days, times = _part(part, days)
            spans += [Span(day, *times) for day in days]
        return cls(text=text, zone=zone, spans=tuple(spans))

    def is_open(self, at: float) -> bool:
        """Whether `at` (epoch seconds) lies inside an opening."""
        return any(start <= at < end for start, end in self._openings(at))

    def next_opening(self, at: float) -> float:
        """When it is open next, in epoch seconds; `at` itself while it is open."""
        if self.is_open(at):
            return at
        return min(start for start, _ in self._openings(at) if start > at)

    def _openings(self, at: float) -> Iterator[tuple[float, float]]:
        """Every opening from the day before `at` to nine days after, as epoch seconds."""
        zone = _zone(self.zone)
        today = datetime.fromtimestamp(at, zone).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        for offset in range(-1, 10):
            day = today + timedelta(days=offset)
            for span in self.spans:
                if span.weekday == day.weekday():
                    yield _epoch(day, span.start, zone), _epoch(day, span.end, zone)


def _epoch(day: datetime, minutes: int, zone: tzinfo) -> float:
    """Wall time to epoch seconds: added before the zone is applied, so that a clock change moves nothing."""
    return (day + timedelta(minutes=minutes)).replace(tzinfo=zone).timestamp()


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f'unknown time zone "{name}"; use a name such as Europe/Amsterdam or UTC') from None


def _part(part: str, days_before: list[int]) -> tuple[list[int], tuple[int, int]]:
    words = part.split()
    if len(words) == 1 and days_before:
        return days_before, _minutes(words[0])
    if len(words) != 2:
        raise ValueError(f'"{part.strip()}" is not days and times; {EXAMPLE}')
    return _weekdays(words[0]), _minutes(words[1])


def _weekdays(text: str) -> list[int]:
    found = _DAYS.fullmatch(text)
    first, last = (found[1], found[2] or found[1]) if found else ("", "")
    if first[:3].lower() not in DAYS or last[:3].lower() not in DAYS:
        raise ValueError(f'"{text}" is not a day or a range of days; use Mon Tue Wed Thu Fri Sat Sun')
    start, end = DAYS.index(first[:3].lower()), DAYS.index(last[:3].lower())
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def _minutes(text: str) -> tuple[int, int]:
    found = _TIMES.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}" is not a range of times; {EXAMPLE}')
    hour, minute, end_hour, end_minute = (int(number) for number in found.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if max(minute, end_minute) > 59 or start >= DAY_MIN or end > DAY_MIN:
        raise ValueError(f'"{text}" holds a time that does not exist; use 00:00 to 24:00')
    return start, end if end > start else end + DAY_MIN
