"""Salesforce Chat (Live Agent), retired on 14 February 2026: the Chat REST API 52 as its developer guide describes it.

Where the guide is silent: refusals are plain text; a message before an agent is there is refused with 400; a POST whose
number was seen is taken and has no effect, because the guide says that numbers are there to recognise duplicates; 503
(the affinity has changed) is answered until `ReconnectSession` was called.
"""

from typing import Any, ClassVar

from openhandover.emulators.answers import Refused

from .api import REST, Api
from .chats import Chat

__all__ = ["EMULATOR", "SalesforceChatEmulator"]

AGENTS = {"Kim": "005xx0000000001", "Lee": "005xx0000000002"}


class SalesforceChatEmulator(Api):
    """One organisation on a loopback port: `emulator.url + "/chat/rest"` is its Chat API endpoint.

    Endpoints in `requests_to(name)` and faults are the resources: SessionId, ChasitorInit, Messages, ChatMessage,
    ChasitorTyping, ChasitorNotTyping, ChatEnd, ReconnectSession, ChasitorResyncState, Availability. Besides the verbs of
    every emulator: `chat_moves` (503 until the session is reconnected), `chat_fails`, `chat_expires`.
    """

    vendor: ClassVar[str] = "salesforce_chat"
    title: ClassVar[str] = "Salesforce Chat (Live Agent)"

    def settings(self) -> dict[str, Any]:
        """The provider's settings for this emulator."""
        return {
            "enabled": True,
            "base_url": self.url + REST,
            "organization_id": self.organization_id,
            "deployment_id": self.deployment_id,
            "button_id": self.button_id,
            "any_host": True,
        }

    async def agent_joins(self, chat_id: str, name: str = "Kim") -> None:
        """An agent takes the chat."""
        self._known(chat_id).establish((AGENTS.get(name, f"005{name}"), name))
        self.changed()

    async def agent_says(self, chat_id: str, text: str) -> None:
        """The agent answers; takes the chat first where nobody has it."""
        chat = self._known(chat_id)
        if chat.agent is None:
            await self.agent_joins(chat_id)
        id_, name = chat.speaking()
        chat.line("agent", text)
        chat.tell(
            "ChatMessage", text=text, name=name, agentId=id_, schedule={"responseDelayMilliseconds": 0.0}
        )
        self.changed()

    async def agent_ends(self, chat_id: str) -> None:
        """The agent ends the chat."""
        self._known(chat_id).end("agent")
        self.changed()

    async def agent_leaves(self, chat_id: str) -> None:
        """The agent's connection is gone; the chat waits for another one."""
        self._known(chat_id).disconnect()
        self.changed()

    async def agent_transfers(self, chat_id: str, name: str = "Lee") -> None:
        """The agent gives the chat to another one."""
        chat = self._known(chat_id)
        chat.tell("TransferToButtonInitiated")
        chat.agent = None
        await self.agent_joins(chat_id, name)

    async def agent_types(self, chat_id: str, on: bool = True) -> None:
        """The agent types, or stops."""
        chat = self._known(chat_id)
        id_, name = chat.speaking()
        chat.tell("AgentTyping" if on else "AgentNotTyping", name=name, agentId=id_)

    async def queue_is(self, chat_id: str, position: int | None, wait_s: int | None) -> None:
        """The chat's place in the queue."""
        self._known(chat_id).tell("QueueUpdate", position=position, estimatedWaitTime=wait_s)

    async def sends_unknown(self, chat_id: str) -> None:
        """An event that no page mentions."""
        self._known(chat_id).tell("ConfettiThrown", colour="red")

    def chat_moves(self, chat_id: str) -> None:
        """The session is on another server from now on."""
        chat = self._known(chat_id)
        chat.must_move = True
        chat.news.set()

    def chat_fails(self, chat_id: str, reason: str = "Unavailable") -> None:
        """Nobody can be asked."""
        self._known(chat_id).fail(reason)

    def chat_expires(self, chat_id: str) -> None:
        """Nobody polled for too long: the session is not valid any more, and nothing is said of it."""
        chat = self._known(chat_id)
        chat.state, chat.is_over = "ended", True
        chat.news.set()

    def set_online(self, on: bool = True, **where: str) -> None:
        """Agents come or go."""
        self.is_online = on
        self.changed()

    def fault(self, kind: str, asked: dict[str, Any]) -> None:
        """`move` and `expire` with `chat`."""
        match kind:
            case "move":
                self.chat_moves(str(asked.get("chat")))
            case "expire":
                self.chat_expires(str(asked.get("chat")))
            case _:
                super().fault(kind, asked)

    async def stop(self) -> None:
        """Stop serving; polls under way are let go."""
        for chat in self.chats.values():
            chat.news.set()
        await super().stop()

    def _known(self, chat_id: str) -> Chat:
        if chat_id not in self.chats:
            raise Refused(404, "no such chat")
        return self.chats[chat_id]

    def shown(self) -> dict[str, Any]:
        """For the page and for tests in another process; a session without a chat is not one."""
        shown = [chat.shown() for chat in self.chats.values() if chat.state]
        return {"online": self.is_online, "chats": shown}


EMULATOR = SalesforceChatEmulator
