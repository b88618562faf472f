"""How long a call is tried again, and how soon."""

import asyncio
import random
import time

from openhandover.core.errors import OpenHandoverError

FIRST_S = 0.25
LONGEST_S = 8.0


class Patience:
    """Pauses that double, until the time is up."""

    def __init__(self, give_up_s: float) -> None:
        self._until = time.monotonic() + give_up_s
        self._pause_s = FIRST_S

    async def rest(self, fault: OpenHandoverError, retry_after_s: float | None = None) -> None:
        """Wait before the next try: as long as the server asks, else with some chance so that not all come at once.

        Raises:
            OpenHandoverError: `fault`, when the next try would come too late.
        """
        pause_s = self._pause_s * random.uniform(0.7, 1.0) if retry_after_s is None else retry_after_s  # noqa: S311 - no secret
        self._pause_s = min(self._pause_s * 2, LONGEST_S)
        if time.monotonic() + pause_s > self._until:
            raise fault
        await asyncio.sleep(pause_s)
