"""The server's own account: the proofs of all handovers since the supervisor started, added up."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
from msgspec import Struct

from openhandover.demo.simulate.ledger import Counts

EVERY_S = 1.5
LATE_S = 75.0
"""So long after its end a handover may still get a late message; then its proof is final."""


class Proven(Struct, frozen=True):
    """The counts of one proof, and when the handover ended."""

    counts: dict[str, int]
    ended_at: datetime | None


class Proofs:
    """Asks for proofs again and again; while the server is down the last ones stand."""

    def __init__(self, base: str, key: str) -> None:
        self.handovers = 0
        self._base = base
        self._headers = {"Authorization": f"Bearer {key}"}
        self._since = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._proven: dict[str, Proven] = {}

    async def follow(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(headers=self._headers) as http:
            while True:
                with suppress(aiohttp.ClientError, TimeoutError):
                    await self.look(http)
                await asyncio.sleep(EVERY_S)

    async def look(self, http: aiohttp.ClientSession) -> None:
        """Fetch what may have changed."""
        cursor = ""
        while True:
            query = {"from": self._since, "limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = await self._get(http, "/v1/handovers", query)
            for handover in page["items"]:
                if not self._is_final(handover["id"]):
                    await self._prove(http, handover)
            if page["next"] is None:
                return
            cursor = page["next"]

    def _is_final(self, handover_id: str) -> bool:
        known = self._proven.get(handover_id)
        if known is None or known.ended_at is None or known.counts["pending"]:
            return False
        return (datetime.now(UTC) - known.ended_at).total_seconds() > LATE_S

    async def _prove(self, http: aiohttp.ClientSession, handover: dict[str, Any]) -> None:
        found = await self._get(http, f"/v1/handovers/{handover['id']}/proof")
        ended = handover["ended_at"]
        ended_at = datetime.fromisoformat(ended) if ended else None
        self._proven[handover["id"]] = Proven(found["counts"], ended_at)
        self.handovers = len(self._proven)

    async def _get(self, http: aiohttp.ClientSession, path: str, query: Any = None) -> dict[str, Any]:
        async with http.get(self._base + path, params=query) as reply:
            reply.raise_for_status()
            return await reply.json()

    def counts(self) -> Counts:
        """The sum. `lost` is what is neither delivered nor pending nor refused with word to its writer."""
        total = dict.fromkeys(("accepted", "delivered", "pending", "failed", "repeated", "misordered"), 0)
        for proven in self._proven.values():
            for name in total:
                total[name] += proven.counts[name]
        told = total.pop("failed")
        lost = total["accepted"] - total["delivered"] - total["pending"] - told
        return Counts(**total, told=told, lost=lost)
