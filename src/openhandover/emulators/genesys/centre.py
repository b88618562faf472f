"""The contact centre: conversations, one queue, agents who take, leave, pass on and end."""

from collections.abc import Callable
from typing import Any

from openhandover.emulators.answers import Refused

from . import schema
from .conversation import Author, Conversation, Line, Participant, Sent, new_id, now, user_id
from .notices import Notices
from .refusals import No

AGENT = "Kim"
NO_REPLY = "the conversation has ended"


class Centre:
    """Everything that one organisation knows of its open messages."""

    def __init__(self, notices: Notices, changed: Callable[[], None], queue_id: str) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.notices = notices
        self.queue_id = queue_id
        self.on_queue = 2
        """Agents who are idle and on queue."""
        self.wait_s: int | None = 95
        """What the prediction says; None: it has no results."""
        self.threading_minutes = 4320
        """0: a message after the end begins a new conversation; else it continues the old one. The vendor's default is 72
        hours, which no test waits for: anything above 0 counts as "still within"."""
        self.repeats_conflict = True
        """What a repeated (messageId, time) gets is not documented: 409, or else the first answer again."""
        self._changed = changed
        self._taken: dict[tuple[str, str, str], dict[str, Any]] = {}

    # --- from the user

    def take(self, message: schema.InboundMessage, prefetch: bool, integration: str) -> dict[str, Any]:
        """A message of the user: it joins the open conversation of its sender, or begins one."""
        channel = message.channel
        key = (channel.from_.id, channel.message_id, channel.time)
        if channel.message_id and key in self._taken:
            if self.repeats_conflict:
                raise No(409, "request.conflict", "this message id was used with this time")
            return self._taken[key]
        conversation = self._conversation(channel.from_)
        conversation.customer.attributes |= channel.metadata.custom_attributes
        files = tuple(
            {"name": one.attachment.filename, "url": one.attachment.url, "mime": one.attachment.mime}
            for one in message.content
        )
        conversation.lines.append(Line("user", message.text, channel.time, files=files))
        self._changed()
        answer = self._answer(message, conversation, prefetch, integration)
        self._taken[key] = answer
        return answer

    def _conversation(self, sender: schema.Sender) -> Conversation:
        mine = [one for one in self.conversations.values() if one.address == sender.id]
        latest = mine[-1] if mine else None
        if latest is not None and latest.side != "ended":
            return latest
        if latest is None or not self.threading_minutes:
            latest = Conversation(sender.id, sender.nickname or sender.id)
            self.conversations[latest.id] = latest
        customer = Participant("customer", latest.name, address=sender.id)
        customer.connect()
        latest.participants.append(customer)
        self.notices.event("customer.start", latest, customer)
        self._queue(latest)
        return latest

    def _answer(
        self, message: schema.InboundMessage, conversation: Conversation, prefetch: bool, integration: str
    ) -> dict[str, Any]:
        channel = message.channel
        answer: dict[str, Any] = {
            "id": new_id().replace("-", ""),
            "channel": {
                "id": integration,
                "platform": "Open",
                "type": "Private",
                "messageId": channel.message_id,
                "to": {"id": integration},
                "from": schema.plain(channel.from_),
                "time": channel.time,
            },
            "type": "Text",
            "text": message.text,
        }
        if message.content:
            answer["content"] = [
                {"contentType": "Attachment", **schema.plain(one)} for one in message.content
            ]
        if prefetch:
            answer["conversationId"] = conversation.id
        return answer

    # --- the flow

    def _queue(self, conversation: Conversation) -> None:
        """The flow puts it into the queue; with nobody on queue it waits there, as in life."""
        acd = Participant("acd", "Support queue", queue_id=self.queue_id)
        acd.connect()
        conversation.participants.append(acd)
        self.notices.event("acd.start", conversation, acd, queueId=self.queue_id, routingPriority=0)

    def requeue(self, conversation: Conversation) -> None:
        """The in-queue flow moves it on to a queue, where the wait is another."""
        acd = conversation.active("acd")
        if acd is None:
            raise Refused(409, "it is not in a queue")
        acd.disconnect("transfer")
        self._acd_ended(conversation, acd, "FLOW_OUT")
        self._queue(conversation)
        self._changed()

    def flow_says(self, conversation: Conversation, text: str) -> None:
        """The Architect flow sends a message of its own."""
        self._say(conversation, "bot", text, originatingEntity="Bot")

    def flow_ends(self, conversation: Conversation) -> None:
        """The flow ends it before an agent had it, such as outside opening hours."""
        for acd in filter(None, [conversation.active("acd")]):
            acd.disconnect("system")
        self._end(conversation, "system")

    def observed(self) -> list[dict[str, Any]]:
        """Who is on the queue and what waits there; people in a group without media type, conversations in one with it."""
        people = {"metric": "oOnQueueUsers", "qualifier": "IDLE", "stats": {"count": self.on_queue}}
        away = {"metric": "oOnQueueUsers", "qualifier": "NOT_RESPONDING", "stats": {"count": 1}}
        waiting = sum(one.side == "waiting" for one in self.conversations.values())
        line = {"metric": "oWaiting", "stats": {"count": waiting}}
        group = {"queueId": self.queue_id}
        return [
            {"group": group, "data": [people, away]},
            {"group": {**group, "mediaType": "message"}, "data": [line]},
        ]

    # --- agents

    def agent(self, conversation: Conversation, name: str = AGENT) -> Participant:
        """The agent who has it; else this one takes it."""
        if conversation.side == "ended":
            raise Refused(409, NO_REPLY)
        here = conversation.active("agent")
        if here is not None and here.state == "connected":
            return here
        agent = here or self.offer(conversation, name)
        agent.connect()
        acd = conversation.active("acd")
        if acd is not None:
            acd.disconnect("transfer")
            self._acd_ended(conversation, acd, "ANSWERED", answered=agent.user_id)
        self._line(conversation, "system", f"{agent.name} joined.")
        return agent

    def offer(self, conversation: Conversation, name: str = AGENT) -> Participant:
        """It rings at an agent's desk. `user.start` comes now: whether it waits for the answer is not documented."""
        agent = Participant("agent", name, "alerting", user_id=user_id(name), queue_id=self.queue_id)
        conversation.participants.append(agent)
        self.notices.event("user.start", conversation, agent, userId=agent.user_id, queueId=self.queue_id)
        self._changed()
        return agent

    def decline(self, conversation: Conversation) -> None:
        """The agent lets it ring; it stays in the queue."""
        agent = conversation.active("agent")
        if agent is None or agent.state != "alerting":
            raise Refused(409, "it rings nowhere")
        agent.disconnect("client")
        self._user_ended(conversation, agent, "CLIENT")
        self._changed()

    def leave(self, conversation: Conversation) -> None:
        """The agent gives it back to the queue, and wraps up."""
        agent = self.agent(conversation)
        agent.disconnect("transfer")
        self._queue(conversation)
        self._user_ended(conversation, agent, "TRANSFER")
        self._wrapped_up(conversation, agent)
        self._line(conversation, "system", f"{agent.name} left.")

    def transfer(self, conversation: Conversation, name: str) -> None:
        """The agent consults another one, who takes it over; the first one's wrap-up comes in the middle."""
        first = self.agent(conversation)
        second = Participant("agent", name, user_id=user_id(name), queue_id=self.queue_id)
        second.connect()
        first.disconnect("transfer.consult")
        conversation.participants.append(second)
        self.notices.event("user.start", conversation, second, userId=second.user_id, queueId=self.queue_id)
        self._user_ended(conversation, first, "CONSULT_TRANSFER")
        self._wrapped_up(conversation, first)
        self._line(conversation, "system", f"{second.name} took over.")

    def say(self, conversation: Conversation, text: str, **fields: Any) -> None:
        """The agent writes; who has not answered yet does so by it."""
        agent = self.agent(conversation)
        agent.sent.append(self._say(conversation, "agent", text, originatingEntity="Human", **fields))

    def note(self, conversation: Conversation, text: str) -> None:
        """For the wrap-up; no webhook has it."""
        self.agent(conversation)
        conversation.notes.append(text)
        self._line(conversation, "note", text)

    def end(self, conversation: Conversation) -> None:
        """The agent disconnects it, wraps up, and it is over."""
        agent = self.agent(conversation)
        agent.disconnect("client")
        self._user_ended(conversation, agent, "CLIENT")
        self._end(conversation, "peer")
        self._wrapped_up(conversation, agent)

    # --- our caller ends it

    def disconnect(self, conversation: Conversation) -> None:
        """All parties are out."""
        for one in conversation.participants:
            if one.purpose != "customer" and one.state != "disconnected":
                one.disconnect("peer")
                if one.purpose == "agent":
                    self._user_ended(conversation, one, "PEER")
        self._end(conversation, "endpoint")

    # --- inside

    def _say(self, conversation: Conversation, author: Author, text: str, **fields: Any) -> Sent:
        if conversation.side == "ended":
            raise Refused(409, NO_REPLY)
        files = tuple(
            {"name": one["attachment"]["filename"], "url": one["attachment"]["url"]}
            for one in fields.get("content", ())
        )
        sent = self.notices.message(conversation, "Text", **({"text": text} if text else {}), **fields)
        conversation.lines.append(Line(author, text, now(), sent.id, files))
        self._changed()
        return sent

    def _line(self, conversation: Conversation, author: Author, text: str) -> None:
        conversation.lines.append(Line(author, text, now()))
        self._changed()

    def _end(self, conversation: Conversation, how: str) -> None:
        customer = conversation.customer
        customer.disconnect(how)
        self.notices.event(
            "customer.end",
            conversation,
            customer,
            disconnectType=how.upper(),
            interactingDurationMs=customer.talked_ms,
        )
        self._line(conversation, "system", "The conversation has ended.")

    def _acd_ended(
        self, conversation: Conversation, acd: Participant, outcome: str, *, answered: str = ""
    ) -> None:
        self.notices.event(
            "acd.end",
            conversation,
            acd,
            disconnectType="TRANSFER",
            acdOutcome=outcome,
            answeredUserId=answered,
            queueId=acd.queue_id,
            connectedDurationMs=acd.talked_ms,
        )

    def _user_ended(self, conversation: Conversation, agent: Participant, how: str) -> None:
        self.notices.event(
            "user.end",
            conversation,
            agent,
            disconnectType=how,
            userId=agent.user_id,
            queueId=agent.queue_id,
            interactingDurationMs=agent.talked_ms or None,
        )

    def _wrapped_up(self, conversation: Conversation, agent: Participant) -> None:
        agent.wraps_up = True
        self.notices.event(
            "acw",
            conversation,
            agent,
            userId=agent.user_id,
            queueId=agent.queue_id,
            wrapupCode="done",
            wrapupNotes="\n".join(conversation.notes),
            wrapupDurationMs=1,
        )
