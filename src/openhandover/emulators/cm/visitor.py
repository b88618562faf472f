"""The other end of a chat in a channel of CM's own: somebody who writes there and reads what it shows."""

from dataclasses import dataclass
from typing import Any

from .account import Adapter
from .chat import Chat, Line
from .router import Router, user_text
from .twoway import Sent

WEB_CHANNEL = "CXWebConversations"
WEB_HOST = "web-conversations"
PHONE_HOST = "0031200000000"


@dataclass
class Visitor:
    """A visitor of Web Conversations, or somebody with a phone. `seen` is what they see; Web Conversations offers files
    only while `livechat`."""

    client_id: str
    name: str | None
    router: Router
    adapter: Adapter
    channel: str = WEB_CHANNEL
    host_id: str = WEB_HOST
    chat: Chat | None = None

    def says(self, text: str, media: dict[str, str] | None = None) -> Chat:
        """Write; `media` is a file as Business Messaging tells of it: mediaUri, contentType, title."""
        message = user_text(text) | ({"media": media} if media else {})
        sent = Sent(self.channel, self.client_id, self.host_id, self.name, [message], [])
        self.chat, _ = self.router.from_user(self.adapter, sent)
        return self.chat

    @property
    def seen(self) -> list[Line]:
        """Everything that was said, oldest first."""
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
