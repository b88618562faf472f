"""One chat as the Router and the desk see it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import NAMESPACE_URL, uuid4, uuid5

from .account import Account, Adapter, Rule

Author = Literal["user", "bot", "agent", "system"]
Side = Literal["bot", "waiting", "active", "ended"]


@dataclass(frozen=True)
class Line:
    """One thing that was said; `raw` is the TwoWay message as it came."""

    author: Author
    text: str
    at: str
    raw: dict[str, Any] = field(default_factory=dict[str, Any])
    before_agent: bool = False
    """Said before the desk had the chat."""


@dataclass
class Chat:
    """What the Router keeps for one chat. A new session starts at the first message after the last one ended."""

    id: str
    source: Adapter
    channel: str
    client_id: str
    host_id: str
    client_name: str | None
    session_id: str | None = None
    switched: dict[Rule, bool] = field(default_factory=dict[Rule, bool])
    """What mutations of this session made of the rules."""
    off: set[str] = field(default_factory=set[str])
    """Components that mutations of this session took out."""
    context: dict[str, str] = field(default_factory=dict[str, str])
    side: Side = "bot"
    state_id: str | None = None
    lines: list[Line] = field(default_factory=list[Line])
    taken: set[str] = field(default_factory=set[str])
    """Ids of messages."""

    def target(self, account: Account) -> str | None:
        """Who answers now: the target of the first rule that holds."""
        for rule in account.rules:
            if rule.source == self.source.id and self.holds(rule) and rule.target not in self.off:
                return rule.target
        return None

    def holds(self, rule: Rule) -> bool:
        """Whether the rule is on for this chat."""
        return self.switched.get(rule, rule.on)

    def begin(self) -> None:
        """A new session: at the bot, nothing switched."""
        self.session_id = str(uuid4())
        self.switched.clear()
        self.off.clear()
        self.context = {}
        self.state_id = None
        self.side = "bot"

    def end(self) -> None:
        """The session is over."""
        self.session_id = None
        self.side = "ended"

    def add(self, author: Author, text: str, raw: dict[str, Any] | None = None) -> None:
        """Write down what was said."""
        before = self.side in ("bot", "ended")
        self.lines.append(Line(author, text, now(), raw or {}, before_agent=before))

    def head(self, account: Account) -> dict[str, Any]:
        """The `chat` object of a TwoWay envelope."""
        return {
            "id": self.id,
            "sessionId": self.session_id,
            "accountId": account.technical_link_id,
            "channel": self.channel,
            "conversationClientId": self.client_id,
            "conversationHostId": self.host_id,
            "conversationClientName": self.client_name,
        }


def chat_id(account: Account, adapter: Adapter, channel: str, host_id: str, client_id: str) -> str:
    """The Router derives the id of a chat from who talks with whom over what; what a caller gives is ignored."""
    return str(
        uuid5(NAMESPACE_URL, f"{account.technical_link_id}/{adapter.id}/{channel}/{host_id}/{client_id}")
    )


def now() -> str:
    """UTC, as TwoWay writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id() -> str:
    """An id for a message or an event."""
    return str(uuid4())
