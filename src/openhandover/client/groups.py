"""The calls, grouped as the API is. What makes something takes an `id`, and makes one where none is given: a call that
is repeated after a lost answer makes nothing twice."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Generic, Literal, TypeVar, Unpack

from msgspec import Struct

from .fields import (
    ConversationChanges,
    ConversationFields,
    HandoverFields,
    HandoverFilters,
    MessageFields,
    UserFields,
)
from .link import Link
from .request import Request, get, new_id, post, target
from .shapes import Conversation, Handover, Message, Proof, ToolResult

T = TypeVar("T")


class Listed(Struct, Generic[T]):
    """A page of a list; `next` leads on."""

    items: list[T]
    next: str | int | None = None


class Group:
    """Calls of one kind."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def _pages(
        self, kind: type[T], path: tuple[str, ...], by: str, query: Mapping[str, Any]
    ) -> AsyncGenerator[T]:
        """Every item of a list, page by page."""
        asked = dict(query)
        while True:
            page = await self._link.call(get(*path, **asked), Listed[kind])
            for item in page.items:
                yield item
            if page.next is None:
                return
            asked[by] = page.next


class Conversations(Group):
    """`client.conversations`"""

    async def create(
        self, channel: str, user: UserFields, **fields: Unpack[ConversationFields]
    ) -> Conversation:
        """Begin a conversation on a channel of type `api`."""
        body = {"id": new_id("c"), **fields, "channel": channel, "user": user}
        return await self._link.call(post("conversations", body=body), Conversation)

    async def get(self, conversation_id: str) -> Conversation:
        """The conversation as it is now."""
        return await self._link.call(get("conversations", conversation_id), Conversation)

    async def patch(self, conversation_id: str, **changes: Unpack[ConversationChanges]) -> Conversation:
        """Change what is known of user, language and context."""
        place = target("conversations", conversation_id)
        return await self._link.call(Request(method="PATCH", target=place, body=dict(changes)), Conversation)

    async def typing(self, conversation_id: str, *, on: bool, author: Literal["user", "bot"] = "bot") -> None:
        """Tell the other side that somebody types, or stopped."""
        body = {"author": author, "on": on}
        await self._link.call(post("conversations", conversation_id, "typing", body=body), dict)

    async def presence(self, conversation_id: str, state: Literal["connected", "disconnected"]) -> None:
        """Tell that the user's connection came or went."""
        body = {"state": state}
        await self._link.call(post("conversations", conversation_id, "presence", body=body), dict)

    async def trigger(self, conversation_id: str, event: str) -> None:
        """Fire an event at the bot. Never repeated once it may have arrived: twice would run the flow twice."""
        asked = post("conversations", conversation_id, "trigger", body={"event": event}, repeatable=False)
        await self._link.call(asked, dict)

    def list(self, *, user_id: str | None = None) -> AsyncGenerator[Conversation]:
        """Conversations, newest first; page by page as you read."""
        return self._pages(Conversation, ("conversations",), "cursor", {"user_id": user_id})


class Messages(Group):
    """`client.messages`"""

    async def post(
        self,
        conversation_id: str,
        author: Literal["user", "bot"],
        text: str = "",
        **fields: Unpack[MessageFields],
    ) -> Message:
        """Post a message of the user or the bot. A bot gives the `epoch` of the turn that it answers."""
        body = {"id": new_id("m"), **fields, "author": author, "text": text}
        return await self._link.call(post("conversations", conversation_id, "messages", body=body), Message)

    def list(self, conversation_id: str, *, after: int = 0) -> AsyncGenerator[Message]:
        """Messages with a higher seq than `after`, in order; page by page as you read."""
        path = ("conversations", conversation_id, "messages")
        return self._pages(Message, path, "after", {"after": after})


class Handovers(Group):
    """`client.handovers`"""

    async def request(
        self, conversation_id: str, *, wait_s: int = 0, **fields: Unpack[HandoverFields]
    ) -> Handover:
        """Ask for a human. A bot, which is the default initiator, gives the `epoch` of its turn.

        Args:
            conversation_id: whose user is to be helped.
            wait_s: at most 30; the answer comes once the handover is accepted or has ended, or after this time.
            fields: see HandoverFields.
        """
        asked = Request(
            method="POST",
            target=target("conversations", conversation_id, "handovers", wait_s=wait_s or None),
            body={"id": new_id("h"), **fields},
            waits_s=wait_s,
        )
        return await self._link.call(asked, Handover)

    async def get(self, handover_id: str) -> Handover:
        """The handover as it is now."""
        return await self._link.call(get("handovers", handover_id), Handover)

    async def cancel(self, handover_id: str) -> Handover:
        """The user withdraws; without effect on one that has ended."""
        return await self._link.call(post("handovers", handover_id, "cancel"), Handover)

    async def close(self, handover_id: str, *, by: Literal["bot", "operator"] = "bot") -> Handover:
        """The bot or an operator ends it; without effect on one that has ended."""
        return await self._link.call(post("handovers", handover_id, "close", body={"by": by}), Handover)

    async def give_back(self, handover_id: str) -> Handover:
        """The call `return`: a transferred conversation goes back to the bot."""
        return await self._link.call(post("handovers", handover_id, "return"), Handover)

    async def rate(self, handover_id: str, score: int, comment: str | None = None) -> Handover:
        """The user's rating, 1 to 5."""
        body = {"score": score, "comment": comment}
        return await self._link.call(post("handovers", handover_id, "rating", body=body), Handover)

    async def call_result(self, handover_id: str, outcome: str, sip_status: int | None = None) -> Handover:
        """What became of a transferred phone call: `connected`, `busy`, `no_answer`, `ended` ..."""
        body: dict[str, Any] = {"outcome": outcome}
        if sip_status is not None:
            body["sip_status"] = sip_status
        return await self._link.call(post("handovers", handover_id, "call-result", body=body), Handover)

    async def proof(self, handover_id: str) -> Proof:
        """What became of every message."""
        return await self._link.call(get("handovers", handover_id, "proof"), Proof)

    def list(self, **filters: Unpack[HandoverFilters]) -> AsyncGenerator[Handover]:
        """Handovers, newest first; page by page as you read."""
        return self._pages(Handover, ("handovers",), "cursor", filters)


class Tools(Group):
    """`client.tools`"""

    async def call(
        self,
        name: str,
        conversation_id: str,
        epoch: int,
        arguments: Mapping[str, Any],
        *,
        tool_call_id: str | None = None,
    ) -> ToolResult:
        """Run a tool for the model.

        `tool_call_id` is the model's own id of its call: the same again gets the same answer, and the end of a
        handover that the tool began names it in `replaces`.
        """
        body: dict[str, Any] = {
            "conversation_id": conversation_id,
            "epoch": epoch,
            "arguments": arguments,
            "tool_call_id": tool_call_id or new_id("call"),
        }
        return await self._link.call(post("tools", name, body=body), ToolResult)

    async def list(self, api: Literal["openai", "anthropic"] | None = None) -> list[dict[str, Any]]:
        """The tools as function schemas, in the form that this API takes; flat when absent."""
        return (await self._link.call(get("tools", format=api), Listed[dict[str, Any]])).items
