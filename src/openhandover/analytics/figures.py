"""From tallies to figures: counts, rates and percentiles per group. Pure.

The store counts and collects; a tally is what it found for one key. Tallies add up, so the total and the hours and
days of a time zone are made of the same tallies.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from msgspec import Struct

from .filters import BY_TIME, Group

COUNTED = ("handovers", "completed", "cancelled", "error", "transferred", "answered", "abandoned")
SCORES = ("rated_1", "rated_2", "rated_3", "rated_4", "rated_5")
SPANS = ("waits", "replies", "talks", "patiences")


class Times(Struct, frozen=True):
    """Half of them took at most `p50` seconds, nine of ten at most `p90`; null without any."""

    p50: float | None
    p90: float | None


class Ratings(Struct, frozen=True):
    """Mean of the ratings from 1 to 5, and how many there are."""

    mean: float | None
    count: int


class Figures(Struct, frozen=True):
    """What a set of handovers amounts to. Rates are from 0 to 1, null where there is nothing to divide by."""

    handovers: int
    open: int
    completed: int
    cancelled: int
    error: int
    transferred: int
    answered: int
    """Somebody joined."""
    abandoned: int
    """The user withdrew or left before anybody joined."""
    abandonment_rate: float | None
    """abandoned / handovers."""
    conversations: int | None
    """Conversations begun; null for groups and filters that conversations without a handover do not have."""
    containment_rate: float | None
    """Share of these conversations that never had a handover."""
    time_to_agent_s: Times
    """From the request until somebody joined."""
    time_to_first_reply_s: Times
    """From the request until somebody wrote."""
    time_to_abandon_s: Times
    """From the request until those who gave up did so."""
    duration_s: Times
    """From joining until the end."""
    rating: Ratings
    scores: tuple[int, ...]
    """How many gave 1, 2, 3, 4 and 5."""


class GroupFigures(Struct, frozen=True):
    """The figures of one group; `key` is null where the handovers have no such value."""

    key: str | None
    figures: Figures


class Tally(Struct, frozen=True):
    """Counts in the order of COUNTED and of SCORES; spans in milliseconds, one list for each of SPANS."""

    counts: tuple[int, ...] = (0,) * len(COUNTED)
    scores: tuple[int, ...] = (0,) * len(SCORES)
    spans: tuple[list[int], ...] = ([], [], [], [])


class Begun(Struct, frozen=True):
    """Conversations begun, and those among them that ever had a handover."""

    conversations: int = 0
    handed_over: int = 0


Row = Mapping[str, Any]
_numbers = msgspec.json.Decoder(list[int]).decode


def tally(row: Row) -> Tally:
    """From a row of the store."""
    return Tally(
        tuple(row[name] for name in COUNTED),
        tuple(row[name] or 0 for name in SCORES),
        tuple(_numbers(f"[{row[name] or ''}]") for name in SPANS),
    )


def added(tallies: Sequence[Tally]) -> Tally:
    """All of them as one."""
    if not tallies:
        return Tally()
    return Tally(
        tuple(map(sum, zip(*(one.counts for one in tallies), strict=True))),
        tuple(map(sum, zip(*(one.scores for one in tallies), strict=True))),
        tuple([span for one in tallies for span in one.spans[place]] for place in range(len(SPANS))),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Of sorted values the smallest that at least this share of all does not exceed (nearest rank)."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else None


def figures(found: Tally, begun: Begun | None) -> Figures:
    """The figures of a tally, and of the conversations begun where those are known."""
    count = dict(zip(COUNTED, found.counts, strict=True))
    waits, replies, talks, patiences = (_times(spans) for spans in found.spans)
    total = count["handovers"]
    ended = sum(count[status] for status in ("completed", "cancelled", "error", "transferred"))
    rated = sum(found.scores)
    points = sum(score * many for score, many in enumerate(found.scores, 1))
    contained = None if begun is None else begun.conversations - begun.handed_over
    return Figures(
        **count,
        open=total - ended,
        abandonment_rate=_share(count["abandoned"], total),
        conversations=None if begun is None else begun.conversations,
        containment_rate=None
        if contained is None or begun is None
        else _share(contained, begun.conversations),
        time_to_agent_s=waits,
        time_to_first_reply_s=replies,
        time_to_abandon_s=patiences,
        duration_s=talks,
        rating=Ratings(round(points / rated, 3) if rated else None, rated),
        scores=found.scores,
    )


def grouped(
    tallies: Iterable[tuple[Any, Tally]],
    begun: Iterable[Row] | None,
    by: Group,
    name: Callable[[Any], str | None],
) -> list[GroupFigures]:
    """The figures per group: by time in order, else the largest group first. `name` makes a group's key of the
    store's; keys that become one name are one group."""
    found: dict[str | None, list[Tally]] = {}
    for key, one in tallies:
        found.setdefault(name(key), []).append(one)
    started: dict[str | None, Begun] = {}
    for row in begun or ():
        key = name(row["key"])
        before = started.get(key, Begun())
        started[key] = Begun(before.conversations + row["begun"], before.handed_over + row["handed_over"])
    made = [
        GroupFigures(
            key, figures(added(found.get(key, [])), None if begun is None else started.get(key, Begun()))
        )
        for key in {*found, *started}
    ]
    if by in BY_TIME:
        return sorted(made, key=lambda group: group.key or "")
    return sorted(made, key=lambda group: (-group.figures.handovers, group.key or ""))


def calendar(by: Group, zone: tzinfo, grain_s: int) -> Callable[[int], str]:
    """From the number of a grain of time since 1970 to its day, hour, or weekday (1 = Monday) and hour."""
    form = {"hour": "%H:00", "day": "%Y-%m-%d", "weekday_hour": "%u %H:00"}[by]
    return lambda grain: datetime.fromtimestamp(grain * grain_s, zone).strftime(form)


def _times(spans: list[int]) -> Times:
    ordered = sorted(spans)
    return Times(_seconds(percentile(ordered, 0.5)), _seconds(percentile(ordered, 0.9)))


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
