"""A past for the demo: eight weeks of finished handovers, so that the figures have something to show.

Nothing is written by hand: every event goes through the pure core with a made-up time, as the engine would do it with
the real one, and what the core decides is stored. So log, states and figures agree as in any installation.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

from openhandover.config.model import Config

from .weeks import DAYS, Sizes, write_past

__all__ = ["DAYS", "Sizes", "remember", "write_past"]


async def remember(folder: Path, config: Config) -> None:
    """Give the demo in this folder a past, unless it has one; its server must not run."""
    known = folder / "past"
    if known.exists():
        return
    sys.stdout.write("\n  Writing the last eight weeks ...\n")
    sys.stdout.flush()
    written = await write_past(config, datetime.now(UTC).astimezone())
    known.write_text(f"{written} conversations\n", "utf-8")
