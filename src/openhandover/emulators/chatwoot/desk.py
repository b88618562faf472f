"""What happens in conversations, and whom the account tells of it."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from openhandover.emulators.answers import Refused
from openhandover.emulators.callbacks import Callback, Callbacks, Endpoint

from . import views
from .installation import (
    INCOMING,
    OUTGOING,
    TEMPLATE,
    Agent,
    Contact,
    Conversation,
    Installation,
    Message,
)

FLOOD = 200
"""Messages of a conversation in one minute, unless `CONVERSATION_MESSAGE_PER_MINUTE_LIMIT` says otherwise."""
LONGEST_CONTENT = 150_000


class Desk:
    """Changes conversations by the vendor's rules. Webhooks are tried once: nothing is delivered again."""

    def __init__(self, home: Installation, callbacks: Callbacks, changed: Callable[[], None]) -> None:
        self._home = home
        self._callbacks = callbacks
        self._changed = changed
        self.signs = True
        """False: a server from before 2026, which signs nothing."""
        self.token = ""
        """What the configured addresses carry as `?token=` then."""
        self.flood = FLOOD
        self._unsettled: list[Callback] = []
        """Webhooks with an agent's message that are under way."""

    # --- webhooks

    def tell(self, event: dict[str, Any], of: Conversation) -> None:
        """Post a webhook of the inbox, and the account's."""
        inbox = self._home.inboxes[of.inbox_id]
        if inbox.webhook_url:
            self._post(event, of, inbox.webhook_url, inbox.secret)
        for url in self._home.webhooks:
            self._post(event, of, url, self._home.webhook_secret)
        of.updated_at = time.time()
        self._changed()

    def _post(self, event: dict[str, Any], of: Conversation, url: str, secret: str) -> None:
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Accept": "application/json"}
        if self.signs:
            stamp = str(int(time.time()))
            mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
            headers["X-Chatwoot-Timestamp"] = stamp
            headers["X-Chatwoot-Signature"] = f"sha256={mac.hexdigest()}"
            headers["X-Chatwoot-Delivery"] = str(uuid4())
        elif self.token and not urlsplit(url).query:
            url = f"{url}?{urlencode({'token': self.token})}"
        callback = Callback(str(of.id), event["event"], Endpoint(url, headers), body)
        if event["event"] == "message_created":
            self._unsettled.append(callback)
        self._callbacks.post(callback)

    def mark_failed(self) -> None:
        """An agent's message whose webhook nobody took is marked as failed, which is an event of its own."""
        refused = [one for one in self._unsettled if one.given_up]
        self._unsettled = [one for one in self._unsettled if not (one.given_up or one.delivered)]
        for event in map(json.loads, (one.body for one in refused)):
            of = self._home.conversation(event["conversation"]["id"])
            message = next(message for message in of.messages if message.id == event["id"])
            if message.kind != INCOMING and not message.private and message.status != "failed":
                message.status = "failed"
                message.content_attributes = {**message.content_attributes, "external_error": "not delivered"}
                self.tell(views.message_event("message_updated", message, of, self._home), of)

    # --- conversations

    def began(self, of: Conversation) -> None:
        """A conversation was created; the inbox may give it to somebody who is online."""
        self.tell(views.conversation_event("conversation_created", of), of)
        online = [agent for agent in self._home.agents if agent.availability == "online"]
        if self._home.inboxes[of.inbox_id].enable_auto_assignment and online and of.status == "open":
            self.assign(of, online[0])

    def add(self, of: Conversation, message: Message) -> Message:
        """Put a message in. What the contact says opens a conversation again that was resolved or snoozed."""
        latest = of.messages[-self.flood :]
        if len(latest) == self.flood and latest[0].created_at > time.time() - 60:
            raise Refused(422, "Validation failed: Too many messages")
        if len(message.content or "") > LONGEST_CONTENT:
            raise Refused(422, "Validation failed: Content is too long (maximum is 150000 characters)")
        of.messages.append(message)
        human = message.kind == OUTGOING and isinstance(message.sender, Agent) and not message.private
        if human and of.first_reply_at is None:
            of.first_reply_at = time.time()
        self.tell(views.message_event("message_created", message, of, self._home), of)
        if message.kind == INCOMING:
            if of.status in ("resolved", "snoozed"):
                self.set_status(of, "pending" if self._home.inboxes[of.inbox_id].agent_bot else "open")
            self._greet(of)
        return message

    def _greet(self, of: Conversation) -> None:
        greeting = self._home.inboxes[of.inbox_id].greeting_message
        if greeting and not any(one.kind == TEMPLATE for one in of.messages):
            self.add(of, Message(self._home.number(), TEMPLATE, greeting))

    def say(self, of: Conversation, agent: Agent, text: str | None, **more: Any) -> Message:
        """An agent writes."""
        return self.add(of, Message(self._home.number(), OUTGOING, text, agent, **more))

    def delete(self, of: Conversation, message: Message) -> None:
        """An agent deletes a message: its text is replaced."""
        message.content, message.content_attributes = "This message was deleted", {"deleted": True}
        self.tell(views.message_event("message_updated", message, of, self._home), of)

    def set_status(self, of: Conversation, status: str) -> None:
        """A change of the status is two events; a resolved conversation may ask how it was."""
        before, of.status = of.status, status
        if before == status:
            return
        changed = [views.change("status", before, status), self._touched(of)]
        self.tell(views.conversation_event("conversation_status_changed", of), of)
        self.tell(views.conversation_event("conversation_updated", of, changed), of)
        asks = self._home.inboxes[of.inbox_id].csat_survey_enabled
        if status == "resolved" and asks and not any(m.content_type == "input_csat" for m in of.messages):
            text = f"Please rate this conversation, https://chat.example.org/survey/responses/{of.uuid}"
            self.add(of, Message(self._home.number(), TEMPLATE, text, content_type="input_csat"))

    def assign(self, of: Conversation, agent: Agent | None, team_id: int | None = None) -> None:
        """Somebody else has it, or nobody."""
        before = of.assignee.id if of.assignee else None
        of.assignee = agent
        changed = [views.change("assignee_id", before, agent.id if agent else None)]
        if team_id is not None:
            changed.append(views.change("team_id", of.team_id, team_id))
            of.team_id = team_id
        self.tell(views.conversation_event("conversation_updated", of, [*changed, self._touched(of)]), of)

    def set(self, of: Conversation, name: str, value: Any) -> None:
        """Change one of the attributes that an event tells of."""
        event_name = {"labels": "label_list"}.get(name, name)
        changed = [views.change(event_name, getattr(of, name), value), self._touched(of)]
        setattr(of, name, value)
        self.tell(views.conversation_event("conversation_updated", of, changed), of)

    def types(self, of: Conversation, who: Agent | Contact, *, on: bool, private: bool = False) -> None:
        """Somebody types, or stopped."""
        self.tell(views.typing_event(of, who, on=on, private=private), of)

    def _touched(self, of: Conversation) -> dict[str, Any]:
        return views.change("updated_at", views.date(of.updated_at), views.date(time.time()))
