"""A past for the demo: four weeks of finished handovers, so that the figures have something to show.

Nothing is written by hand: every event goes through the pure core with a made-up time, as the engine would do it with
the real one, and what the core decides is stored. So log, states and figures agree as in any installation.
"""

from .weeks import DAYS, write_past

__all__ = ["DAYS", "write_past"]
