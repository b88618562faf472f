"""What one Chatwoot installation knows: an account with agents, inboxes, contacts and conversations."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from openhandover.emulators.answers import Refused

Status = Literal["open", "resolved", "pending", "snoozed"]
INCOMING, OUTGOING, ACTIVITY, TEMPLATE = range(4)
KINDS = ("incoming", "outgoing", "activity", "template")
ACCOUNT_ID = 1
INBOX_ID = 3
TEAM_ID = 9
NOT_FOUND = "Resource could not be found"


class Invalid(Refused):
    """A record that is not valid: 422 with the names of the fields."""

    def __init__(self, message: str, *attributes: str) -> None:
        super().__init__(422, message)
        self.attributes = attributes


@dataclass
class Agent:
    """A user of the account who answers."""

    id: int
    name: str
    availability: Literal["online", "busy", "offline"] = "online"

    @property
    def email(self) -> str:
        """Made up from the name."""
        return f"{self.name.lower()}@example.org"


@dataclass
class Contact:
    """A person who writes."""

    id: int
    fields: dict[str, Any]
    blocked: bool = False

    def get(self, name: str) -> Any:
        """One of the fields, None when it was not given."""
        return self.fields.get(name)


@dataclass
class Message:
    """One line of a conversation. `sender`: an agent, the contact, or None for what the account says by itself."""

    id: int
    kind: int
    content: str | None
    sender: Agent | Contact | None = None
    private: bool = False
    source_id: str | None = None
    content_type: str = "text"
    content_attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    status: str = "sent"
    created_at: float = field(default_factory=time.time)


@dataclass
class Conversation:
    """One conversation; `id` is its number in the account."""

    id: int
    contact: Contact
    inbox_id: int
    source_id: str
    status: str = "open"
    assignee: Agent | None = None
    team_id: int | None = None
    priority: str | None = None
    labels: list[str] = field(default_factory=list[str])
    custom_attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    additional_attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    messages: list[Message] = field(default_factory=list[Message])
    first_reply_at: float | None = None
    agent_last_seen_at: float = 0
    contact_types: bool = False
    uuid: str = field(default_factory=lambda: str(uuid4()))
    created_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)


@dataclass
class Inbox:
    """An inbox of type API, unless `channel_type` says otherwise."""

    id: int
    name: str
    identifier: str = field(default_factory=lambda: secrets.token_hex(12))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    webhook_url: str | None = None
    channel_type: str = "Channel::Api"
    working_hours_enabled: bool = False
    working_hours: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    timezone: str = "UTC"
    csat_survey_enabled: bool = False
    greeting_message: str | None = None
    agent_bot: bool = False
    enable_auto_assignment: bool = False
    lock_to_single_conversation: bool = False


class Installation:
    """One account, and the rules by which it changes."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(18)
        self.agents = [Agent(5, "Kim"), Agent(6, "Lee")]
        self.inboxes = {INBOX_ID: Inbox(INBOX_ID, "Bot handover")}
        self.teams: dict[int, list[int]] = {TEAM_ID: [5]}
        self.webhooks: list[str] = []
        """Addresses of account webhooks, beside those of the inboxes."""
        self.webhook_secret = secrets.token_urlsafe(24)
        """Signs the account's webhooks, each of which would have its own there."""
        self.administrator = True
        """Whether the token is an administrator's, who is told of secrets and of the account's webhooks."""
        self.contacts: list[Contact] = []
        self.conversations: dict[int, Conversation] = {}
        self._count = 100

    def number(self) -> int:
        """A number that nothing else has."""
        self._count += 1
        return self._count

    def agent(self, name: str) -> Agent:
        """The agent of this name; a new one when there is none."""
        known = next((agent for agent in self.agents if agent.name == name), None)
        if known is None:
            known = Agent(self.number(), name)
            self.agents.append(known)
        return known

    def inbox(self, inbox_id: int) -> Inbox:
        """The inbox with this number."""
        if inbox_id not in self.inboxes:
            raise Refused(404, NOT_FOUND)
        return self.inboxes[inbox_id]

    def contact(self, contact_id: int) -> Contact:
        """The contact with this number."""
        for contact in self.contacts:
            if contact.id == contact_id:
                return contact
        raise Refused(404, NOT_FOUND)

    def conversation(self, number: str | int) -> Conversation:
        """The conversation with this number."""
        text = str(number)
        found = self.conversations.get(int(text)) if text.isascii() and text.isdigit() else None
        if found is None:
            raise Refused(404, NOT_FOUND)
        return found

    def add_contact(self, fields: dict[str, Any]) -> Contact:
        """A new contact; identifier, e-mail and phone number are unique in the account."""
        for name in ("identifier", "email", "phone_number"):
            value = fields.get(name)
            if value and any(contact.get(name) == value for contact in self.contacts):
                shown = name.replace("_", " ").capitalize()
                raise Invalid(f"{shown} has already been taken", name)
        phone = fields.get("phone_number")
        if phone and not (phone.startswith("+") and phone[1:].isdigit() and 2 <= len(phone) <= 16):
            raise Invalid("Phone number should be in e164 format", "phone_number")
        if fields.get("email") and "@" not in fields["email"]:
            raise Invalid("Email is invalid", "email")
        contact = Contact(self.number(), fields)
        self.contacts.append(contact)
        return contact

    def add_conversation(self, contact: Contact, inbox: Inbox, source_id: str) -> Conversation:
        """A new conversation, or the last with this source id where the inbox knows only one. A source id belongs to one
        contact of an inbox."""
        place = (inbox.id, source_id)
        same = [one for one in self.conversations.values() if (one.inbox_id, one.source_id) == place]
        if any(one.contact is not contact for one in same):
            raise Refused(422, "source_id should be unique")
        if same and inbox.lock_to_single_conversation:
            return same[-1]
        made = Conversation(self.number(), contact, inbox.id, source_id)
        made.status = "resolved" if contact.blocked else "pending" if inbox.agent_bot else "open"
        self.conversations[made.id] = made
        return made
