"""One chat: its session as it is kept over restarts, and its calls in their order."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from openhandover.core.errors import (
    NotTakenYet,
    ProviderAuthError,
    ProviderRejected,
    ProviderUnavailable,
    SessionEnded,
    SessionGone,
)
from openhandover.net.client import Reply, Request, Sender, encode_json
from openhandover.net.statuses import Reactions, check
from openhandover.providers.base import Host

from . import wire

_PASSING: Reactions = dict.fromkeys((408, 425, 429), ProviderUnavailable)
OPEN: Reactions = _PASSING | dict.fromkeys((400, 401, 403), ProviderAuthError)
TALK: Reactions = _PASSING | dict.fromkeys((403, 404, 409, 410), SessionGone)
OPEN_HINTS = {
    400: "check `organization_id`, `deployment_id`, `button_id`, and the route's `prechat_details` and `prechat_entities`",
    403: "check `organization_id` and `origin`: the organisation may list the domains that chat",
    404: "check `base_url`: another instance, or Chat is gone there as Salesforce announced",
}
TALK_HINTS = {
    400: "check `max_text_length`",
    403: "the session is not valid any more, so the chat is over",
    409: "two polls at once end the chat: is another server listening to the same one?",
}
_AFFINITY_CHANGED = 503
_LATE_S = 5.0
"""A poll's own time-out is the vendor's; the way takes a while, too."""
_KEPT_KEYS = 20


class Due(Struct, frozen=True):
    """A text that the agent has not got yet. Its number stays the same, so that Salesforce can tell a repeat."""

    key: str
    text: str
    sequence: int


class State(Struct, frozen=True):
    """A chat as it is kept."""

    session: wire.Session
    to: wire.Target
    sequence: int = 2
    """Number of the next POST; 1 is `ChasitorInit`."""
    moves: int = 0
    """How often the session has moved: what it tells is numbered anew each time."""
    is_established: bool = False
    due: tuple[Due, ...] = ()
    taken: tuple[str, ...] = ()
    """Keys of the latest texts that were due once."""


class Chat:
    """A chat at Salesforce. `begin` or what the host kept gives it its session."""

    def __init__(self, id_: str, http: Sender, host: Host, origin: str | None) -> None:
        self.id = id_
        self.has_ended = False
        self.offset = 0
        """Of the last thing heard: where a session that moves goes on."""
        self._http = http
        self._host = host
        self._origin = {"Origin": origin} if origin else {}
        self._state: State | None = None
        self._turn = asyncio.Lock()
        self._moving = asyncio.Lock()

    # --- the session

    async def known(self) -> State | None:
        """The chat as it is kept."""
        if self._state is None:
            kept = await self._host.recall(f"chat:{self.id}")
            if self._state is None:  # else the poll or a message was quicker, and may have changed it
                self._state = msgspec.json.decode(kept, type=State) if kept else None
        return self._state

    async def begin(self, to: wire.Target) -> State:
        """Get a session, kept before anything is asked of it."""
        headers = {"X-LIVEAGENT-API-VERSION": to.api_version, "X-LIVEAGENT-AFFINITY": "null", **self._origin}
        reply = await self._send("GET", to, "System/SessionId", headers)
        check(reply, OPEN, time.time(), OPEN_HINTS)
        state = State(wire.read(reply, wire.Session, "SessionId"), to)
        await self._keep(state)
        return state

    async def ask(self, body: Mapping[str, Any]) -> None:
        """`ChasitorInit`: asks for an agent. Repeated with the same number."""
        state = await self._needed()
        reply = await self._post(state, "Chasitor/ChasitorInit", body, 1)
        check(reply, OPEN, time.time(), OPEN_HINTS)

    async def _needed(self) -> State:
        if self.has_ended:
            raise SessionEnded("the chat has ended over there")
        state = await self.known()
        if state is None:
            raise SessionGone("the session of this chat is not known here any more")
        return state

    async def _keep(self, state: State) -> None:
        self._state = state
        await self._host.remember(f"chat:{self.id}", msgspec.json.encode(state).decode())

    async def _change(self, **changes: Any) -> None:
        """Poll and messages change it side by side: each its own part of what it is at that moment."""
        state = await self._needed()
        await self._keep(structs.replace(state, **changes))

    # --- what the agent gets

    async def taken(self) -> None:
        """Return when an agent has the chat. Raises NotTakenYet as long as nobody would get a word."""
        if not (await self._needed()).is_established:
            raise NotTakenYet("no agent has taken the chat")

    async def say(self, key: str, texts: list[str]) -> None:
        """Give the agent these texts: now, or as soon as one has taken the chat."""
        async with self._turn:
            state = await self._needed()
            known = {*state.taken, *(one.key for one in state.due)}
            keys = [f"{key}:{n}" for n in range(len(texts))]
            new = [(one, text) for one, text in zip(keys, texts, strict=True) if one not in known]
            due = tuple(Due(one, text, state.sequence + n) for n, (one, text) in enumerate(new))
            if due:
                await self._change(due=state.due + due, sequence=state.sequence + len(due))
            await self._flush(f"{key}:")

    async def establish(self) -> None:
        """An agent has taken it: they get what is due."""
        async with self._turn:
            state = await self._needed()
            if not state.is_established:
                await self._change(is_established=True)
            await self._flush()

    async def _flush(self, key: str = "") -> None:
        """Post what is due. One that is refused for good is left out, so that the next ones go on; if it is of this
        key, or of none in particular, that is raised in the end. The rest was taken when nobody could know."""
        refused: ProviderRejected | None = None
        while (state := await self._needed()).is_established and state.due:
            first, *others = state.due
            try:
                await self._tell(state, "Chasitor/ChatMessage", {"text": first.text}, first.sequence)
            except ProviderRejected as error:
                refused = error if first.key.startswith(key) else refused
            taken = (*state.taken, first.key)[-_KEPT_KEYS:]
            await self._change(due=tuple(others), taken=taken)
        if refused is not None:
            raise refused

    async def hint(self, noun: str) -> None:
        """A small sign, where somebody is there to see it and nothing else is waiting."""
        async with self._turn:
            state = await self._needed()
            if state.is_established and not state.due:
                await self._change(sequence=state.sequence + 1)
                await self._tell(state, noun, {}, state.sequence)

    async def over(self) -> None:
        """It has ended: what nobody has read is not kept."""
        state = await self.known()
        self.has_ended = True
        if state is not None and state.due:
            await self._keep(structs.replace(state, due=()))

    async def end(self) -> None:
        """End it; one that is over is ended."""
        async with self._turn:
            state = await self.known()
            if state is None or self.has_ended:
                return
            await self._change(sequence=state.sequence + 1)
            whole = {"type": "ChatEndReason", "reason": "client"}
            try:
                await self._tell(state, "Chasitor/ChatEnd", whole, state.sequence)
            except ProviderRejected:
                await self._tell(state, "Chasitor/ChatEnd", {"reason": "client"}, state.sequence)
            except SessionGone:
                pass  # that is what was wanted
            await self.over()

    async def _tell(self, state: State, noun: str, body: Mapping[str, Any], sequence: int) -> None:
        reply = await self._post(state, noun, body, sequence)
        if await self._has_moved(state, reply):
            raise ProviderUnavailable("the session has moved", http_status=reply.status)
        check(reply, TALK, time.time(), TALK_HINTS)

    # --- what the agent says

    async def poll(self, place: wire.Place) -> tuple[wire.Place, wire.Batch] | None:
        """What happened after this place, and the place after that; None: nothing yet. Only one poll may be under way."""
        state = await self._needed()
        ack = place.ack if place.moves == state.moves else -1
        wait_s = state.session.client_poll_timeout + _LATE_S
        headers = self._headers(state)
        reply = await self._send("GET", state.to, f"System/Messages?ack={ack}", headers, timeout_s=wait_s)
        if reply.status == 204 or await self._has_moved(state, reply):
            return None
        check(reply, TALK, time.time(), TALK_HINTS)
        batch = wire.read(reply, wire.Batch, "Messages")
        offset = place.offset if batch.offset is None else batch.offset
        return wire.Place(state.moves, batch.sequence, offset), batch

    async def _has_moved(self, state: State, reply: Reply) -> bool:
        """Whether the session is not where this call went; where it is now, is asked once for all calls."""
        if reply.status != _AFFINITY_CHANGED:
            return False
        async with self._moving:
            now = await self._needed()
            if now.session.affinity_token == state.session.affinity_token:
                await self._reconnect(now)
        return True

    async def _reconnect(self, state: State) -> None:
        """Find the session on its new server, which counts anew whatever `resetSequence` says: its page says always."""
        headers = {**self._headers(state), "X-LIVEAGENT-AFFINITY": "null"}
        path = f"System/ReconnectSession?ReconnectSession.offset={self.offset}"
        reply = await self._send("GET", state.to, path, headers)
        check(reply, TALK, time.time(), TALK_HINTS)
        session = structs.replace(state.session, affinity_token=wire.affinity(reply))
        await self._change(session=session, moves=state.moves + 1)
        body = {"organizationId": state.to.organization_id}
        reply = await self._post(await self._needed(), "Chasitor/ChasitorResyncState", body, None)
        check(reply, TALK, time.time(), TALK_HINTS)

    # --- calls

    def _headers(self, state: State) -> dict[str, str]:
        return {
            "X-LIVEAGENT-API-VERSION": state.to.api_version,
            "X-LIVEAGENT-AFFINITY": state.session.affinity_token,
            "X-LIVEAGENT-SESSION-KEY": state.session.key,
            **self._origin,
        }

    async def _post(self, state: State, noun: str, body: Mapping[str, Any], sequence: int | None) -> Reply:
        number = {} if sequence is None else {"X-LIVEAGENT-SEQUENCE": str(sequence)}
        headers = {**self._headers(state), "Content-Type": "application/json", **number}
        return await self._send("POST", state.to, noun, headers, encode_json(body))

    async def _send(
        self,
        method: str,
        to: wire.Target,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        timeout_s: float = 10.0,
    ) -> Reply:
        url = f"{to.base_url}/{path}"
        return await self._http.send(
            Request(method=method, url=url, headers=headers, body=body, timeout_s=timeout_s)
        )
