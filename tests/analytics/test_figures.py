"""Figures of tallies: counts, rates, percentiles and groups."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openhandover.analytics.figures import Begun, added, calendar, figures, grouped, percentile, tally

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def row(key: Any = None, **changes: Any) -> dict[str, Any]:
    """One completed handover that waited 60 s, got its first reply after 75 s and lasted 300 s, changed as told."""
    return {
        "key": key,
        "handovers": 1,
        "completed": 1,
        **dict.fromkeys(("cancelled", "error", "transferred", "abandoned"), 0),
        "answered": 1,
        **{f"rated_{score}": None for score in range(1, 6)},
        "waits": "60000",
        "replies": "75000",
        "talks": "300000",
        "patiences": None,
        **changes,
    }


def quarter(at: str) -> int:
    """The number of the quarter of an hour that this time in UTC lies in."""
    return int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() // 900)


def test_what_has_not_ended_is_open() -> None:
    """Every handover is counted once."""
    made = figures(tally(row(handovers=9, completed=3, cancelled=2, error=1, transferred=1)), None)
    assert (made.handovers, made.open) == (9, 2)


def test_tallies_add_up() -> None:
    """The total of two groups has the counts, the ratings and the spans of both."""
    both = added([tally(row(waits="1000,3000", rated_5=2)), tally(row(waits="2000", rated_4=1))])
    made = figures(both, None)
    assert (made.handovers, made.time_to_agent_s.p50, made.time_to_agent_s.p90) == (2, 2.0, 3.0)
    assert (made.rating.mean, made.rating.count, made.scores) == (4.667, 3, (0, 0, 0, 1, 2))


def test_containment_is_the_share_of_conversations_without_a_handover() -> None:
    """Three of four conversations never needed a human."""
    assert figures(tally(row()), Begun(4, 1)).containment_rate == 0.75


def test_nothing_to_divide_by_is_null() -> None:
    """No handovers and no conversations: no rates, no percentiles, no mean."""
    made = figures(added([]), Begun())
    empty = (made.abandonment_rate, made.containment_rate, made.time_to_agent_s.p50, made.rating.mean)
    assert empty == (None,) * 4


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.9, 7.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 11)], 0.9, 9.0),
    ],
)
def test_percentile_is_nearest_rank(values: list[float], share: float, expected: float | None) -> None:
    """The answer is a value that occurred."""
    assert percentile(values, share) == expected


def test_groups_come_largest_first_and_times_in_order() -> None:
    """The same rows by reason and by day."""
    rows = [(each["key"], tally(each)) for each in (row("b"), row("a", handovers=2), row(None))]
    assert [group.key for group in grouped(rows, None, "reason", lambda key: key)] == ["a", None, "b"]
    assert [group.key for group in grouped(rows, None, "day", lambda key: key or "c")] == ["a", "b", "c"]


def test_keys_that_become_one_name_are_one_group() -> None:
    """Two quarters of the same hour, and a conversation without a handover in another one."""
    begun = [{"key": 2, "begun": 3, "handed_over": 1}]
    made = grouped(
        [(0, tally(row())), (1, tally(row()))], begun, "hour", lambda key: "late" if key > 1 else "early"
    )
    assert [(group.key, group.figures.handovers, group.figures.conversations) for group in made] == [
        ("early", 2, 0),
        ("late", 0, 3),
    ]


@pytest.mark.parametrize(
    ("at", "day", "hour", "weekday_hour"),
    [
        ("2026-01-05T23:30", "2026-01-06", "00:00", "2 00:00"),
        ("2026-03-29T00:45", "2026-03-29", "01:00", "7 01:00"),
        ("2026-03-29T01:00", "2026-03-29", "03:00", "7 03:00"),
        ("2026-10-25T00:30", "2026-10-25", "02:00", "7 02:00"),
        ("2026-10-25T01:30", "2026-10-25", "02:00", "7 02:00"),
        ("2026-10-25T22:59", "2026-10-25", "23:00", "7 23:00"),
        ("2026-10-25T23:00", "2026-10-26", "00:00", "1 00:00"),
    ],
)
def test_hours_and_days_are_those_of_the_clock_on_the_wall(
    at: str, day: str, hour: str, weekday_hour: str
) -> None:
    """Also in the night in which an hour is left out, and in the one in which an hour comes twice."""
    names = [calendar(by, AMSTERDAM, 900)(quarter(at)) for by in ("day", "hour", "weekday_hour")]
    assert names == [day, hour, weekday_hour]
