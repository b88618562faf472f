"""The sessions: what each visitor was told, who talks with them, and when it is over."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from openhandover.emulators.answers import Refused

from .schema import Init


@dataclass
class Chat:
    """One session. `state`: none before `ChasitorInit`, then waiting, active, ended."""

    key: str = field(default_factory=lambda: f"{uuid4().hex}!1")
    id: str = field(default_factory=lambda: str(uuid4()))
    affinity: str = field(default_factory=lambda: uuid4().hex[:8])
    state: str = ""
    asked: Init | None = None
    sequence: int = 0
    """The highest number of a POST so far."""
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    offset: int = 1768469
    """With the number of something told: its place among all, which a move does not change."""
    lines: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    agent: tuple[str, str] | None = None
    is_typing: bool = False
    must_move: bool = False
    """The affinity has changed: everything is answered 503 until the session is reconnected."""
    is_over: bool = False
    """Nothing can be asked about it any more."""
    polling: web.Request | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, kind: str, **message: Any) -> None:
        """Something that the visitor's next poll brings."""
        self.told.append({"type": kind, "message": message})
        self.news.set()
        self.news = asyncio.Event()

    def line(self, author: str, text: str) -> None:
        """Something that the page shows."""
        self.lines.append({"author": author, "text": text, "at": datetime.now(UTC).isoformat()})

    def move(self, offset: int) -> None:
        """On another server, which tells what came after this offset under numbers of its own."""
        self.must_move = False
        self.affinity = uuid4().hex[:8]
        known = min(max(offset - self.offset, 0), len(self.told))
        place = 1 if self.state == "waiting" else 0
        first: dict[str, Any] = {
            "type": "ChasitorSessionData",
            "message": {"queuePosition": place, "messages": []},
        }
        self.told = [first, *self.told[known:]]
        self.offset += known - 1
        self.news.set()
        self.news = asyncio.Event()

    # --- the visitor

    def is_repeat(self, sequence: int) -> bool:
        """Whether a POST with this number was processed: numbers are there to tell duplicates."""
        if sequence <= self.sequence:
            return True
        self.sequence = sequence
        return False

    def begin(self, asked: Init) -> None:
        """The visitor wants an agent."""
        self.asked, self.state = asked, "waiting"
        self.tell(
            "ChatRequestSuccess",
            connectionTimeout=150000,
            estimatedWaitTime=-1,
            queuePosition=1,
            sneakPeekEnabled=True,
            chatMessages=[],
            customDetails=[],
            visitorId=str(uuid4()),
            transcriptSaveEnabled=False,
        )

    def hear(self, text: str) -> None:
        """The visitor writes; nobody says what happens before an agent is there, so it is refused."""
        if self.state != "active":
            raise Refused(400, "there is no agent in this chat")
        self.line("user", text)

    def leave(self) -> None:
        """The visitor ends it."""
        self.end("client")

    # --- the agents

    def establish(self, agent: tuple[str, str]) -> None:
        """An agent takes it, or takes it over."""
        self.open()
        if self.agent is not None:
            raise Refused(409, "an agent has this chat")
        kind = "ChatTransferred" if self.state == "active" else "ChatEstablished"
        self.agent, self.state = agent, "active"
        self.tell(kind, name=agent[1], userId=agent[0], sneakPeekEnabled=True)

    def speaking(self) -> tuple[str, str]:
        """The agent who has it."""
        self.open()
        if self.agent is None:
            raise Refused(409, "no agent has this chat; take it first")
        return self.agent

    def disconnect(self) -> None:
        """The agent is gone; the chat waits for another one."""
        id_, name = self.speaking()
        self.agent = None
        self.tell("AgentDisconnect", name=name, agentId=id_)

    def end(self, reason: str) -> None:
        """It is over."""
        self.open()
        self.state, self.agent = "ended", None
        self.tell("ChatEnded", reason=reason, attachedRecords=[])

    def fail(self, reason: str) -> None:
        """Nobody can be asked."""
        self.state = "ended"
        self.tell("ChatRequestFail", reason=reason, postChatUrl="")

    def open(self) -> None:
        """Refuse what needs a chat that goes on."""
        if self.state == "ended":
            raise Refused(409, "this chat has ended")

    def shown(self) -> dict[str, Any]:
        """For the page and for tests."""
        asked = self.asked
        facts = (
            {one.label: one.value for one in asked.prechat_details if one.display_to_agent} if asked else {}
        )
        return {
            "id": self.id,
            "name": asked.visitor_name if asked else "Guest",
            "state": self.state,
            "facts": facts,
            "lines": self.lines,
        }
