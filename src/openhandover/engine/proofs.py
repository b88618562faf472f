"""The proof of a handover: every message between user and agent, when accepted, when delivered, how often tried."""

from typing import Any

from openhandover.core import view
from openhandover.core.model import Handover
from openhandover.core.view import message_of
from openhandover.store.port import LogRow, Store

PAGE = 1_000


async def prove(store: Store, handover: Handover) -> dict[str, Any]:
    """The contract's proof object, from the log alone."""
    items: list[dict[str, Any]] = []
    counts = {"accepted": 0, "delivered": 0, "pending": 0, "failed": 0, "repeated": 0, "misordered": 0}
    last_at = {"to_agent": 0.0, "to_user": 0.0}
    after = handover.requested_seq - 1
    while rows := await store.log(handover.conversation_id, after, PAGE, messages_only=True):
        for row in rows:
            after = row.entry.seq
            if row.entry.handover_id != handover.id or row.entry.type != "message.created":
                continue
            for direction, reached in _ways(row):
                counts["accepted"] += 1
                counts["repeated"] += row.delivered.repeats
                state, attempts, at = reached or ("pending", 0, 0.0)
                delivered = state in ("delivered", "read")
                counts["delivered" if delivered else state] += 1
                if delivered:
                    counts["misordered"] += at < last_at[direction]
                    last_at[direction] = max(at, last_at[direction])
                items.append(
                    {
                        "id": message_of(row.entry).id,
                        "direction": direction,
                        "seq": row.entry.seq,
                        "accepted_at": view.time(row.entry.at),
                        "delivered_at": view.time(at) if delivered else None,
                        "attempts": attempts,
                    }
                )
    return {"items": items, "counts": counts}


def _ways(row: LogRow) -> list[tuple[str, tuple[str, int, float] | None]]:
    """The directions in which an entry goes; system texts are no relay."""
    if row.entry.key is not None and row.entry.key.startswith("system:"):
        return []
    ways: list[tuple[str, tuple[str, int, float] | None]] = []
    if row.entry.to_agent:
        ways.append(("to_agent", row.delivered.agent))
    if row.entry.to_user:
        ways.append(("to_user", row.delivered.user))
    return ways
