"""The Router: which side has a chat, where a message goes, and whom it calls when something happened."""

import json
from collections import deque
from collections.abc import Callable, Collection
from typing import Any, Literal

from openhandover.emulators.answers import Refused
from openhandover.emulators.callbacks import Callback, Callbacks, Endpoint
from openhandover.emulators.recording import KEPT

from . import business
from .account import Account, Adapter
from .chat import Chat, chat_id, new_id, now
from .mutation import MutationRequest, Switch
from .twoway import FROM_USER, TO_USER, Sent, text_of

BOTS = ("bot", "bmproxy")


class Router:
    """All chats of one account, and the callbacks to its adapters."""

    def __init__(self, account: Account, callbacks: Callbacks, changed: Callable[[], None]) -> None:
        self.account = account
        self.chats: dict[str, Chat] = {}
        self.unrouted: deque[dict[str, Any]] = deque(maxlen=KEPT)
        """Messages that no rule took anywhere."""
        self._callbacks = callbacks
        self._changed = changed

    # --- chats

    def chat(self, given: str) -> Chat:
        """The chat with this id.

        Raises:
            Refused: 404, there is none.
        """
        if given not in self.chats:
            raise Refused(404, "no such chat")
        return self.chats[given]

    def at(self, source: Adapter, sent: Sent) -> Chat:
        """The chat of these two parties, made at the first message."""
        key = chat_id(self.account, source, sent.channel, sent.host_id, sent.client_id)
        if key not in self.chats:
            self.chats[key] = Chat(key, source, sent.channel, sent.client_id, sent.host_id, sent.client_name)
        chat = self.chats[key]
        chat.client_name = sent.client_name or chat.client_name
        return chat

    def of(self, channels: Collection[str], host_id: str, client_id: str) -> Chat:
        """The chat of these parties: a bot writes only where there is one. Without channels, any will do.

        Raises:
            Refused: 404, there is none.
        """
        for chat in self.chats.values():
            if (chat.host_id, chat.client_id) == (host_id, client_id) and chat.channel in (
                channels or [chat.channel]
            ):
                return chat
        raise Refused(404, "there is no chat of these parties")

    # --- messages

    def from_user(self, source: Adapter, sent: Sent) -> tuple[Chat, str | None]:
        """What the user's side sent. Also the session's id as the 201 tells it: none when this began the session."""
        chat = self.at(source, sent)
        told = chat.session_id
        if told is None:
            chat.begin()
            self._settle(chat)
        for message in self._new(chat, sent.messages):
            self._to_target(chat, message)
        self._changed()
        return chat, told

    def from_bot(self, sent: Sent) -> Chat:
        """What a bot inside the Router says. The user gets it after a handover, too: CM's guides hand over first and
        say so afterwards."""
        chat = self.of([sent.channel], sent.host_id, sent.client_id)
        for message in self._new(chat, sent.messages):
            chat.add("bot", text_of(message), message)
            self._to_user(chat, message)
        self._changed()
        return chat

    def from_proxy(self, message: dict[str, Any]) -> None:
        """What a bot says by BM Proxy; it is refused whole when one of its receivers has no chat."""
        host_id: str = message["from"]
        channels: list[str] = message.get("allowedChannels") or []
        for chat in [self.of(channels, host_id, to["number"]) for to in message["to"]]:
            chat.add("bot", business.text_of(message), message)
        self._changed()

    def from_agent(self, chat: Chat, text: str) -> None:
        """What the agent says; raises 409 when the desk does not have the chat."""
        if chat.side not in ("waiting", "active"):
            raise Refused(409, "the desk does not have this chat")
        message = _text(text, TO_USER)
        chat.side = "active"
        chat.add("agent", text, message)
        self._to_user(chat, message)
        self._changed()

    # --- routing

    def mutate(self, chat: Chat, request: MutationRequest) -> None:
        """Switch rules and components; when the chat thereby comes to a desk, a handover has happened."""
        for change in request.changes:
            if isinstance(change, Switch):
                chat.switched.update(dict.fromkeys(change.rules, change.on))
            else:
                chat.off.add(change.component)
        if request.context:
            chat.context = {**chat.context, **request.context}
        self._settle(chat, handover=True)
        self._changed()

    def move(self, chat: Chat, state_id: str, context: dict[str, str]) -> None:
        """State-based control: to the state `agent` or `bot`."""
        chat.state_id = state_id
        chat.context = {**chat.context, **context}
        to_desk = self.account.states[state_id] == "agent"
        desks = {one.id for one in self.account.adapters.values() if one.role == "desk"}
        for rule in self.account.rules:
            if rule.source == chat.source.id:
                chat.switched[rule] = rule.on and (rule.target in desks) == to_desk
        chat.off = set() if not to_desk else chat.off
        self._settle(chat, handover=True)
        self._changed()

    def end(self, chat: Chat, *, tell: bool = True) -> None:
        """End the session: the next message starts at the bot. Twice is once."""
        if chat.session_id is None:
            return
        session_id = chat.session_id
        chat.add("system", "The conversation has ended.")
        if tell:
            for adapter in self._parties(chat):
                if adapter.events is not None:
                    self._call(adapter, "event", adapter.events, self._ended(chat, session_id))
        chat.end()
        self._changed()

    # --- inside

    def _settle(self, chat: Chat, *, handover: bool = False) -> None:
        """Bring `side` in line with the rules, and tell the adapters of a handover."""
        at_desk = chat.side in ("waiting", "active")
        target = self.account.adapter(chat.target(self.account) or "")
        if target is None or target.role != "desk":
            chat.side = "bot"
        elif not at_desk:
            chat.side = "waiting"
            chat.add("system", "Handed over.")
            if handover:
                self._tell_handover(chat)

    def _tell_handover(self, chat: Chat) -> None:
        for adapter in self._parties(chat):
            if adapter.handover is not None:
                body = filled(adapter.handover_template, chat, self.account)
                self._call(adapter, "handover", adapter.handover, body)

    def _parties(self, chat: Chat) -> list[Adapter]:
        """Who has to do with the chat: its channel, and the bots that a rule links it to."""
        linked = {rule.target for rule in self.account.rules if rule.source == chat.source.id}
        bots = [one for one in self.account.adapters.values() if one.role == "bot" and one.id in linked]
        return [chat.source, *bots]

    def _to_target(self, chat: Chat, message: dict[str, Any]) -> None:
        chat.add("user", text_of(message), message)
        target_id = chat.target(self.account)
        target = self.account.adapter(target_id or "")
        endpoint = target.messages if target is not None else None
        if target_id is None or (target is not None and target.role in BOTS and endpoint is None):
            self.unrouted.append(message)
        elif target is not None and endpoint is not None:
            by_proxy = target.role == "bmproxy"
            body = (
                business.incoming(chat, message, self.account) if by_proxy else self._envelope(chat, message)
            )
            self._call(target, "message", endpoint, body)

    def _to_user(self, chat: Chat, message: dict[str, Any]) -> None:
        source = chat.source
        if source.messages is not None:
            self._call(source, "message", source.messages, self._envelope(chat, message))

    def _new(self, chat: Chat, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        fresh: list[dict[str, Any]] = []
        for message in messages:
            whole = {"id": new_id(), "createdOn": now(), **message}
            if self.account.keeps_ids and whole["id"] in chat.taken:
                continue
            chat.taken.add(whole["id"])
            fresh.append(whole)
        return fresh

    def _envelope(self, chat: Chat, message: dict[str, Any]) -> bytes:
        # What is inside `targetAdaptersInfo` is not documented, only that the Router adds it.
        body = {
            "chat": chat.head(self.account),
            "conversationMessages": [message],
            "conversationEvents": [],
            "targetAdaptersInfo": [],
        }
        return json.dumps(body).encode()

    def _ended(self, chat: Chat, session_id: str) -> bytes:
        head = chat.head(self.account)
        if self.account.event_form == "flat":
            flat = {"eventType": "RouterSessionEnded", "id": new_id(), "createdOn": now()}
            body = {
                **flat,
                "chatId": chat.id,
                "sessionId": session_id,
                "accountId": head["accountId"],
                "chat": head,
            }
        else:
            event = {"$type": "RouterSessionEnded", "id": new_id(), "createdOn": now()}
            body = {"chat": head, "conversationMessages": [], "conversationEvents": [event]}
        return json.dumps(body).encode()

    def _call(
        self, adapter: Adapter, kind: Literal["message", "handover", "event"], endpoint: Endpoint, body: bytes
    ) -> None:
        self._callbacks.post(Callback(adapter.name, kind, endpoint, body))


def filled(template: str, chat: Chat, account: Account) -> bytes:
    """The Hand Over Endpoint's body. Values are put in as they are; an empty context leaves nothing at all."""
    head = chat.head(account)
    values = {
        "chatId": chat.id,
        "sessionId": chat.session_id or "",
        **{
            name: head[name]
            for name in ("accountId", "channel", "conversationHostId", "conversationClientId")
        },
        "context": json.dumps(chat.context) if chat.context else "",
    }
    for name, value in values.items():
        template = template.replace("{{$" + name + "}}", value)
    return template.encode()


def user_text(text: str) -> dict[str, Any]:
    """A text message of the user."""
    return _text(text, FROM_USER)


def _text(text: str, direction: str) -> dict[str, Any]:
    return {"$type": "text", "id": new_id(), "direction": direction, "createdOn": now(), "text": text}
