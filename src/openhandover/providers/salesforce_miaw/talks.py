"""What this process knows of one conversation beside what Salesforce keeps: its user's token, and what went out."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from openhandover.core.errors import ProviderUnavailable, SessionEnded, SessionGone
from openhandover.core.recent import Recent
from openhandover.net.client import Reply
from openhandover.net.statuses import check
from openhandover.net.tokens import UNAUTHORIZED
from openhandover.providers.base import Host

from . import api, facts
from .wire import Token

PAGE = 50
"""The most entries that one call gives."""
_CONFLICT = 409
_NOT_TAKEN = frozenset({413, 415})
_SESSION_ENDED = "the messaging session has ended over there; a message now would ring for another agent"
_MINUTE_S = 60.0
_READS = 200
"""Messages of a conversation whose reading is told."""


class Talk:
    """One conversation. Its user is known to Salesforce by the access token alone: lost, nobody reaches it again."""

    def __init__(self, id_: str, access: api.Api, host: Host, per_minute: int) -> None:
        self.id = id_
        self.is_sure = False
        """The last thing that we sent was answered, so nothing needs to be looked for before the next."""
        self.has_ended = False
        self._api = access
        self._host = host
        self._token: Token | None = None
        self._refused = ""
        self._renewing = asyncio.Lock()
        self._times: deque[float] = deque(maxlen=per_minute)
        self._ours: Recent[str, str] = Recent(_READS)

    # --- the token

    async def begin(self, identity: str) -> bool:
        """Get a token, which is kept before anything is made with it; True where there was one already."""
        if await self._known() is not None:
            return True
        await self._keep(await self._api.access(identity))
        return False

    async def token(self) -> Token:
        """The token as it is now, renewed when it is due. Raises SessionGone when there is none any more."""
        async with self._renewing:
            known = await self._known()
            if known is None:
                raise SessionGone("the access token of this conversation's user is not known here any more")
            if known.value == self._refused or time.time() >= known.renew_at:
                known = await self._renewed(known)
            return known

    def refused(self, value: str) -> None:
        """This one is no longer good."""
        self._refused = value

    async def call(self, send: Callable[[str], Awaitable[Reply]]) -> Reply:
        """The answer of `send`, called with a token; once more with a new one when it was refused."""
        value = (await self.token()).value
        reply = await send(value)
        if reply.status != UNAUTHORIZED:
            return reply
        self.refused(value)
        return await send((await self.token()).value)

    async def _known(self) -> Token | None:
        if self._token is None:
            kept = await self._host.recall(f"token:{self.id}")
            if self._token is None:  # else somebody was quicker, and may have renewed it
                self._token = msgspec.json.decode(kept, type=Token) if kept else None
        return self._token

    async def _keep(self, token: Token) -> None:
        await self._host.remember(f"token:{self.id}", msgspec.json.encode(token).decode())
        self._token = token

    async def _renewed(self, old: Token) -> Token:
        try:
            new = await self._api.renewed(old)
            if new is None and old.identity:  # a verified user is the same one with any of their tokens
                new = await self._api.access(old.identity)
        except ProviderUnavailable:
            if old.value != self._refused and time.time() < old.ends_at:
                return old
            raise
        if new is None:
            raise SessionGone("the user's access token has ended and cannot be renewed")
        await self._keep(new)
        return new

    # --- calls

    async def ask(self, method: str, path: str = "", body: Mapping[str, Any] | None = None) -> Reply:
        """The answer of a call about this conversation, whatever it is."""
        whole = f"/conversation/{self.id}{path}"
        return await self.call(lambda token: self._api.call(method, whole, token, body))

    async def tell(self, what: str, body: Mapping[str, Any]) -> None:
        """Post something that has to be taken."""
        check(await self.ask("POST", f"/{what}", body), api.TALK, time.time(), api.TALK_HINTS)

    async def post(self, body: Mapping[str, Any]) -> None:
        """Post a message. A conflict is a repeat, if the history has it."""
        self.pace()
        reply = await self.ask("POST", "/message", body)
        if reply.status == _CONFLICT and body["message"]["id"] in facts.sent(
            await self.entries("direction=FromEnd")
        ):
            return
        check(reply, api.TALK, time.time(), api.TALK_HINTS)

    async def upload(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Post a file; False where files of this size or kind are not taken."""
        self.pace()
        path = f"/conversation/{self.id}/file"
        reply = await self.call(lambda token: self._api.send("POST", path, token, body, headers))
        if reply.status in _NOT_TAKEN:
            return False
        check(reply, api.TALK, time.time(), api.TALK_HINTS)
        return True

    async def entries(self, query: str) -> list[facts.Entry]:
        """A page of the history, oldest first."""
        reply = await self.ask("GET", f"/entries?limit={PAGE}&{query}")
        check(reply, api.TALK, time.time(), api.TALK_HINTS)
        return facts.history(reply)

    async def exists(self) -> bool:
        """Whether the conversation is there."""
        reply = await self.ask("GET")
        if reply.status not in api.GONE:
            check(reply, api.ACCESS, time.time(), api.CREATE_HINTS)
        return reply.is_success

    # --- what went out

    async def missing(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of these messages that are not there yet. Asked only where the one before may have got lost; until
        `is_sure` is set again, the next one may have, too.

        Raises:
            SessionEnded: an agent has ended the messaging session.
        """
        if self.has_ended:
            raise SessionEnded(_SESSION_ENDED)
        if self.is_sure or not ids:
            self.is_sure = False
            return frozenset(ids)
        before = await self.entries("direction=FromEnd")
        if facts.has_ended(before):
            raise SessionEnded(_SESSION_ENDED)
        return frozenset(ids) - facts.sent(before)

    def pace(self) -> None:
        """Count a message. Raises ProviderUnavailable with the time to wait when this minute has had its share."""
        now = time.monotonic()
        if len(self._times) == self._times.maxlen and now - self._times[0] < _MINUTE_S:
            wait_s = _MINUTE_S - (now - self._times[0])
            raise ProviderUnavailable("`messages_per_minute` are reached", retry_after_s=wait_s)
        self._times.append(now)

    def sent(self, theirs: str, ours: str) -> None:
        """A message has this id there."""
        self._ours[theirs] = ours

    def named(self, theirs: str) -> str | None:
        """Our id of a message."""
        return self._ours.get(theirs)


class Talks:
    """The conversations of late."""

    def __init__(self) -> None:
        self._talks: Recent[str, Talk] = Recent()

    def get(self, id_: str, make: Callable[[], Talk]) -> Talk:
        """The conversation with this id."""
        talk = self._talks.get(id_)
        if talk is None:
            talk = self._talks[id_] = make()
        self._talks.move_to_end(id_)
        return talk
