"""`/v1/analytics/list`, `/now` and `/values`: single handovers, what is open now, and what one can filter by."""

import base64
import binascii
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core import view
from openhandover.core.errors import invalid
from openhandover.texts.redaction import redact
from openhandover.web.call import Call
from openhandover.web.endpoint import Reply, Stream, json_reply, page

from .filters import filters
from .period import period
from .tables import long_table, name_of, table
from .types import type_of

MOST_OPEN = 200
"""So many of the open handovers are listed, those open longest first; all are counted."""

CSV_PAGE = 2_000
_NEWEST = (float("inf"), "")
_position = msgspec.json.Decoder(tuple[float, str])


class HandoverLine(Struct, frozen=True):
    """One handover in a list. Times are RFC 3339, stretches in seconds; `waited_s` runs until somebody joined, the
    handover ended, or now."""

    id: str
    conversation_id: str
    status: str
    reason: str | None
    why: str | None
    provider: str
    type: str
    channel: str
    medium: str
    language: str
    initiator: str
    agent: str | None
    requested_at: str
    active_at: str | None
    first_reply_at: str | None
    ended_at: str | None
    waited_s: float
    duration_s: float | None
    rating: int | None


class OpenNow(Struct, frozen=True):
    """What is open at this moment; `longest_wait_s` is that of those who wait, null when nobody does."""

    at: str
    open: int
    waiting: int
    active: int
    longest_wait_s: float | None
    items: list[HandoverLine]
    next: None = None


class FilterValues(Struct, frozen=True):
    """What the handovers of a period can be filtered by."""

    statuses: list[str]
    providers: list[str]
    channels: list[str]
    languages: list[str]
    agents: list[str]


COLUMNS = HandoverLine.__struct_fields__


def _listed(call: Call, row: Mapping[str, Any], at: float) -> HandoverLine:
    requested_at, active_at, ended_at = row["requested_at"], row["active_at"], row["ended_at"]
    waited_until = next(moment for moment in (active_at, ended_at, at) if moment is not None)
    lasted = None if active_at is None else (at if ended_at is None else ended_at) - active_at
    why = row["why"]
    return HandoverLine(
        **{name: row[name] for name in ("id", "conversation_id", "status", "reason", "provider", "channel")},
        **{name: row[name] for name in ("medium", "language", "initiator", "agent", "rating")},
        type=type_of(call.site.config, row["provider"]),
        why=None if why is None else redact(why, call.site.config.redaction.to_log),
        requested_at=view.time(requested_at),
        active_at=view.optional_time(active_at),
        first_reply_at=view.optional_time(row["first_reply_at"]),
        ended_at=view.optional_time(ended_at),
        waited_s=round(max(0.0, waited_until - requested_at), 3),
        duration_s=None if lasted is None else round(max(0.0, lasted), 3),
    )


def _start(cursor: str | None) -> tuple[float, str]:
    if cursor is None:
        return _NEWEST
    try:
        return _position.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, msgspec.MsgspecError, ValueError):
        raise invalid("cursor", "is not a cursor of this list; leave it out to start again") from None


def _cursor(row: Mapping[str, Any]) -> str:
    place = msgspec.json.encode((row["requested_at"], row["id"]))
    return base64.urlsafe_b64encode(place).decode().rstrip("=")


async def _rows(
    call: Call, parameters: Mapping[str, Any], start: tuple[float, str], limit: int
) -> Sequence[Mapping[str, Any]]:
    place = {"before_at": start[0], "before_id": start[1], "limit": limit}
    return await call.engine.store.report("analytics_list", {**parameters, **place})


async def listed(call: Call) -> Reply:
    """GET /v1/analytics/list"""
    parameters = {**period(call).bounds, **filters(call)}
    limit, at = call.limit, call.engine.clock()
    rows = await _rows(call, parameters, _start(call.cursor), limit + 1)
    shown = rows[:limit]
    return page([_listed(call, row, at) for row in shown], _cursor(shown[-1]) if len(rows) > limit else None)


async def listed_csv(call: Call) -> Stream:
    """GET /v1/analytics/list.csv"""
    wanted = period(call)
    parameters = {**wanted.bounds, **filters(call)}
    at = call.engine.clock()

    async def pages() -> AsyncIterator[Sequence[Mapping[str, Any]]]:
        start = _NEWEST
        while rows := await _rows(call, parameters, start, CSV_PAGE):
            yield [msgspec.structs.asdict(_listed(call, row, at)) for row in rows]
            start = (rows[-1]["requested_at"], rows[-1]["id"])

    return long_table(name_of("list", wanted), COLUMNS, pages())


async def _open(call: Call) -> OpenNow:
    parameters, at = {**filters(call), "limit": MOST_OPEN}, call.engine.clock()
    store = call.engine.store
    rows = await store.report("analytics_open", parameters)
    (counts,) = await store.report("analytics_open_counts", parameters)
    since_at, waiting = counts["since_at"], counts["waiting"] or 0
    return OpenNow(
        view.time(at),
        counts["open"],
        waiting,
        counts["open"] - waiting,
        None if since_at is None else round(max(0.0, at - since_at), 3),
        [_listed(call, row, at) for row in rows],
    )


async def open_now(call: Call) -> Reply:
    """GET /v1/analytics/now"""
    return json_reply(await _open(call))


async def open_now_csv(call: Call) -> Reply:
    """GET /v1/analytics/now.csv"""
    return table(
        "open-now.csv", COLUMNS, [msgspec.structs.asdict(item) for item in (await _open(call)).items]
    )


async def values(call: Call) -> Reply:
    """GET /v1/analytics/values"""
    rows = await call.engine.store.report("analytics_values", period(call).bounds)
    columns = ("status", "provider", "channel", "language", "agent")
    return json_reply(FilterValues(*(sorted({row[name] for row in rows} - {None}) for name in columns)))
