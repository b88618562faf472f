"""What happens in conversations, and the webhooks that tell of it."""

import json
import time
from collections.abc import Callable
from typing import Any

from openhandover.emulators.answers import Refused

from .account import VERSION, Account, Conversation, File, Line, new_id, now
from .schema import Create, Message, Refusal, Update
from .signing import SignedCallbacks


class Desk:
    """Conversations of one account. `begins_by_itself` False keeps new ones in the state `created` until `begin`."""

    def __init__(self, account: Account, callbacks: SignedCallbacks, changed: Callable[[], None]) -> None:
        self.account = account
        self.begins_by_itself = True
        self.lists_history = True
        """Whether the history is among the messages; no page says."""
        self._callbacks = callbacks
        self._changed = changed

    def found(self, conversation_id: str) -> Conversation:
        """The conversation of this id."""
        conversation = self.account.conversations.get(conversation_id)
        if conversation is None:
            raise Refusal(404, "resource_not_found", "no such conversation")
        return conversation

    # --- what the integration does

    def create(self, asked: Create, user: dict[str, Any]) -> Conversation:
        """A new conversation; its interaction begins by itself, soon."""
        if asked.channel_id != self.account.channel_id:
            raise Refusal(
                400, "invalid_parameter", "no such channel", "channelId"
            )  # its document has no 404 here
        queue = next(iter(self.account.queues))
        if asked.assignment is not None and asked.assignment.id is not None:
            queue = asked.assignment.id
        self._check_queue(queue)
        made = Conversation(new_id("CONV"), asked.channel_id, user, {"type": "queue", "id": queue})
        for one in asked.history.messages if asked.history else ():
            made.lines.append(_line(one, made, history=True))
        self.account.conversations[made.id] = made
        self._update(made)
        if self.begins_by_itself:
            self.begin(made)
        self._changed()
        return made

    def begin(self, conversation: Conversation) -> None:
        """The interaction is there: it waits in its queue."""
        conversation.state = "active"
        self._update(conversation)
        self._queued(conversation)
        self._changed()

    def update(self, conversation: Conversation, asked: Update, user: dict[str, Any] | None) -> None:
        """Other facts of the user, or another queue."""
        if asked.assignment is not None and asked.assignment.id is not None:
            if conversation.agent is not None:
                raise Refusal(400, "invalid_parameter", "an agent has the conversation", "assignment")
            self._check_queue(asked.assignment.id)
            conversation.assignment = {"type": asked.assignment.type, "id": asked.assignment.id}
            self._queued(conversation)
        if user is not None:
            conversation.user = conversation.user | user
        self._update(conversation)
        self._changed()

    def write(self, conversation: Conversation, message: Message) -> None:
        """A message of the user or the bot. No page says that one may be added before the interaction, or after it."""
        if conversation.state != "active":
            raise Refusal(400, "invalid_parameter", f"the conversation is {conversation.state}")
        line = _line(message, conversation)
        conversation.lines.append(line)
        self._message(conversation, line, echo=line.author == "bot")
        self._changed()

    def leave(self, conversation: Conversation) -> None:
        """The user goes, and with them the interaction."""
        conversation.user_gone = True
        self._members(conversation, "user", "left", conversation.user.get("userId", "user"))
        if conversation.state != "idle":
            self._end(conversation)
        self._changed()

    # --- what agents do

    def join(self, conversation: Conversation, agent_id: str) -> None:
        """An agent takes it."""
        self._need(conversation)
        conversation.agent = agent_id
        conversation.assignment = {"type": "agent", "id": agent_id}
        self._update(conversation)
        self._members(conversation, "agent", "joined", agent_id)
        self._changed()

    def say(self, conversation: Conversation, text: str, *files: File, cards: list[dict[str, Any]]) -> None:
        """The agent writes; whoever writes first, takes it."""
        self._need(conversation)
        if conversation.agent is None:
            self.join(conversation, next(iter(self.account.agents)))
        line = Line(new_id("MSG"), "agent", conversation.agent or "", text, now(), list(files), cards)
        conversation.lines.append(line)
        self._message(conversation, line)
        self._changed()

    def system(self, conversation: Conversation, text: str) -> None:
        """The contact centre itself writes."""
        self._need(conversation)
        line = Line(new_id("MSG"), "system", "system", text, now())
        conversation.lines.append(line)
        self._message(conversation, line)
        self._changed()

    def type(self, conversation: Conversation, on: bool) -> None:
        """The agent types, or stops."""
        self._need(conversation)
        users = [{"type": "agent", "id": conversation.agent}] if on else []
        self._post(conversation, "ACTIVITY", {"name": "typing", "value": {"users": users}})

    def left(self, conversation: Conversation) -> None:
        """The agent goes, without a word on whether that was the end."""
        self._need(conversation)
        agent, conversation.agent = conversation.agent, None
        if agent is not None:
            self._members(conversation, "agent", "left", agent)
        self._changed()

    def transfer(self, conversation: Conversation, agent_id: str, queue: str, *, late: bool = False) -> None:
        """To another queue, where the next agent takes it. `late`: the word on it comes after the agent has left."""
        self._need(conversation)
        if late:
            self.left(conversation)
        self._post(conversation, "TRANSFER")
        if not late:
            self.left(conversation)
        conversation.assignment = {"type": "queue", "id": queue}
        self._queued(conversation)
        self.join(conversation, agent_id)

    def end(self, conversation: Conversation) -> None:
        """The agent ends the interaction."""
        self._need(conversation)
        if conversation.agent is not None:
            self.left(conversation)
        self._end(conversation)
        self._changed()

    def queued(self, conversation: Conversation) -> None:
        """It is put into its queue once more."""
        self._queued(conversation)
        self._changed()

    def post_raw(self, conversation: Conversation, kind: str, body: dict[str, Any]) -> None:
        """Any event at all."""
        self._send(conversation.id, kind, body)

    def verify(self, uri: str) -> None:
        """Ask whether somebody is at an address."""
        self._send(
            "verify", "WEB_HOOK_VERIFY", {"notificationVersion": VERSION, "eventType": "WEB_HOOK_VERIFY"}, uri
        )

    # --- inside

    def _end(self, conversation: Conversation) -> None:
        conversation.state, conversation.agent = "idle", None
        self._update(conversation)

    def _need(self, conversation: Conversation) -> None:
        if conversation.state != "active":
            raise Refused(409, f"the conversation is {conversation.state}")

    def _check_queue(self, queue: str) -> None:
        if queue not in self.account.queues:
            raise Refusal(400, "invalid_queue", "no such queue", "assignment.id")

    def _update(self, conversation: Conversation) -> None:
        data = {
            "state": conversation.state,
            "assignment": conversation.assignment,
            "user": conversation.user,
            "channel": "ChatAPI",
        }
        self._post(conversation, "CONVERSATION_UPDATE", data)

    def _queued(self, conversation: Conversation) -> None:
        queue = conversation.assignment["id"]
        self._post(conversation, "QUEUED", {"queueId": queue, "queueName": self.account.queues[queue]})

    def _members(self, conversation: Conversation, kind: str, change: str, member: str) -> None:
        self._post(conversation, "MEMBERS_CHANGED", {"memberType": kind, "change": change, "id": member})

    def _message(self, conversation: Conversation, line: Line, *, echo: bool = False) -> None:
        data: dict[str, Any] = {"isEcho": echo, "sender": {"id": line.author_id, "type": line.author}}
        if line.text:
            data["text"] = line.text
        if line.files:
            data["attachments"] = [self._told(one) for one in line.files]
        if line.cards:
            data["cards"] = line.cards
        self._post(conversation, "MESSAGE", data)

    def _told(self, file: File) -> dict[str, str]:
        kind = file.content_type.partition("/")[0]
        return {
            "id": file.id,
            "type": kind if kind in ("image", "video", "audio") else "file",
            "preSignedUrl": self.address(file),
            "fileName": file.name,
        }

    address: Callable[[File], str]
    """Where a file can be had without the key."""

    def _post(self, conversation: Conversation, kind: str, data: dict[str, Any] | None = None) -> None:
        body: dict[str, Any] = {
            "eventType": kind,
            "conversationId": conversation.id,
            "timestamp": int(time.time() * 1000),
        }
        self._send(conversation.id, kind, body if data is None else {**body, "data": data})

    def _send(self, lane: str, kind: str, body: dict[str, Any], uri: str = "") -> None:
        if url := uri or self.account.webhook_uri:
            self._callbacks.signed(lane, kind, url, json.dumps(body).encode())


def _line(message: Message, conversation: Conversation, *, history: bool = False) -> Line:
    files: list[File] = []
    for one in message.attachments:
        if one.id not in conversation.files:
            raise Refusal(404, "resource_not_found", "no such attachment")
        files.append(conversation.files[one.id])
    cards = [{"contentType": card.content_type, "content": card.content} for card in message.cards]
    author = message.author_type
    author_id = str(conversation.user.get("userId", "user")) if author == "user" else "bot"
    return Line(new_id("MSG"), author, author_id, message.text or "", now(), files, cards, history)
