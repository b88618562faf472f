"""Salesforce Messaging for In-App and Web (Enhanced Chat), custom client API v2: we are the end user's client.

Each handover is a conversation of its own, of a user of its own: one access token, one stream of events.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar, Literal
from uuid import uuid4

from openhandover.core import events as e
from openhandover.core.errors import ProviderRejected, ProviderUnavailable, SessionEnded
from openhandover.core.model import Attachment, Message
from openhandover.net.client import Reply, Sender
from openhandover.net.sse import ServerSent
from openhandover.net.statuses import check
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
)

from . import api, facts, wire
from .settings import Settings
from .talks import Talk, Talks

_GONE = frozenset({404, 410})
_SESSION_ENDED = "the messaging session has ended over there; a message now would ring for another agent"
_PAGE = 50  # the most entries that one call gives
_Step = tuple[str, facts.Entry | None, facts.Place, str]
"""Kind, entry, the place after it, and the event as it came."""


class SalesforceMiaw(BaseProvider):
    """A deployment of type Custom Client."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="session",
        availability=True,
        queue_position=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        receipts=True,
        agent_name=True,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._api = api.Api(settings, http)
        self._talks = Talks()

    async def connect(self) -> None:
        """Ask for an access token: it is the only proof that deployment and organisation exist, and makes nothing but
        an anonymous user without a conversation."""
        if self._settings.require_verified:
            await self.availability({}, None)  # without a user's identity no token can be asked for
        else:
            await self._api.access()

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """The deployment's business hours: no call tells whether agents are there."""
        reply = await self._api.hours()
        check(reply, api.ACCESS, time.time(), api.ACCESS_HINTS)
        return wire.hours(reply, time.time())

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A route that cannot be expressed there, or a user who has to be verified and is not."""
        try:
            wire.routing(route, self._settings)
        except ValueError as error:
            return str(error)
        return None

    async def open(self, request: HandoverRequest) -> Opened:
        """A token, the conversation, and its first message: that is what routes it."""
        to = wire.routing(request.route, self._settings, request.conversation.language)
        talk = self._talk(wire.uuid_of(request.key))
        was_begun = await talk.begin(to.identity)
        if not (was_begun and await self._exists(talk)):
            await self._create(talk, to)
        talk.is_sure = talk.is_sure or not was_begun
        said = wire.opening(request, self._settings)
        ids = [wire.uuid_of(request.key, n) for n in range(len(said))]
        missing = await self._missing(talk, ids)
        for n, (id_, text) in enumerate(zip(ids, said, strict=True)):
            if id_ in missing:
                await self._post(talk, wire.text(self._settings, id_, text, None if n else to))
        talk.is_sure = True
        return Opened(talk.id, vendor_state=to.end)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """The text in as many messages as it needs, then each file."""
        talk = self._talk(session.external_id)
        said = wire.pieces(wire.line(message), self._settings.max_text_length)
        ids = [wire.uuid_of(key, n) for n in range(len(said) + len(message.attachments))]
        missing = await self._missing(talk, ids)
        for id_, part in zip(ids, (*said, *message.attachments), strict=True):
            talk.sent(id_, message.id)
            if id_ not in missing:
                continue
            if isinstance(part, str):
                await self._post(talk, wire.text(self._settings, id_, part))
            else:
                await self._upload(talk, id_, part)
        talk.is_sure = True

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell the agent that the user types, or stopped; there it ends by itself after some five seconds."""
        await self._tell(self._talk(session.external_id), "entry", wire.typing(on))

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """A message like any other: the user's side has no other words there."""
        await self._post(self._talk(session.external_id), wire.text(self._settings, str(uuid4()), text))

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """Tell the agent that their message arrived, or was read."""
        if self._settings.acknowledge and state != "failed":
            body = wire.acknowledgement(message_id, state)
            await self._tell(self._talk(session.external_id), "acknowledge-entries", body)

    async def cancel(self, session: Session, reason: str) -> None:
        """Close the conversation: there is no other word for a withdrawal."""
        await self.close(session, reason)

    async def close(self, session: Session, reason: str) -> None:
        """Close the conversation, or where that is refused its session."""
        talk = self._talk(session.external_id)
        query = f"?esDeveloperName={self._settings.es_developer_name}"
        reply = await self._call(talk, "DELETE", query)
        if 400 <= reply.status < 500 and reply.status not in _GONE | {401, 408, 425, 429}:
            reply = await self._call(talk, "DELETE", f"/session{query}")
        talk.has_ended = True
        if reply.status not in _GONE:
            check(reply, api.TALK, time.time(), api.TALK_HINTS)

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """The user's token, for files that are on the host that it is for."""
        if not self._api.is_ours(url):
            return {}
        return {"Authorization": f"Bearer {(await self._talk(session.external_id).token()).value}"}

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, e.FromProvider | None]]:
        """The stream of events, after each connection what the history has beside it. What came twice has the same id."""
        talk = self._talk(session.external_id)
        left = {"immediate": e.Closed(sequenced=True), "never": e.AgentLeft()}.get(
            session.vendor_state or "", e.AgentLeft(self._settings.left_s)
        )
        reader = facts.Reader(left, self._settings.forward_system_messages, talk.named)
        place = facts.place(cursor) if cursor else facts.Place((await talk.token()).event_id)
        while True:
            async with aclosing(self._connection(talk, place)) as steps:
                async for kind, entry, after, data in steps:
                    found = [await self._left(talk, fact) for fact in reader.facts(kind, entry)]
                    for n, fact in enumerate(found):
                        event = self._event(session, fact, facts.event_id(kind, entry, data, n), entry)
                        yield (after if n == len(found) - 1 else place).text(), event
                    place = after
                    if not found:
                        yield place.text(), None
                    if any(isinstance(fact, e.Closed) for fact in found):
                        talk.has_ended = True
                        return

    # --- what listening is made of

    async def _connection(self, talk: Talk, place: facts.Place) -> AsyncGenerator[_Step]:
        """One connection, until it breaks or the token has to be renewed."""
        token = await talk.token()
        async with self._api.events(token.value, place.event_id) as answer:
            if answer.status == 401:
                talk.refused(token.value)
                raise ProviderUnavailable("the access token has ended; it is renewed")
            check(Reply(answer.status, answer.headers, b""), api.TALK, time.time(), api.TALK_HINTS)
            async for entry in self._gap(talk, place.at):
                place = _moved(place, entry)
                if entry.entry_type not in facts.PASSING:
                    yield entry.entry_type, entry, place, ""
            async for event in _until(self._api.parsed(answer), token.renew_at):
                place = facts.Place(event.id or place.event_id, place.at)
                if (read := facts.streamed(event, talk.id)) is not None:
                    kind, entry = read
                    place = place if entry is None else _moved(place, entry)
                    yield kind, entry, place, event.data

    async def _gap(self, talk: Talk, after: int) -> AsyncGenerator[facts.Entry]:
        """What the history has from this time on."""
        while True:
            page = await self._entries(
                talk, f"direction=FromStart&startTimestamp={after}" if after else "direction=FromStart"
            )
            for entry in page:
                yield entry
            if len(page) < _PAGE or page[-1].transcripted_timestamp <= after:
                return
            after = page[-1].transcripted_timestamp

    async def _left(self, talk: Talk, fact: e.ProviderFact) -> e.ProviderFact:
        """Whether an agent left for another one to come, the conversation's status may tell at once."""
        if not isinstance(fact, e.AgentLeft) or fact.end_after_s is None:
            return fact
        reply = await self._call(talk, "GET", "")
        return e.AgentLeft() if reply.is_success and wire.is_rerouted(reply) else fact

    def _event(
        self, session: Session, fact: e.ProviderFact, event_id: str, entry: facts.Entry | None
    ) -> e.FromProvider:
        at = entry.transcripted_timestamp / 1000 if entry and entry.transcripted_timestamp else None
        return e.FromProvider(
            self.name,
            event_id,
            fact,
            handover_id=session.handover_id,
            external_id=session.external_id,
            at=at,
        )

    # --- what sending is made of

    async def _exists(self, talk: Talk) -> bool:
        reply = await self._call(talk, "GET", "")
        if reply.status not in _GONE:
            check(reply, api.ACCESS, time.time(), api.CREATE_HINTS)
        return reply.is_success

    async def _create(self, talk: Talk, to: wire.Routing) -> None:
        body = wire.conversation(self._settings, talk.id, to)
        reply = await talk.call(lambda token: self._api.call("POST", "/conversation", token, body))
        if reply.status == 409 and await self._exists(talk):
            return
        check(reply, api.ACCESS, time.time(), api.CREATE_HINTS)

    async def _missing(self, talk: Talk, ids: Sequence[str]) -> frozenset[str]:
        """Those of these messages that are not there yet. Asked only where the one before may have got lost."""
        if talk.has_ended:
            raise SessionEnded(_SESSION_ENDED)
        if talk.is_sure or not ids:
            talk.is_sure = False
            return frozenset(ids)
        return frozenset(ids) - facts.sent(
            await self._entries(talk, "direction=FromEnd&entryTypeFilter=Message")
        )

    async def _post(self, talk: Talk, body: Mapping[str, Any]) -> None:
        talk.pace()
        await self._tell(talk, "message", body)

    async def _upload(self, talk: Talk, id_: str, file: Attachment) -> None:
        """The file itself, or its link where it is too large, of a kind that is not taken, or gone."""
        link = f"{file.name}: {file.url}" if file.name else file.url
        try:
            content = b"" if (file.size or 0) > wire.MAX_FILE_BYTES else await self.host.content(file)
        except ProviderRejected:
            content = b""
        if content and len(content) <= wire.MAX_FILE_BYTES:
            talk.pace()
            body, headers = wire.upload(self._settings, id_, file.name, file.content_type, content)
            path = f"/conversation/{talk.id}/file"
            reply = await talk.call(lambda token: self._api.send("POST", path, token, body, headers))
            if reply.status not in {413, 415}:
                check(reply, api.TALK, time.time(), api.TALK_HINTS)
                return
        await self._post(talk, wire.text(self._settings, id_, link))

    async def _entries(self, talk: Talk, query: str) -> list[facts.Entry]:
        reply = await self._call(talk, "GET", f"/entries?limit={_PAGE}&{query}")
        check(reply, api.TALK, time.time(), api.TALK_HINTS)
        return facts.history(reply)

    async def _tell(self, talk: Talk, what: str, body: Mapping[str, Any]) -> None:
        check(await self._call(talk, "POST", f"/{what}", body), api.TALK, time.time(), api.TALK_HINTS)

    async def _call(self, talk: Talk, method: str, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        whole = f"/conversation/{talk.id}{path}"
        return await talk.call(lambda token: self._api.call(method, whole, token, body))

    def _talk(self, id_: str) -> Talk:
        return self._talks.get(
            id_, lambda: Talk(id_, self._api, self.host, self._settings.messages_per_minute)
        )


def _moved(place: facts.Place, entry: facts.Entry) -> facts.Place:
    return facts.Place(place.event_id, max(place.at, entry.transcripted_timestamp))


async def _until(events: AsyncGenerator[ServerSent], due: float) -> AsyncGenerator[ServerSent]:
    """The events of a stream until this time. Raises ProviderUnavailable when it ends: it has no end of its own."""
    async with aclosing(events):
        while (left_s := due - time.time()) > 0:
            try:
                yield await asyncio.wait_for(anext(events), left_s)
            except TimeoutError:
                return
            except StopAsyncIteration:
                raise ProviderUnavailable("the stream of events ended") from None


PROVIDER = SalesforceMiaw
