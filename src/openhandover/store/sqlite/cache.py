"""The states in memory. Only committed states come in, and this process is the only writer, so they are true."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from openhandover.core.model import Conversation


class Cache:
    """At most `size` conversations, the least recently used go first. The writer thread changes it; `peek` may be
    called from any thread."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: OrderedDict[str, Conversation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def get(self, conversation_id: str) -> Conversation | None:
        """The state, if it is here; using it keeps it longer."""
        state = self._states.get(conversation_id)
        if state is not None:
            self._states.move_to_end(conversation_id)
        return state

    def peek(self, conversation_id: str) -> Conversation | None:
        """The state, if it is here."""
        return self._states.get(conversation_id)

    def put(self, states: Mapping[str, Conversation]) -> None:
        """Take in what was just committed."""
        for conversation_id, state in states.items():
            self._states[conversation_id] = state
            self._states.move_to_end(conversation_id)
        while len(self._states) > self._size:
            self._states.popitem(last=False)

    def drop(self, conversation_ids: Iterable[str]) -> None:
        """Forget these; the database knows better."""
        for conversation_id in conversation_ids:
            self._states.pop(conversation_id, None)
