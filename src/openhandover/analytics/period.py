"""The period that a report is about: read from the query, in a time zone, with the one before it to compare with."""

from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from openhandover.core import view
from openhandover.core.errors import invalid
from openhandover.web.call import Call

DEFAULT_DAYS = 30
"""How far back a report goes when nobody says."""

DAY_S = 86400
WEEK_S = 7 * DAY_S
HOUR_S = 3600
QUARTER_S = 900

MANY_WEEKS = 10 * 52
"""Of a longer period nobody looks at every week's offset."""


class Period(Struct, frozen=True):
    """From inclusive, to exclusive, in epoch seconds; days and hours are those of `zone`."""

    from_at: float
    to_at: float
    zone_name: str
    zone: tzinfo

    @property
    def bounds(self) -> dict[str, float]:
        """As the report queries want it."""
        return {"from_at": self.from_at, "to_at": self.to_at}

    @property
    def grain_s(self) -> int:
        """The longest stretch of seconds that lies in one hour of the zone's clock: mostly an hour, but where the clock
        is ahead by parts of an hour, at some time of the period, a quarter of one."""
        weeks = int((self.to_at - self.from_at) // WEEK_S)
        if weeks > MANY_WEEKS:
            return QUARTER_S
        moments = (self.to_at, *(self.from_at + week * WEEK_S for week in range(weeks + 1)))
        offsets = (datetime.fromtimestamp(at, self.zone).utcoffset() or timedelta() for at in moments)
        return QUARTER_S if any(offset % timedelta(hours=1) for offset in offsets) else HOUR_S

    @property
    def begins(self) -> str:
        """The first moment as RFC 3339."""
        return _time(self.from_at, "from")

    @property
    def ends(self) -> str:
        """The first moment after it as RFC 3339."""
        return _time(self.to_at, "to")

    def before(self, at: float) -> "Period":
        """The period before this one: as many days earlier by the clock on the wall, and of one that still runs at
        epoch second `at` only as much as has passed, so that a morning is compared with a morning."""
        days = max(1, round((self.to_at - self.from_at) / DAY_S))
        to_at = max(self.from_at, min(self.to_at, at))
        return Period(
            self._earlier(self.from_at, days), self._earlier(to_at, days), self.zone_name, self.zone
        )

    def _earlier(self, at: float, days: int) -> float:
        try:
            local = datetime.fromtimestamp(at, self.zone)
            return (local.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=self.zone).timestamp()
        except (ValueError, OverflowError, OSError):
            raise invalid("from", "is outside the calendar") from None


def period(call: Call) -> Period:
    """What the caller asks for: by default the last 30 days until now, in UTC. A date as `to` is included."""
    zone_name = call.text("tz") or "UTC"
    try:
        zone: tzinfo = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("tz", "is not a time zone; name one like Europe/Amsterdam, or UTC") from None
    from_at = _moment(call, "from", zone)
    to_at = _moment(call, "to", zone, day_after=True)
    if from_at is not None and to_at is not None and from_at > to_at:
        raise invalid("from", "is after `to`; swap them")
    to_at = call.engine.clock() + 1 if to_at is None else to_at
    return Period(to_at - DEFAULT_DAYS * DAY_S if from_at is None else from_at, to_at, zone_name, zone)


def _moment(call: Call, name: str, zone: tzinfo, *, day_after: bool = False) -> float | None:
    """A time of the query; of a date its first moment in the zone, with `day_after` that of the next day."""
    text = call.text(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day + timedelta(days=int(day_after)), time(), zone).timestamp()
    except (ValueError, OverflowError):
        return call.moment(name)


def _time(at: float, name: str) -> str:
    try:
        return view.time(at)
    except (ValueError, OverflowError, OSError):
        raise invalid(name, "is outside the calendar") from None
