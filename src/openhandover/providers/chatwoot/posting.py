"""Messages into conversations, each once although Chatwoot knows no idempotency keys: where an earlier try may have
arrived, the conversation is read before anything is repeated."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from openhandover.core.errors import SessionEnded

from . import wire
from .calls import SENDING, Calls, checked, decoded
from .webhooks import Said

PAGE = 100
"""So many messages a list after a certain one holds at most."""
_REMEMBERED = 10_000


class _Messages(Struct):
    payload: list[Said]


class Posting:
    """Knows in which conversations everything that was sent has been confirmed."""

    def __init__(self, calls: Calls, end_statuses: Collection[str]) -> None:
        self._calls = calls
        self._end_statuses = end_statuses
        self._sure: set[str] = set()

    def sure(self, talk_id: str) -> None:
        """Nothing is under way there."""
        if len(self._sure) >= _REMEMBERED:
            self._sure.clear()  # costs two looks per conversation
        self._sure.add(talk_id)

    def unsure(self, talk_id: str) -> None:
        """Look there before anything more is sent."""
        self._sure.discard(talk_id)

    async def post(self, talk_id: str, body: Mapping[str, Any], files: Sequence[wire.File] = ()) -> None:
        """Put one message there, unless an earlier try has.

        Raises:
            SessionEnded: the conversation is closed, and what the user says would open it again for nobody.
        """
        if talk_id not in self._sure and await self._is_there(talk_id, body):
            return
        self.unsure(talk_id)
        path = f"/conversations/{talk_id}/messages"
        if files:
            checked(await self._calls.form(path, *wire.message_form(body, files)), SENDING)
        else:
            checked(await self._calls.call("POST", path, body), SENDING)
        self.sure(talk_id)

    async def _is_there(self, talk_id: str, body: Mapping[str, Any]) -> bool:
        latest = await self.messages(talk_id)
        if any(said.source_id == body["source_id"] for said in latest):
            return True
        if not body["private"] and (await self.talk(talk_id)).status in self._end_statuses:
            raise SessionEnded("the conversation is closed in Chatwoot")
        return False

    async def talk(self, talk_id: str) -> wire.Talk:
        """The conversation as it is now."""
        reply = checked(await self._calls.get(f"/conversations/{talk_id}"), SENDING)
        return decoded(reply, wire.Talk, "GET conversation")

    async def messages(self, talk_id: str, after: int | None = None) -> list[Said]:
        """The messages after a certain one, oldest first; without one the latest twenty."""
        query = "" if after is None else "?" + urlencode({"after": after})
        reply = checked(await self._calls.get(f"/conversations/{talk_id}/messages{query}"), SENDING)
        found: _Messages = decoded(reply, _Messages, "GET messages")
        return found.payload
