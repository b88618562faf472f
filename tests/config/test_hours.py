"""Opening hours in local wall time."""

from datetime import UTC, datetime

import pytest

from openhandover.config.hours import Hours

OFFICE = Hours.from_text("Mon-Fri 09:00-17:00 Europe/Amsterdam")


def at(text: str) -> float:
    """Epoch seconds of a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "time", "is_open"),
    [
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-01-05T08:00", True),  # Monday, 09:00 there
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-01-05T07:59", False),
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-01-05T16:00", False),  # 17:00 is closed
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-07-06T07:00", True),  # summer time
        ("Mon-Fri 09:00-17:00 Europe/Amsterdam", "2026-01-04T12:00", False),  # Sunday
        ("Mon-Fri 09:00-17:00", "2026-01-05T09:00", True),  # UTC
        ("Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-14:00 UTC", "2026-01-05T12:30", False),
        ("Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-14:00 UTC", "2026-01-05T13:30", True),
        ("Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-14:00 UTC", "2026-01-10T13:30", True),
        ("Fri 22:00-06:00 UTC", "2026-01-10T05:59", True),  # into Saturday
        ("Fri 22:00-06:00 UTC", "2026-01-10T06:00", False),
        ("Sat-Mon 10:00-11:00 UTC", "2026-01-05T10:30", True),  # a range over the end of the week
        ("Mon-Sun 00:00-24:00 UTC", "2026-01-07T23:59", True),
        ("monday-FRIDAY 9:00-17:00 UTC", "2026-01-07T09:00", True),
        ("Sun 00:00-24:00 America/New_York", "2026-01-05T04:59", True),
    ],
)
def test_is_open(text: str, time: str, is_open: bool) -> None:
    """The start is open, the end is closed."""
    assert Hours.from_text(text).is_open(at(time)) is is_open


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-01-05T07:00", "2026-01-05T08:00"),
        ("2026-01-05T16:00", "2026-01-06T08:00"),
        ("2026-01-09T16:00", "2026-01-12T08:00"),  # over the weekend
        ("2026-03-27T20:00", "2026-03-30T07:00"),  # over the change to summer time
        ("2026-10-23T20:00", "2026-10-26T08:00"),  # and back
        ("2026-01-05T09:30", "2026-01-05T09:30"),  # open now
    ],
)
def test_next_opening(now: str, opens: str) -> None:
    """The next start in wall time; now while it is open."""
    assert OFFICE.next_opening(at(now)) == at(opens)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon",
        "09:00-17:00",
        "Mon 9-17",
        "Mon 25:00-26:00",
        "Mon 09:60-10:00",
        "Mon 09:00-10:00 Mars/Base",
        "Mon-Foo 09:00-10:00",
        "Mon 24:00-24:00",
        ",",
        "Mon 09:00-10:00 ; Europe/Amsterdam",
    ],
)
def test_what_is_not_hours_is_refused_with_a_mend(text: str) -> None:
    """The text of the error says how to write it."""
    with pytest.raises(ValueError, match=r"; (write|use)"):
        Hours.from_text(text)
