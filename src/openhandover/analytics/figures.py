"""From rows to figures: counts, rates and percentiles per group. Pure."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Literal, get_args

from msgspec import Struct

Group = Literal["status", "reason", "provider", "channel", "language", "agent", "hour", "day"]
GROUPS: tuple[Group, ...] = get_args(Group)

COUNTED = ("completed", "cancelled", "error", "transferred")
GAVE_UP = frozenset({"user_cancelled", "user_left"})


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
    abandoned: int
    """The user withdrew or left before anybody joined."""
    abandonment_rate: float | None
    """abandoned / handovers."""
    conversations: int | None
    """Conversations begun; null for groups that conversations without a handover do not have."""
    containment_rate: float | None
    """Share of these conversations that never had a handover."""
    time_to_agent_s: Times
    """From the request until somebody joined."""
    time_to_first_reply_s: Times
    """From the request until somebody wrote."""
    duration_s: Times
    """From joining until the end."""
    rating: Ratings


class GroupFigures(Struct, frozen=True):
    """The figures of one group; `key` is null where the handovers have no such value."""

    key: str | None
    figures: Figures


Row = Mapping[str, Any]


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of all values does not exceed (nearest rank)."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 3)


def figures(handovers: Sequence[Row], conversations: Sequence[Row] | None) -> Figures:
    """The figures of these handovers, and of the conversations they came from where those are known."""
    by_status = {status: sum(row["status"] == status for row in handovers) for status in COUNTED}
    abandoned = sum(row["active_at"] is None and row["reason"] in GAVE_UP for row in handovers)
    ratings = [row["rating"] for row in handovers if row["rating"] is not None]
    contained = None if conversations is None else sum(not row["handed_over"] for row in conversations)
    return Figures(
        handovers=len(handovers),
        open=len(handovers) - sum(by_status.values()),
        **by_status,
        abandoned=abandoned,
        abandonment_rate=_share(abandoned, len(handovers)),
        conversations=None if conversations is None else len(conversations),
        containment_rate=None if contained is None else _share(contained, len(conversations or ())),
        time_to_agent_s=_times(handovers, "requested_at", "active_at"),
        time_to_first_reply_s=_times(handovers, "requested_at", "first_reply_at"),
        duration_s=_times(handovers, "active_at", "ended_at"),
        rating=Ratings(round(sum(ratings) / len(ratings), 3) if ratings else None, len(ratings)),
    )


def grouped(
    handovers: Iterable[Row], conversations: Iterable[Row], by: Group, zone: tzinfo
) -> list[GroupFigures]:
    """The figures per group: by time in order, else the largest group first."""
    key = _key_of(by, zone)
    sets: dict[str | None, list[Row]] = {}
    for row in handovers:
        sets.setdefault(key(row), []).append(row)
    begun: dict[str | None, list[Row]] | None = None
    if by in ("channel", "hour", "day"):
        begun = {}
        for row in conversations:
            begun.setdefault(key(row), []).append(row)
    keys = set(sets) | set(begun or ())
    made = [
        GroupFigures(one, figures(sets.get(one, []), None if begun is None else begun.get(one, [])))
        for one in keys
    ]
    if by in ("hour", "day"):
        return sorted(made, key=lambda group: group.key or "")
    return sorted(made, key=lambda group: (-group.figures.handovers, group.key or ""))


def _key_of(by: Group, zone: tzinfo) -> Callable[[Row], str | None]:
    if by == "hour":
        return lambda row: datetime.fromtimestamp(row["requested_at"], zone).strftime("%H:00")
    if by == "day":
        return lambda row: datetime.fromtimestamp(row["requested_at"], zone).strftime("%Y-%m-%d")
    return lambda row: row[by]


def _times(rows: Sequence[Row], start: str, end: str) -> Times:
    spans = [row[end] - row[start] for row in rows if row[start] is not None and row[end] is not None]
    return Times(percentile(spans, 0.5), percentile(spans, 0.9))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
