"""`/v1/analytics/handovers`: how many, how they ended, how long they took; as JSON and CSV."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
from msgspec import Struct

from openhandover.texts.redaction import redact
from openhandover.web.call import Call
from openhandover.web.endpoint import Reply, json_reply

from .figures import Begun, Figures, GroupFigures, Tally, added, calendar, figures, grouped, tally
from .filters import BY_TIME, Group, choice, filters, group_by
from .period import Period, period
from .tables import name_of, table
from .types import type_of

Rows = Sequence[Mapping[str, Any]]


class Before(Struct, frozen=True):
    """The figures of the period before, for comparison."""

    from_: str = msgspec.field(name="from")
    to: str = msgspec.field(name="to")
    total: Figures | None = None


class HandoversReport(Struct, frozen=True):
    """Figures of the handovers requested in a period; `items` per group when `group_by` is given."""

    from_: str = msgspec.field(name="from")
    to: str = msgspec.field(name="to")
    tz: str = "UTC"
    group_by: str | None = None
    total: Figures | None = None
    previous: Before | None = None
    items: list[GroupFigures] = []
    next: None = None


class _Wanted(Struct, frozen=True):
    """What one report asks the store."""

    period: Period
    narrowed: Mapping[str, Any]
    by: Group | None = None
    containment: bool = True

    @property
    def parameters(self) -> dict[str, Any]:
        """Of both report queries."""
        by = "time" if self.by in BY_TIME else "provider" if self.by == "type" else self.by
        return {**self.period.bounds, **self.narrowed, "by": by, "grain_s": self.period.grain_s}

    @property
    def knows_conversations(self) -> bool:
        """Whether conversations can be narrowed in the same way: only by their channel."""
        return self.containment and not any(
            self.narrowed[name] for name in self.narrowed if name != "channel"
        )


async def _found(call: Call, wanted: _Wanted) -> tuple[Rows, Rows | None]:
    """The rows of both queries, read side by side."""
    store = call.engine.store
    handovers = store.report("analytics_handovers", wanted.parameters)
    if not wanted.knows_conversations:
        return await handovers, None
    by = wanted.parameters["by"] if wanted.by in (*BY_TIME, "channel") else None
    begun = store.report("analytics_conversations", {**wanted.parameters, "by": by})
    both = await asyncio.gather(handovers, begun)
    return both[0], both[1]


def _total(rows: Sequence[Tally], begun: Rows | None) -> Figures:
    started = None
    if begun is not None:
        started = Begun(sum(row["begun"] for row in begun), sum(row["handed_over"] for row in begun))
    return figures(added(rows), started)


def _tallies(rows: Rows) -> list[tuple[Any, Tally]]:
    return [(row["key"], tally(row)) for row in rows]


async def report(call: Call) -> HandoversReport:
    """What the caller asks for."""
    wanted = _Wanted(
        period(call), filters(call), group_by(call), choice(call, "containment", ("true", "false")) != "false"
    )
    compared = choice(call, "compare", ("previous",))
    begins, ends = wanted.period.begins, wanted.period.ends
    rows, begun = await _found(call, wanted)
    # A year of handovers takes a while; other requests go on meanwhile.
    tallies = await asyncio.to_thread(_tallies, rows)
    total = await asyncio.to_thread(_total, [one for _, one in tallies], begun)
    items: list[GroupFigures] = []
    if wanted.by:
        by, per_group = wanted.by, begun if wanted.by in (*BY_TIME, "channel") else None
        items = await asyncio.to_thread(grouped, tallies, per_group, by, _name(call, by, wanted.period))
    return HandoversReport(
        begins,
        ends,
        wanted.period.zone_name,
        wanted.by,
        total,
        await _before(call, wanted) if compared else None,
        items,
    )


async def _before(call: Call, wanted: _Wanted) -> Before:
    earlier = wanted.period.before(call.engine.clock())
    rows, begun = await _found(call, _Wanted(earlier, wanted.narrowed, None, wanted.containment))
    return Before(earlier.begins, earlier.ends, _total([tally(row) for row in rows], begun))


def _name(call: Call, by: Group, of: Period) -> Callable[[Any], str | None]:
    """How a key of the store is shown; what people wrote freely may hold personal data, which is blacked out."""
    if by in BY_TIME:
        return calendar(by, of.zone, of.grain_s)
    if by == "type":
        return lambda key: type_of(call.site.config, key)
    if by != "why":
        return lambda key: key
    hidden = call.site.config.redaction.to_log
    return lambda key: None if key is None else redact(key, hidden)


async def handovers(call: Call) -> Reply:
    """GET /v1/analytics/handovers"""
    return json_reply(await report(call))


async def handovers_csv(call: Call) -> Reply:
    """GET /v1/analytics/handovers.csv"""
    made = await report(call)
    by = made.group_by or "group"
    groups = made.items
    if not made.group_by and made.total:
        groups = [GroupFigures("total", made.total)]
    rows = [{by: group.key or "", **_flat(group.figures)} for group in groups]
    columns = [by, *(_flat(made.total) if made.total else {})]
    return table(name_of("handovers", period(call)), columns, rows)


def _flat(found: Figures) -> dict[str, Any]:
    """The figures with nested ones joined by `_`."""
    flat: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", msgspec.to_builtins(found)).items():
        if isinstance(value, dict):
            flat |= {f"{name}_{part}": number for part, number in cast("dict[str, Any]", value).items()}
        elif name == "scores":
            flat |= {f"rated_{score}": many for score, many in enumerate(value, 1)}
        else:
            flat[name] = value
    return flat
