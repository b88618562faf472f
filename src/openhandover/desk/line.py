"""What waits at the desk, in queue order: one line per inbox. In memory, no I/O."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator

from openhandover.core.routing import Waiting, rank

Key = tuple[int, float, str]


class Lines:
    """Who waits where; coming, going and asking for a position cost little however long a line is."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Key]] = {}
        self._places: dict[str, tuple[str, Key]] = {}

    def put(self, waiting: Waiting) -> None:
        """It waits in this inbox with this priority, whatever it did before."""
        inbox, key = waiting.demand.inbox, rank(waiting)
        if self._places.get(waiting.handover_id) == (inbox, key):
            return
        self.remove(waiting.handover_id)
        self._places[waiting.handover_id] = (inbox, key)
        insort(self._lines.setdefault(inbox, []), key)

    def remove(self, handover_id: str) -> None:
        """It waits no longer."""
        known = self._places.pop(handover_id, None)
        if known is None:
            return
        inbox, key = known
        line = self._lines[inbox]
        del line[bisect_left(line, key)]
        if not line:
            del self._lines[inbox]

    def position(self, waiting: Waiting) -> int:
        """The place in its inbox, from 1; of one that does not wait, where it would stand."""
        line = self._lines.get(waiting.demand.inbox, [])
        return 1 + bisect_left(line, rank(waiting))

    def inboxes(self) -> list[str]:
        """Where somebody waits."""
        return list(self._lines)

    def of(self, inbox: str) -> Iterator[str]:
        """Handover ids of one inbox, the first in line first."""
        return (key[2] for key in self._lines.get(inbox, ()))

    def __iter__(self) -> Iterator[str]:
        """Handover ids of all inboxes in queue order."""
        return (key[2] for key in heapq.merge(*self._lines.values()))
