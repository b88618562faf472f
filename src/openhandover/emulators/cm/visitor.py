"""The other end of a Web Conversations chat: a visitor who writes in the widget and reads what it shows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .account import Adapter
from .chat import Chat, Line
from .router import Router, user_text
from .twoway import Sent

CHANNEL = "CXWebConversations"
HOST = "web-conversations"


@dataclass
class Visitor:
    """One visitor; the widget shows `seen`, and offers files only while `livechat`."""

    client_id: str
    name: str | None
    router: Router
    adapter: Adapter
    changed: Callable[[], None]
    chat: Chat | None = field(default=None)

    def says(self, text: str) -> Chat:
        """Write in the widget."""
        sent = Sent(CHANNEL, self.client_id, HOST, self.name, [user_text(text)], [])
        self.chat, _ = self.router.from_user(self.adapter, sent)
        return self.chat

    @property
    def seen(self) -> list[Line]:
        """Everything that the widget shows, oldest first."""
        return [] if self.chat is None else [line for line in self.chat.lines if line.author != "system"]

    @property
    def answers(self) -> list[str]:
        """The texts that came from the bot or an agent."""
        return [line.text for line in self.seen if line.author in ("bot", "agent")]

    @property
    def livechat(self) -> bool:
        """Whether the widget shows its live chat: from the handover until the session's end."""
        return self.chat is not None and self.chat.side in ("waiting", "active")

    def shown(self) -> dict[str, Any]:
        """For the page."""
        return {
            "id": self.client_id,
            "name": self.name,
            "chat": self.chat.id if self.chat else None,
            "livechat": self.livechat,
            "lines": [{"author": line.author, "text": line.text, "at": line.at} for line in self.seen],
        }
