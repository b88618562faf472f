"""Figures of handovers: counts, rates, percentiles and groups."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from openhandover.analytics.figures import figures, grouped, percentile

UTC = ZoneInfo("UTC")
JAN_5_NOON = 1_767_614_400.0  # 2026-01-05T12:00:00Z, a Monday


def handover(status: str = "completed", **changes: Any) -> dict[str, Any]:
    """A handover that waited 60 s, got its first reply after 75 s and lasted 300 s, changed as told."""
    row: dict[str, Any] = {
        "status": status,
        "reason": "agent_closed",
        "provider": "support",
        "channel": "web",
        "language": "en",
        "agent": "Anna",
        "requested_at": JAN_5_NOON,
        "active_at": JAN_5_NOON + 60,
        "first_reply_at": JAN_5_NOON + 75,
        "ended_at": JAN_5_NOON + 360,
        "rating": None,
    }
    return row | changes


def conversation(
    channel: str = "web", *, handed_over: bool = False, at: float = JAN_5_NOON
) -> dict[str, Any]:
    """A conversation begun."""
    return {"channel": channel, "handed_over": int(handed_over), "requested_at": at}


def test_counts_by_status_and_what_is_open() -> None:
    """Every handover is counted once; what has not ended is open."""
    made = figures(
        [handover(status) for status in ("completed", "cancelled", "error", "transferred", "queued")], None
    )
    assert (made.handovers, made.completed, made.cancelled, made.error, made.transferred, made.open) == (
        5,
        1,
        1,
        1,
        1,
        1,
    )


def test_abandoned_means_given_up_before_anybody_joined() -> None:
    """A withdrawal while waiting counts, one during the talk does not, a time-out neither."""
    rows = [
        handover("cancelled", reason="user_cancelled", active_at=None),
        handover("cancelled", reason="user_left", active_at=None),
        handover("cancelled", reason="user_cancelled"),
        handover("error", reason="queue_timeout", active_at=None),
    ]
    made = figures(rows, None)
    assert (made.abandoned, made.abandonment_rate) == (2, 0.5)


def test_containment_is_the_share_of_conversations_without_a_handover() -> None:
    """Three of four conversations never needed a human."""
    begun = [conversation(), conversation(), conversation(), conversation(handed_over=True)]
    assert figures([handover()], begun).containment_rate == 0.75


def test_nothing_to_divide_by_is_null() -> None:
    """No handovers and no conversations: no rates, no percentiles, no mean."""
    made = figures([], [])
    assert (made.abandonment_rate, made.containment_rate, made.time_to_agent_s.p50, made.rating.mean) == (
        None,
    ) * 4


def test_times_and_ratings() -> None:
    """Waits count from the request, duration from joining; a rating that was not given does not count."""
    rows = [
        handover(rating=5),
        handover(active_at=JAN_5_NOON + 120, rating=2),
        handover(active_at=None, ended_at=None),
    ]
    made = figures(rows, None)
    assert (made.time_to_agent_s.p50, made.time_to_agent_s.p90) == (60.0, 120.0)
    assert made.time_to_first_reply_s.p50 == 75.0
    assert (made.duration_s.p50, made.duration_s.p90) == (240.0, 300.0)
    assert (made.rating.mean, made.rating.count) == (3.5, 2)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.5, None),
        ([7.0], 0.9, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(1, 11)], 0.9, 9.0),
    ],
)
def test_percentile_is_nearest_rank(values: list[float], share: float, expected: float | None) -> None:
    """The answer is a value that occurred."""
    assert percentile(values, share) == expected


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("status", ["completed", "error"]),
        ("reason", ["agent_closed", "no_answer"]),
        ("provider", ["support", "backup"]),
        ("channel", ["web", "api"]),
        ("language", ["en", "nl"]),
        ("agent", ["Anna", None]),
    ],
)
def test_groups_by_value_largest_first(by: Any, keys: list[str | None]) -> None:
    """Each value is a group, the one with most handovers first; a missing value is a group of its own."""
    other = handover("error", reason="no_answer", provider="backup", channel="api", language="nl", agent=None)
    made = grouped([handover(), other, handover()], [], by, UTC)
    assert [(group.key, group.figures.handovers) for group in made] == [(keys[0], 2), (keys[1], 1)]


def test_hours_and_days_are_those_of_the_time_zone() -> None:
    """Noon in UTC is one o'clock in Amsterdam; half past eleven in the evening is the next day there."""
    rows = [handover(), handover(requested_at=JAN_5_NOON + 11.5 * 3600)]
    zone = ZoneInfo("Europe/Amsterdam")
    assert [group.key for group in grouped(rows, [], "hour", zone)] == ["00:00", "13:00"]
    assert [group.key for group in grouped(rows, [], "day", zone)] == ["2026-01-05", "2026-01-06"]


def test_channel_groups_have_containment_also_without_any_handover() -> None:
    """A channel where the bot did everything alone is listed with containment 1; other groupings have none."""
    begun = [conversation("web", handed_over=True), conversation("api")]
    by_channel = {
        group.key: group.figures.containment_rate for group in grouped([handover()], begun, "channel", UTC)
    }
    assert by_channel == {"web": 0.0, "api": 1.0}
    assert grouped([handover()], begun, "provider", UTC)[0].figures.containment_rate is None
