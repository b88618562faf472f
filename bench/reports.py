"""How long the reports of a full quarter take, each call alone, over HTTP on the loopback.

    python bench/reports.py [--json] [--handovers 100000] [--days 90] [--calls 5]

The database is written through the store first (about half a minute for 100,000 handovers, with as many conversations
again that never had one); then every call of the analytics page is made a few times, and the median is printed in ms.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.analytics.history import Past
from tests.serving import Server, running_server

TOGETHER = 2_000
GROUPS = ("day", "weekday_hour", "why", "reason", "provider", "channel", "language", "agent")


async def write(server: Server, handovers: int, days: int) -> None:
    """The past, so many conversations at a time."""
    units = []
    for unit in Past(time.time(), days).units(handovers):
        units.append(server.engine.store.transact(unit))
        if len(units) == TOGETHER:
            await asyncio.gather(*units)
            units = []
    await asyncio.gather(*units)


def calls(period: str) -> dict[str, str]:
    """What the page asks."""
    grouped = {f"by {by}": f"handovers?{period}&group_by={by}&containment=false" for by in GROUPS}
    return {
        "total, with containment": f"handovers?{period}",
        "by day, with containment and the period before": f"handovers?{period}&group_by=day&compare=previous",
        **grouped,
        "values": f"values?{period}",
        "list": f"list?{period}&limit=25",
        "now": "now",
        "delivery": f"delivery?{period}",
        "troubles": f"troubles?{period}&limit=50",
    }


async def measure(handovers: int, days: int, repeats: int) -> dict[str, float]:
    """Milliseconds of each call."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_server(Path(folder)) as server:
            await write(server, handovers, days)
            found: dict[str, float] = {}
            for name, path in calls("from=2000-01-01&tz=Europe/Amsterdam").items():
                took: list[float] = []
                for _ in range(repeats):
                    begun = time.perf_counter()
                    answer = await server.call("GET", f"/v1/analytics/{path}")
                    took.append((time.perf_counter() - begun) * 1000)
                    assert answer.status == 200, answer
                found[name] = round(statistics.median(took), 1)
            return found


def main() -> None:
    """Print the figures."""
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--json", action="store_true")
    reader.add_argument("--handovers", type=int, default=100_000)
    reader.add_argument("--days", type=int, default=90)
    reader.add_argument("--calls", type=int, default=5)
    wanted = reader.parse_args()
    found = asyncio.run(measure(wanted.handovers, wanted.days, wanted.calls))
    if wanted.json:
        print(json.dumps({"handovers": wanted.handovers, "days": wanted.days, "median_ms": found}))
        return
    for name, took_ms in found.items():
        print(f"{took_ms:8.1f} ms  {name}")


if __name__ == "__main__":
    main()
