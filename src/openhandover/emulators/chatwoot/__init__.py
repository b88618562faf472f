"""Chatwoot with one API inbox, written from its published API description and from what its servers are known to send.

Where the documentation is silent, a call is refused: fields that Rails would pass over, forms without names, a status
call without a status.
"""

import time
from collections.abc import Iterable
from typing import Any, ClassVar

from aiohttp import web

from openhandover.emulators.answers import Refused
from openhandover.emulators.base import Emulator

from . import views
from .api import Api
from .desk import Desk
from .installation import (
    ACCOUNT_ID,
    ACTIVITY,
    INBOX_ID,
    INCOMING,
    Agent,
    Conversation,
    Inbox,
    Installation,
    Invalid,
    Message,
)

__all__ = ["EMULATOR", "ChatwootEmulator", "Inbox", "Installation"]

_STATES = {"resolved": "ended", "pending": "ended"}


class ChatwootEmulator(Emulator):
    """Chatwoot on a loopback port: account 1, inbox 3 of type API, the agents Kim and Lee, team 9 with Kim.

    Set up: `emulator.home` (agents, inboxes, teams, contacts, the API token). `emulator.desk` does what agents do in
    the dashboard: `set_status(conversation, "snoozed")`, `assign(...)`, `delete(...)`. `webhook_to(url)` registers the
    inbox's webhook; `desk.signs = False` makes it an old server, whose address carries `desk.token`; `desk.flood` is the
    limit of messages per conversation and minute. A webhook is tried once; where nobody takes an agent's message, it is
    marked as failed, which is a webhook again.
    """

    vendor: ClassVar[str] = "chatwoot"
    title: ClassVar[str] = "Chatwoot"

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self.callbacks.redelivery_s = ()
        self.home = Installation()
        self.desk = Desk(self.home, self.callbacks, self.changed)
        self.api = Api(self.home, self.desk)

    def routes(self) -> Iterable[web.RouteDef]:
        """Application API, Client API, files."""
        return self.api.routes()

    async def start(self) -> None:
        """Serve."""
        await super().start()
        self.api.url = self.url

    def changed(self) -> None:
        """Something happened, perhaps a webhook that nobody took."""
        super().changed()
        if hasattr(self, "desk"):
            self.desk.mark_failed()

    def refusal(self, refused: Refused) -> web.Response:
        """`error`, or `message` and `attributes` for a record that is not valid; too many requests in plain text."""
        if refused.status == 429:
            return web.Response(status=429, text="Retry later\n", headers=refused.headers)
        body: dict[str, Any] = {"error": refused.detail}
        if isinstance(refused, Invalid):
            body = {"message": refused.detail, "attributes": list(refused.attributes)}
        return web.json_response(body, status=refused.status, headers=refused.headers)

    # --- set up

    @property
    def inbox(self) -> Inbox:
        """The inbox that exists at the start."""
        return self.home.inboxes[INBOX_ID]

    def webhook_to(self, url: str) -> None:
        """Register the address with the inbox."""
        self.inbox.webhook_url = url

    def settings(self) -> dict[str, Any]:
        """As somebody would copy them from the dashboard."""
        return {
            "base_url": self.url,
            "account_id": ACCOUNT_ID,
            "api_token": self.home.token,
            "inbox_id": INBOX_ID,
            "webhook_secret": self.inbox.secret,
            "gap_check_s": 1,
        }

    # --- agents

    async def agent_says(self, chat_id: str, text: str) -> None:
        """Whoever has the conversation, else Kim."""
        of = self.home.conversation(chat_id)
        self.desk.say(of, self._who(of), text)

    async def agent_ends(self, chat_id: str) -> None:
        """The conversation is resolved; the activity line about it is no webhook."""
        of = self.home.conversation(chat_id)
        self.desk.set_status(of, "resolved")
        of.messages.append(Message(self.home.number(), ACTIVITY, "Conversation was marked resolved by Kim"))

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """The conversation is assigned."""
        self.desk.assign(self.home.conversation(chat_id), self.home.agent(name))

    async def agent_leaves(self, chat_id: str) -> None:
        """The assignment is taken away."""
        of = self.home.conversation(chat_id)
        if of.assignee is None:  # who only wrote was not assigned
            of.assignee = self._who(of)
        self.desk.assign(of, None)

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The conversation is assigned to another one."""
        self.desk.assign(self.home.conversation(chat_id), self.home.agent(name))

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """In the answer, not in a note."""
        of = self.home.conversation(chat_id)
        self.desk.types(of, self._who(of), on=on)

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """A message of one file, without words."""
        of = self.home.conversation(chat_id)
        file = self.api.attached(0, name, content_type, content)
        self.desk.say(of, self._who(of), None, attachments=[file])

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """A private note, which is delivered as any message."""
        of = self.home.conversation(chat_id)
        self.desk.say(of, self._who(of), text, private=True)

    async def agent_reads(self, chat_id: str) -> None:
        """Whoever opens a conversation has seen it; no webhook tells."""
        self.home.conversation(chat_id).agent_last_seen_at = time.time()
        self.changed()

    async def sends_unknown(self, chat_id: str) -> None:
        """An event that no list of events has."""
        of = self.home.conversation(chat_id)
        self.desk.tell({"event": "conversation_mood_changed", "id": of.id, "account": {"id": ACCOUNT_ID}}, of)

    def set_online(self, on: bool = True, **where: str) -> None:
        """All agents, or the one called `agent`, come or go."""
        for agent in self.home.agents:
            if where.get("agent", agent.name) == agent.name:
                agent.availability = "online" if on else "offline"
        self.changed()

    def _who(self, of: Conversation) -> Agent:
        return of.assignee or self.home.agents[0]

    # --- the page

    def shown(self) -> dict[str, Any]:
        """Conversations as the dashboard shows them."""
        return {
            "online": any(agent.availability == "online" for agent in self.home.agents),
            "chats": [self._chat(one) for one in self.home.conversations.values()],
        }

    def _chat(self, of: Conversation) -> dict[str, Any]:
        waiting = "active" if of.assignee or of.first_reply_at else "waiting"
        known: dict[str, Any] = {
            "Status": of.status,
            "Priority": of.priority,
            "Labels": ", ".join(of.labels),
            "Team": of.team_id,
            "E-mail": of.contact.get("email"),
            **of.custom_attributes,
        }
        return {
            "id": str(of.id),
            "name": of.contact.get("name") or of.contact.get("identifier") or "Somebody",
            "state": _STATES.get(of.status, waiting),
            "facts": {key: str(value) for key, value in known.items() if value},
            "lines": [self._line(message) for message in of.messages],
        }

    def _line(self, message: Message) -> dict[str, Any]:
        author = (
            "user" if message.kind == INCOMING else "agent" if isinstance(message.sender, Agent) else "system"
        )
        line: dict[str, Any] = {
            "author": "note" if message.private else author,
            "text": message.content or "",
            "at": views.date(message.created_at),
        }
        files = [{"name": self.api.name_of(one), "url": one["data_url"]} for one in message.attachments]
        return {**line, "files": files} if files else line


EMULATOR = ChatwootEmulator
