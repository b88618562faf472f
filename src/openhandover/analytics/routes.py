"""`/v1/analytics/`: every handover counted, as JSON and CSV."""

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from openhandover.config.model import Config
from openhandover.core import view
from openhandover.core.errors import invalid
from openhandover.engine import Engine
from openhandover.web.call import Call
from openhandover.web.endpoint import Endpoint, Query, Reply, json_reply
from openhandover.web.pages import page_endpoints
from openhandover.web.site import now

from .figures import GROUPS, Figures, Group, GroupFigures, figures, grouped

DEFAULT_DAYS = 30
"""How far back a report goes when nobody says."""


class HandoversReport(Struct, frozen=True):
    """Figures of the handovers requested in a period; `items` per group when `group_by` is given."""

    from_: str = msgspec.field(name="from")
    to: str = msgspec.field(name="to")
    tz: str = "UTC"
    group_by: str | None = None
    total: Figures | None = None
    items: list[GroupFigures] = []
    next: None = None


class Leg(Struct, frozen=True):
    """One direction of delivery: messages accepted, delivered, given up, and calls beyond the first."""

    direction: str
    accepted: int
    delivered: int
    failed: int
    retries: int


class DeliveryReport(Struct, frozen=True):
    """How delivery went in a period; the sums, and each direction."""

    from_: str = msgspec.field(name="from")
    to: str = msgspec.field(name="to")
    accepted: int = 0
    delivered: int = 0
    pending: int = 0
    failed: int = 0
    retries: int = 0
    duplicates_suppressed: int = 0
    late_events: int = 0
    items: list[Leg] = []
    next: None = None


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


def period(call: Call) -> Period:
    """What the caller asks for: by default the last 30 days until now, in UTC. A date as `to` is included."""
    zone_name = call.text("tz") or "UTC"
    try:
        zone: tzinfo = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise invalid("tz", "is not a time zone like Europe/Amsterdam") from None
    to_at = _moment(call, "to", zone, day_after=True)
    to_at = now() + 1 if to_at is None else to_at
    from_at = _moment(call, "from", zone)
    return Period(to_at - DEFAULT_DAYS * 86400 if from_at is None else from_at, to_at, zone_name, zone)


def _moment(call: Call, name: str, zone: tzinfo, *, day_after: bool = False) -> float | None:
    text = call.text(name)
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
        whole_day = datetime.combine(day + timedelta(days=int(day_after)), time(), zone)
        return whole_day.timestamp()
    except (ValueError, OverflowError):
        return call.moment(name)


def group_by(call: Call) -> Group | None:
    """The wanted grouping, refused when there is no such."""
    wanted = call.text("group_by")
    if wanted is not None and wanted not in GROUPS:
        raise invalid("group_by", f"is none of {', '.join(GROUPS)}")
    return wanted


async def _report(call: Call) -> HandoversReport:
    wanted, by = period(call), group_by(call)
    store = call.engine.store
    rows = await store.report("analytics_handovers", wanted.bounds)
    begun = await store.report("analytics_conversations", wanted.bounds)
    # Sorting a year of handovers takes a while; other requests go on meanwhile.
    total, items = await asyncio.to_thread(_figures, rows, begun, by, wanted.zone)
    return HandoversReport(_time(wanted.from_at), _time(wanted.to_at), wanted.zone_name, by, total, items)


def _figures(
    rows: Sequence[Mapping[str, Any]], begun: Sequence[Mapping[str, Any]], by: Group | None, zone: tzinfo
) -> tuple[Figures, list[GroupFigures]]:
    return figures(rows, begun), grouped(rows, begun, by, zone) if by else []


def _time(at: float) -> str:
    try:
        return view.time(at)
    except (ValueError, OverflowError, OSError):
        raise invalid("from", "is outside the calendar") from None


async def handovers(call: Call) -> Reply:
    """GET /v1/analytics/handovers"""
    return json_reply(await _report(call))


async def handovers_csv(call: Call) -> Reply:
    """GET /v1/analytics/handovers.csv"""
    report = await _report(call)
    groups = report.items
    if not report.group_by and report.total:
        groups = [GroupFigures("total", report.total)]
    file = io.StringIO()
    rows = [dict(_flat(group, report.group_by or "group")) for group in groups]
    writer = csv.DictWriter(
        file, list(rows[0]) if rows else [report.group_by or "group"], lineterminator="\r\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    name = f"handovers-{report.from_[:10]}-{report.to[:10]}.csv"
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
    return Reply(200, file.getvalue().encode(), b"text/csv; charset=utf-8", (disposition,))


def _flat(group: GroupFigures, by: str) -> Iterator[tuple[str, Any]]:
    yield by, _harmless(group.key or "")
    for name, value in cast("dict[str, Any]", msgspec.to_builtins(group.figures)).items():
        if isinstance(value, dict):
            for part, number in cast("dict[str, Any]", value).items():
                yield f"{name}_{part}", number
        else:
            yield name, value


def _harmless(text: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


async def delivery(call: Call) -> Reply:
    """GET /v1/analytics/delivery"""
    wanted = period(call)
    store = call.engine.store
    legs = [msgspec.convert(row, Leg) for row in await store.report("analytics_delivery", wanted.bounds)]
    (suppressed,) = await store.report("analytics_suppressed", wanted.bounds)
    sums = {
        name: sum(getattr(leg, name) for leg in legs)
        for name in ("accepted", "delivered", "failed", "retries")
    }
    return json_reply(
        DeliveryReport(
            _time(wanted.from_at),
            _time(wanted.to_at),
            accepted=sums["accepted"],
            delivered=sums["delivered"],
            failed=sums["failed"],
            retries=sums["retries"],
            pending=sums["accepted"] - sums["delivered"] - sums["failed"],
            duplicates_suppressed=suppressed["duplicates_suppressed"],
            late_events=suppressed["late_events"],
            items=legs,
        )
    )


FROM = Query("from", str, "requested at or after this time or date; 30 days before `to` when absent")
TO = Query("to", str, "requested before this time, or up to and including this date; now when absent")
TZ = Query("tz", str, "time zone of dates, days and hours, like Europe/Amsterdam; UTC when absent")
BY = Query("group_by", Group, "one entry of `items` for each value")
CSV: dict[str, Any] = {"x-content": {"text/csv": {"schema": {"type": "string"}}}}

ANALYTICS_ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "GET",
        "/v1/analytics/handovers",
        handovers,
        "Count handovers: how many, how they ended, how long they took",
        scope="analytics",
        query=(FROM, TO, TZ, BY),
        answers={200: HandoversReport},
        tag="analytics",
    ),
    Endpoint(
        "GET",
        "/v1/analytics/handovers.csv",
        handovers_csv,
        "The same as a table",
        scope="analytics",
        query=(FROM, TO, TZ, BY),
        answers={200: CSV},
        tag="analytics",
    ),
    Endpoint(
        "GET",
        "/v1/analytics/delivery",
        delivery,
        "How delivery went: retries, duplicates suppressed, late events, failures",
        scope="analytics",
        query=(FROM, TO, TZ),
        answers={200: DeliveryReport},
        tag="analytics",
    ),
)


STATIC = Path(__file__).parent / "static"


def analytics_routes(engine: Engine, config: Config) -> Sequence[Endpoint]:
    """The calls and the page of this package."""
    return (*ANALYTICS_ENDPOINTS, *page_endpoints("/analytics", STATIC))
