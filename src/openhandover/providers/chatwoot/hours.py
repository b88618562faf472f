"""The working hours of an inbox: whether it is open, and when it opens next."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .wire import Day, Inbox

_AHEAD_DAYS = 8


def closed_until(inbox: Inbox, now: datetime) -> str | None:
    """None while the inbox is open, or has no working hours; else when it opens (RFC 3339), empty for never.

    A time zone that this machine does not know counts as no working hours: rather ring for nobody than send everybody
    away.
    """
    if not inbox.working_hours_enabled:
        return None
    try:
        zone = ZoneInfo(inbox.timezone or "UTC")
    except (KeyError, OSError, ValueError):
        return None
    local = now.astimezone(zone)
    opening = ""
    for ahead in range(_AHEAD_DAYS):
        date = local.date() + timedelta(days=ahead)
        for day in inbox.working_hours or ():
            if day.day_of_week != date.isoweekday() % 7:
                continue
            times = _times(day)
            if times is None:
                continue
            start = datetime.combine(date, times[0], zone)
            end = datetime.combine(date, times[1], zone)
            if start <= local < end:
                return None
            if local < start and not opening:
                opening = start.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return opening


def _times(day: Day) -> tuple[time, time] | None:
    """From when to when it is open that day; None for not at all."""
    if day.open_all_day:
        return time.min, time.max
    if day.closed_all_day or day.open_hour is None or day.close_hour is None:
        return None
    start = time(day.open_hour, day.open_minutes or 0)
    end = time(day.close_hour, day.close_minutes or 0) if day.close_hour < 24 else time.max
    return start, end
