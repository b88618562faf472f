"""What a supervisor sees of the whole desk, and what came before with one user."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core import view
from openhandover.core.model import Handover
from openhandover.core.routing import Demand
from openhandover.store.port import Store

from .board import Board
from .shapes import Earlier, Holder, InboxQueue, Today
from .sight import Sight


class _Digest(Struct, frozen=True):
    """The part of a digest that is read here."""

    summary: str = ""


async def today(store: Store, providers: Sequence[str], at: float, zone: tzinfo) -> Today:
    """The desk's handovers since midnight of this zone."""
    midnight = datetime.fromtimestamp(at, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    parameters = {
        "from_at": midnight.timestamp(),
        "providers": msgspec.json.encode(list(providers)).decode(),
    }
    (row,) = await store.report("desk_day", parameters)
    wait_s: float | None = row["p50_wait_s"]
    return Today(
        since=view.time(midnight.timestamp()),
        handovers=row["handovers"],
        answered=row["answered"],
        abandoned=row["abandoned"],
        p50_wait_ms=None if wait_s is None else round(wait_s * 1000),
    )


def queues(board: Board, inboxes: Sequence[str]) -> list[InboxQueue]:
    """What waits in each inbox."""
    return [_queue(board, inbox) for inbox in inboxes]


def _queue(board: Board, inbox: str) -> InboxQueue:
    waiting = [board.places[handover_id] for handover_id in board.lines.of(inbox)]
    newcomer = Demand(inbox=inbox)
    wait_s = board.wait_s(board.newcomer_position(newcomer), newcomer)
    oldest = min((place.requested_at for place in waiting), default=None)
    return InboxQueue(
        inbox=inbox,
        waiting=len(waiting),
        oldest_since=view.optional_time(oldest),
        estimated_wait_ms=None if wait_s is None else round(wait_s * 1000),
    )


async def previous(
    store: Store, handover: Handover, user_id: str, sight: Sight, *, worded: bool
) -> list[Earlier]:
    """The last ended handovers of this user that were requested before this one, newest first. `worded`: a language
    model sums talks up here."""
    rows = await store.report(
        "desk_previous",
        {"user_id": user_id, "handover_id": handover.id, "before": handover.requested_at},
    )
    return [_earlier(row, sight, worded) for row in rows]


def _earlier(row: Mapping[str, Any], sight: Sight, worded: bool) -> Earlier:
    digest = msgspec.json.decode(row["digest"], type=_Digest) if row["digest"] else _Digest()
    known = row["agent_name"] or row["agent_id"]
    return Earlier(
        handover_id=row["handover_id"],
        conversation_id=row["conversation_id"],
        ended_at=view.time(row["ended_at"]),
        status=row["status"],
        reason=row["reason"],
        agent=Holder(row["agent_id"] or known, known) if known else None,
        summary=sight.text(digest.summary) or None,
        worded=worded,
        rating=row["rating"],
    )
