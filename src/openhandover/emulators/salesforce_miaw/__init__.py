"""Salesforce Messaging for In-App and Web (Enhanced Chat): the custom client API v2 and its stream of events.

Written from Salesforce's public pages ("Enhanced Chat API", "Server-Sent Events Structure", the rate limits) and, where
these are silent, from public clients of the same API. Silence that remains: statuses of most refusals (ours are 400 body,
401 token, 403 deployment or stranger, 404 conversation unknown or closed, 409 repeated conversation), whether a repeated
message is dropped (here it is shown twice), and what a token that has ended is still good for (here for nothing).
"""

import time
from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import uuid4

from aiohttp import web

from openhandover.emulators.answers import Refused, json_object

from .account import IDENTITY, Account
from .api import Api
from .conversation import Conversation, contents

__all__ = ["EMULATOR", "IDENTITY", "Account", "SalesforceMiawEmulator"]

AGENTS = {"Kim": "005xx0000000001", "Lee": "005xx0000000002"}


class SalesforceMiawEmulator(Api):
    """One organisation on a loopback port: `emulator.url` is its `scrt_url`.

    Endpoints in `requests_to(name)` and faults: token.unauthenticated, token.authenticated, token.continuation,
    token.revoke, conversation.create, conversation.list, conversation.status, conversation.close, session.end, entries,
    message, entry, acknowledge, file, events, businesshours, download.
    Set up: `account` (ids, `identities`, `parameters`, `token_life_s`, `messages_per_minute`). Besides the verbs of
    every emulator: `bot_says`, `system_says`, `agent_drops` (leaves, and nobody else is asked), `session_is("Inactive")`,
    `routing_fails`, `break_streams`, `forget_events`, `hold_streams(True | False)`.
    """

    vendor: ClassVar[str] = "salesforce_miaw"
    title: ClassVar[str] = "Salesforce Messaging for In-App and Web"

    def settings(self) -> dict[str, Any]:
        """The provider's settings for this emulator."""
        return {
            "scrt_url": self.url,
            "org_id": self.account.org_id,
            "es_developer_name": self.account.es_developer_name,
            "messages_per_minute": self.account.messages_per_minute,
            "any_host": True,
        }

    # --- what agents and others over there do

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent takes the chat."""
        self._chat(chat_id).join((AGENTS.get(name, f"005{name}"), name))
        self.changed()

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent answers; takes the chat first where nobody has it."""
        chat = self._chat(chat_id)
        if chat.agent is None:
            await self.agent_joins(chat_id)
        for content in contents(text):
            chat.say("Agent", content, chat.speaking())
        self.changed()

    async def agent_ends(self, chat_id: str) -> None:
        """The agent ends the chat: the session ends."""
        self._chat(chat_id).end()
        self.changed()

    async def agent_leaves(self, chat_id: str) -> None:
        """The agent leaves; the chat goes back to the queue."""
        self._chat(chat_id).leave("INITIAL")
        self.changed()

    async def agent_drops(self, chat_id: str) -> None:
        """The agent leaves and the chat is routed to nobody else: how some organisations' chats end."""
        self._chat(chat_id).leave("NEEDS_ROUTING")
        self.changed()

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The agent gives the chat to another one."""
        chat = self._chat(chat_id)
        chat.leave("TRANSFER")
        chat.route("Transfer")
        await self.agent_joins(chat_id, name)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """The agent types, or stops."""
        chat = self._chat(chat_id)
        kind = "TypingStartedIndicator" if on else "TypingStoppedIndicator"
        chat.add(kind, {"timestamp": int(time.time() * 1000)}, "Agent", chat.speaking())

    async def agent_sends_file(self, chat_id: str, name: str, content_type: str, content: bytes) -> None:
        """The agent sends a file; whoever fetches it needs the user's token."""
        chat, id_ = self._chat(chat_id), str(uuid4())
        self.files[id_] = (content_type, content)
        file = {"id": id_, "name": name, "mimeType": content_type, "url": f"{self.url}/files/{id_}"}
        chat.say("Agent", {"formatType": "Attachments", "attachments": [file]}, chat.speaking())
        self.changed()

    async def agent_notes(self, chat_id: str, text: str) -> None:
        """A supervisor whispers to the agent."""
        chat = self._chat(chat_id)
        chat.say("Supervisor", {"formatType": "Text", "text": text}, ("005xx0000000009", "Sam"))
        self.changed()

    async def agent_reads(self, chat_id: str) -> None:
        """The agent has seen everything the user sent."""
        chat = self._chat(chat_id)
        for entry in [one for one in chat.entries if one["sender"]["role"] == "EndUser"]:
            if entry["entryType"] == "Message":
                told = {
                    "acknowledgedConversationEntryIdentifier": entry["identifier"],
                    "acknowledgementTimestamp": int(time.time() * 1000),
                }
                related = [entry["entryPayload"]["id"]]
                chat.add("ReadAcknowledgement", told, "Agent", chat.speaking(), related)

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """The channel tells position or wait; asked for both, it tells one after the other."""
        chat = self._chat(chat_id)
        if position is not None:
            chat.add("QueuePosition", {"position": position}, "Router")
        if wait_s is not None:
            chat.route("Initial", wait_s=wait_s)

    async def sends_unknown(self, chat_id: str) -> None:
        """An event that no page mentions."""
        self._chat(chat_id).add("CONVERSATION_CONFETTI_THROWN", {"colour": "red"})

    async def bot_says(self, chat_id: str, text: str) -> None:
        """A bot over there says something."""
        chat = self._chat(chat_id)
        chat.say("Chatbot", {"formatType": "Text", "text": text}, ("0Xx1", "Greeter"))
        self.changed()

    async def system_says(self, chat_id: str, text: str) -> None:
        """An automated message."""
        chat = self._chat(chat_id)
        chat.say("System", {"formatType": "Text", "text": text}, ("", "Automated Process"))
        self.changed()

    async def session_is(self, chat_id: str, status: str, role: str | None = None) -> None:
        """The session becomes `Inactive`, or is `Ended` by the system after a while."""
        self._chat(chat_id).status(status, role)
        self.changed()

    async def routing_fails(self, chat_id: str, failure: str = "RoutingError") -> None:
        """Nobody can be asked."""
        self._chat(chat_id).route("Initial", failure)

    def set_online(self, on: bool = True, **where: str) -> None:
        """The business hours hold now, or they do not: agents are not told of anywhere."""
        self.is_open = on
        self.changed()

    def expire_tokens(self) -> None:
        """Every access token given so far has ended, and with it its stream."""
        self.account.expire()
        self.feed.cut()

    def break_streams(self) -> None:
        """Cut every stream of events."""
        self.feed.cut()

    def hold_streams(self, on: bool = True) -> None:
        """Tell nobody anything for now; what happened is told afterwards."""
        self.feed.hold(on)

    def forget_events(self) -> None:
        """Lose the events that nobody has heard yet; the history keeps them."""
        self.feed.forget()

    def fault(self, kind: str, asked: dict[str, Any]) -> None:
        """`break_streams`, `forget_events`, `hold_streams`, `release_streams` and `expire_tokens`."""
        match kind:
            case "break_streams":
                self.break_streams()
            case "forget_events":
                self.forget_events()
            case "hold_streams" | "release_streams":
                self.hold_streams(kind == "hold_streams")
            case "expire_tokens":
                self.expire_tokens()
            case _:
                super().fault(kind, asked)

    async def stop(self) -> None:
        """Stop serving."""
        self.feed.cut()
        await super().stop()

    # --- controls and page

    def control_routes(self) -> Iterable[web.RouteDef]:
        """The user's files for the page, and what only this vendor has."""
        return [
            web.get("/emulator/files/{file}", self._shown_file),
            web.post("/emulator/chats/{chat}/session", self._set_session),
        ]

    async def _shown_file(self, request: web.Request) -> web.Response:
        return self.served(request)

    async def _set_session(self, request: web.Request) -> web.Response:
        asked = await json_object(request)
        await self.session_is(request.match_info["chat"], str(asked.get("status")), asked.get("role"))
        return web.json_response({})

    def shown(self) -> dict[str, Any]:
        """For the page and for tests in another process."""
        return {"online": self.is_open, "chats": [chat.shown() for chat in self.conversations.values()]}

    def _chat(self, chat_id: str) -> Conversation:
        if chat_id not in self.conversations:
            raise Refused(404, "no such chat")
        return self.conversations[chat_id]


EMULATOR = SalesforceMiawEmulator
