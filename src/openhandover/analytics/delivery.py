"""`/v1/analytics/delivery` and `/troubles`: how messages got through, and which ones had difficulties."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field, structs

from openhandover.core import view
from openhandover.web.call import Call
from openhandover.web.endpoint import Reply, json_reply, page

from .period import Period, period
from .tables import name_of, table

DIRECTIONS = {"to_user": "user", "to_agent": "agent", "to_bot": "bot"}
"""Direction -> what the store calls its receiver."""


class Leg(Struct, frozen=True):
    """One direction of delivery: messages accepted, delivered, given up, and calls beyond the first."""

    direction: str
    accepted: int
    delivered: int
    failed: int
    retries: int
    pending: int = 0


class DeliveryReport(Struct, frozen=True):
    """How delivery went in a period; the sums, and each direction."""

    from_: str = field(name="from")
    to: str = field(name="to")
    accepted: int = 0
    delivered: int = 0
    pending: int = 0
    failed: int = 0
    retries: int = 0
    duplicates_suppressed: int = 0
    late_events: int = 0
    items: list[Leg] = []
    next: None = None


class Trouble(Struct, frozen=True):
    """A message that did not get through at the first call. `calls` so far; `state` is `delivered`, `read`,
    `failed` (given up) or `pending`."""

    at: str
    conversation_id: str
    seq: int
    handover_id: str | None
    direction: str
    state: str
    calls: int


async def _legs(call: Call, wanted: Period) -> list[Leg]:
    store = call.engine.store
    rows = await asyncio.gather(
        store.report("analytics_delivery", wanted.bounds), store.report("analytics_exceptions", wanted.bounds)
    )
    found = {name: value or 0 for (row,) in rows for name, value in row.items()}
    legs: list[Leg] = []
    for way in sorted(DIRECTIONS):
        accepted, pending, failed = (found[f"{way}_{what}"] for what in ("accepted", "pending", "failed"))
        if accepted:
            delivered = accepted - pending - failed
            legs.append(Leg(way, accepted, delivered, failed, found[f"{way}_retries"], pending))
    return legs


async def delivery(call: Call) -> Reply:
    """GET /v1/analytics/delivery"""
    wanted = period(call)
    begins, ends = wanted.begins, wanted.ends
    legs = await _legs(call, wanted)
    (suppressed,) = await call.engine.store.report("analytics_suppressed", wanted.bounds)
    names = ("accepted", "delivered", "pending", "failed", "retries")
    sums = {name: sum(getattr(leg, name) for leg in legs) for name in names}
    return json_reply(DeliveryReport(begins, ends, **sums, **suppressed, items=legs))


async def delivery_csv(call: Call) -> Reply:
    """GET /v1/analytics/delivery.csv"""
    wanted = period(call)
    rows = [structs.asdict(leg) for leg in await _legs(call, wanted)]
    return table(name_of("delivery", wanted), Leg.__struct_fields__, rows)


async def _troubles(call: Call, wanted: Period) -> list[Trouble]:
    rows = await call.engine.store.report("analytics_troubles", {**wanted.bounds, "limit": call.limit})
    return [trouble for row in rows for trouble in _ways(row)]


def _ways(row: Mapping[str, Any]) -> Iterator[Trouble]:
    """The directions in which this message had difficulties."""
    for way, receiver in DIRECTIONS.items():
        state, calls = row[f"{receiver}_state"], row[f"{receiver}_tries"] or 0
        if row[way] and (calls > 1 or state == "failed"):
            at = view.time(row["at"])
            yield Trouble(
                at, row["conversation_id"], row["seq"], row["handover_id"], way, state or "pending", calls
            )


async def troubles(call: Call) -> Reply:
    """GET /v1/analytics/troubles"""
    return page(await _troubles(call, period(call)), None)


async def troubles_csv(call: Call) -> Reply:
    """GET /v1/analytics/troubles.csv"""
    wanted = period(call)
    rows = [structs.asdict(one) for one in await _troubles(call, wanted)]
    return table(name_of("troubles", wanted), Trouble.__struct_fields__, rows)
