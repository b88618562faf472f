"""The built-in desk as a provider: the same interface as every vendor, with our own board of agents behind it.

What the user writes needs no call: agents see the conversation itself. What agents do comes in as provider facts,
like those of any vendor.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Protocol

import msgspec

from openhandover.core.errors import NobodyThere
from openhandover.core.model import Message
from openhandover.core.routing import Demand
from openhandover.net.client import Sender
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
)

from .settings import Route, Settings


class Board(Protocol):
    """What the desk must answer: who could take it, and where it would stand."""

    def availability(self, demand: Demand) -> Availability:
        """Whether anybody matches now, with position and wait for one more handover."""
        ...

    def typing(self, handover_id: str, *, on: bool) -> None:
        """Show the agent that the user is typing."""
        ...

    async def close(self) -> None:
        """The server stops."""
        ...


def demand(route: Mapping[str, Any]) -> Demand:
    """The routing wishes of a rendered route; an absent or empty key takes its default.

    Raises:
        msgspec.ValidationError: a key is unknown or has an impossible value.
    """
    given = {key: value for key, value in route.items() if value not in (None, "", [])}
    for key in ("skills", "languages"):
        if isinstance(given.get(key), str):
            given[key] = [part.strip() for part in given[key].split(",") if part.strip()]
    parsed = msgspec.convert(given, Route)
    return Demand(
        inbox=parsed.inbox,
        skills=tuple(parsed.skills),
        languages=tuple(parsed.languages),
        priority=parsed.priority,
        agent=parsed.agent,
    )


class Desk(BaseProvider):
    """One configured desk; all desks of an installation share the board."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="none",
        availability=True,
        queue_position=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        receipts=True,
        agent_name=True,
    )

    def __init__(self, name: str, settings: Settings | None, _http: Sender | None = None) -> None:
        super().__init__(name)
        self.settings = settings or Settings()
        self.board: Board | None = None
        """Set before the server answers; without a board nobody is there."""

    async def stop(self) -> None:
        """The desk closes with its last provider; its board is shared, so closing twice is fine."""
        if self.board:
            await self.board.close()
            self.board = None

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """By presence, inbox, skills and languages; nobody matching means closed."""
        wanted = demand(route)
        if language and not wanted.languages:
            wanted = msgspec.structs.replace(wanted, languages=(language,))
        return self.board.availability(wanted) if self.board else Availability(open=False)

    async def open(self, request: HandoverRequest) -> Opened:
        """Put the handover in the queue; `NobodyThere` when no agent matches."""
        found = self.board.availability(demand(request.route)) if self.board else Availability(open=False)
        if not found.open:
            raise NobodyThere("no agent of the desk is online for this inbox, skills and languages")
        return Opened(request.key, found.position, found.estimated_wait_ms)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Nothing to call: the agent sees the conversation's own log."""

    async def typing(self, session: Session, *, on: bool) -> None:
        """Show it on the agent's screen."""
        if self.board:
            self.board.typing(session.handover_id, on=on)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """Nothing to call: the agent sees `user.connected` and `user.disconnected` themselves."""

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """The first key of the route that is unknown or has an impossible value."""
        try:
            demand(route)
        except msgspec.ValidationError as error:
            return f"route of the desk: {error}"
        return None


PROVIDER = Desk
