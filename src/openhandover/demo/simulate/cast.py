"""Who is in the play: which conversation lives through which story, and how far both sides have come."""

from collections.abc import Collection, Sequence

from .ledger import Ledger
from .stories import Line, Visit


class Role:
    """One visit and its conversation."""

    def __init__(self, visit: Visit, conversation_id: str) -> None:
        self.visit = visit
        self.conversation_id = conversation_id
        self.to_bot: set[str] = set()
        """What the visitor said before the handover; an agent finds it in the transcript."""
        self.visitor_done = False
        self.agent_done = False


class Cast:
    """The visits under way, by conversation and by handover."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.roles: dict[str, Role] = {}
        self.handovers: dict[str, Role] = {}
        self.names: set[str] = set()
        """Names of the agents who are scripts."""

    def enter(self, visit: Visit, conversation_id: str) -> Role:
        """A visitor has begun."""
        role = self.roles[conversation_id] = Role(visit, conversation_id)
        return role

    def met(self, role: Role, handover_id: str) -> None:
        """A handover of this visit has begun."""
        self.handovers[handover_id] = role

    def expects(self, said: Collection[str]) -> bool:
        """Whether one of us said this to the bot and has not heard yet that a handover has begun."""
        return any(
            role.visit.email in said and not role.visitor_done and role not in self.handovers.values()
            for role in self.roles.values()
        )

    def visitor_left(self, role: Role) -> None:
        """The visitor is through."""
        role.visitor_done = True
        self._settle(role)

    def agent_left(self, role: Role) -> None:
        """The agent has read everything and closed."""
        role.agent_done = True
        self._settle(role)

    def _settle(self, role: Role) -> None:
        if role.visitor_done and role.agent_done:
            self.ledger.over(role.conversation_id)
            self.roles.pop(role.conversation_id, None)
            self.handovers = {key: one for key, one in self.handovers.items() if one is not role}


def answered_before(lines: Sequence[Line], place: int, who: str) -> int:
    """How many messages the other side has sent once it is the turn of `lines[place]`, a line of `who`."""
    return sum(line.is_said for line in lines[:place] if line.who != who)
