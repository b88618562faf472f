"""One conversation driven through the pure core as the engine drives it: a log, a clock, and every timer in time."""

import json
from typing import Any

import msgspec

from openhandover.core import events as e, view
from openhandover.core.commands import create
from openhandover.core.digest import NeedRecent
from openhandover.core.machine import advance
from openhandover.core.model import (
    Agent,
    Conversation,
    Entry,
    Handover,
    Lane,
    Message,
    Settings,
    Target,
    User,
)
from openhandover.core.state import wake_at
from openhandover.core.turn import Rules, Turn
from openhandover.store.port import Delivered, LogRow

replace = msgspec.structs.replace


def rules(channel: str = "webhook", bot: str = "http", attachments: str = "always") -> Rules:
    """The configuration as far as a turn knows it."""
    return Rules(lambda _: channel, lambda _: bot, lambda _: attachments, lambda ms, _: f"{ms // 1000} s")  # type: ignore[arg-type,return-value]


class Talk:
    """A conversation `c` on the channel `api` with the bot `mine`; `now` is its clock."""

    def __init__(
        self, channel: str = "webhook", bot: str = "http", attachments: str = "always", **more: Any
    ) -> None:
        self.rules = rules(channel, bot, attachments)
        self.now = 1_000.0
        self.log: list[Entry] = []
        self.marks: dict[tuple[int, str], tuple[str, int]] = {}
        self.effects: list[Any] = []
        self.last: Turn
        self.state: Conversation
        self._events = 0
        command = e.CreateConversation(id="c", channel="api", user=User("u"), bot="mine", **more)
        self._keep(create(command, self.now, self.rules))

    def _keep(self, turn: Turn) -> Turn:
        self.last, self.state = turn, turn.state
        self.log += turn.entries
        self.effects += turn.effects
        for mark in turn.marks:
            self.marks[mark.seq, mark.receiver] = (mark.state, mark.attempts)
        return turn

    # --- events

    def do(self, event: Any, named: Entry | None = None) -> Turn:
        """Run one event; the last messages come along when the decision asks for them."""
        try:
            turn = advance(self.state, event, self.now, self.rules, None, named)
        except NeedRecent as need:
            turn = advance(self.state, event, self.now, self.rules, self._recent(need), named)
        return self._keep(turn)

    def _recent(self, need: NeedRecent) -> list[LogRow]:
        rows = [row for entry in self.log if entry.seq > need.after_seq if (row := self._row(entry))]
        return rows[-need.limit :]

    def _row(self, entry: Entry) -> LogRow | None:
        if entry.type != "message.created":
            return None
        found = {
            receiver: (*self.marks[entry.seq, receiver], 0.0)
            for receiver in ("user", "agent", "bot")
            if (entry.seq, receiver) in self.marks
        }
        return LogRow(entry, Delivered(**found))

    def later(self, seconds: float) -> None:
        """Let time pass; every timer on the way fires when it is due."""
        until = self.now + seconds
        for _ in range(100):
            at = wake_at(self.state)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            self.do(e.Wake())
        self.now = until

    # --- users, bots, desks

    def user(self, text: str = "hello", **more: Any) -> Turn:
        """The user writes."""
        return self.do(e.PostMessage(id=self._id(), author="user", text=text, **more))

    def bot(self, text: str = "hi", **more: Any) -> Turn:
        """The bot writes, with the epoch that is valid now."""
        return self.do(
            e.PostMessage(
                **{"id": self._id(), "author": "bot", "text": text, "epoch": self.state.epoch} | more
            )
        )

    def request(self, *providers: str | Target, initiator: Any = "bot", **settings: Any) -> Turn:
        """Hand over to a chain of providers, `desk` by default, with these settings."""
        chain = tuple(Target(p) if isinstance(p, str) else p for p in providers or ("desk",))
        self._events += 1
        command = e.RequestHandover(
            f"h{self._events}", chain, Settings(**settings), initiator=initiator, epoch=self.state.epoch
        )
        return self.do(command)

    def opened(self, **more: Any) -> Turn:
        """The provider of the current attempt accepts."""
        lane = self.lane
        return self.do(e.Opened(lane.id, f"x{lane.id}", **more))

    def queued(self, *providers: str | Target, **settings: Any) -> "Talk":
        """A handover that waits for a human."""
        self.request(*providers, **settings)
        self.opened()
        return self

    def active(self, *providers: str | Target, **settings: Any) -> "Talk":
        """A handover that a human has taken."""
        self.queued(*providers, **settings)
        self.desk(e.AgentJoined(ANNA))
        return self

    def desk(self, fact: Any, seq: int | None = None, **more: Any) -> Any:
        """A fact from the provider of the current attempt, or of the one named; answers the result."""
        origin = {
            "provider": self.handover.target.provider,
            "event_id": self._id(),
            "handover_id": self.handover.id,
        }
        return self.do(e.FromProvider(**origin | more, fact=fact, seq=seq)).result

    def says(self, text: str = "good day", seq: int | None = None, **more: Any) -> Any:
        """The agent writes."""
        return self.desk(e.AgentMessage(text, **more), seq)

    def presence(self, state: Any) -> Turn:
        """The user's connection came or went."""
        return self.do(e.SetPresence(state))

    def _id(self) -> str:
        self._events += 1
        return f"e{self._events}"

    # --- what there is to see

    @property
    def handover(self) -> Handover:
        """The open or last handover."""
        assert self.state.handover is not None
        return self.state.handover

    @property
    def lane(self) -> Lane:
        """The lane of the current attempt."""
        lane = self.state.lane(self.handover.lane)
        assert lane is not None
        return lane

    @property
    def outcome(self) -> tuple[str, str | None, str | None]:
        """Status, reason and who ended it."""
        return self.handover.status.value, self.handover.reason, self.handover.ended_by

    def types(self, after: int = 0) -> list[str]:
        """The types of the log after a seq."""
        return [entry.type for entry in self.log if entry.seq > after]

    def messages(self, author: str | None = None) -> list[Message]:
        """All messages, or those of one author."""
        found = [view.message_of(entry) for entry in self.log if entry.type == "message.created"]
        return [message for message in found if author in (None, message.author)]

    def texts(self, author: str | None = None) -> list[str]:
        """The texts of the messages."""
        return [message.text for message in self.messages(author)]

    def entry(self, type_: str) -> Entry:
        """The last entry of a type."""
        return next(entry for entry in reversed(self.log) if entry.type == type_)

    def data(self, type_: str) -> Any:
        """The data of the last entry of a type."""
        return json.loads(bytes(self.entry(type_).data))

    def to_agent(self, lane: int | None = None) -> list[str]:
        """The texts on the agent lane, the current one by default."""
        wanted = lane or self.handover.lane
        return [view.message_of(entry).text for entry in self.log if entry.to_agent == wanted]


ANNA = Agent("a1", "Anna")
BERT = Agent("b1", "Bert")
