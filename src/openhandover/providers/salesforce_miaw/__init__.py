"""Salesforce Messaging for In-App and Web (Enhanced Chat), custom client API v2: we are the end user's client.

Each handover is a conversation of its own, of a user of its own: one access token, one stream of events.
"""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Literal
from uuid import uuid4

from openhandover.core import events as e
from openhandover.core.errors import ProviderRejected
from openhandover.core.model import Attachment, Message
from openhandover.net.client import Sender
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
from .stream import steps
from .talks import Talk, Talks

_CONFLICT = 409


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
        sends_transcript=False,
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
        if not (was_begun and await talk.exists()):
            await self._create(talk, to)
        talk.is_sure = talk.is_sure or not was_begun
        said = wire.opening(request, self._settings)
        ids = [wire.uuid_of(request.key, n) for n in range(len(said))]
        missing = await talk.missing(ids)
        for n, (id_, text) in enumerate(zip(ids, said, strict=True)):
            if id_ in missing:
                await talk.post(wire.text(self._settings, id_, text, None if n else to))
        talk.is_sure = True
        return Opened(talk.id, vendor_state=to.end)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """The text in as many messages as it needs, then each file."""
        talk = self._talk(session.external_id)
        said = wire.pieces(wire.line(message), self._settings.max_text_length)
        ids = [wire.uuid_of(key, n) for n in range(len(said) + len(message.attachments))]
        missing = await talk.missing(ids)
        for id_, part in zip(ids, (*said, *message.attachments), strict=True):
            talk.sent(id_, message.id)
            if id_ not in missing:
                continue
            if isinstance(part, str):
                await talk.post(wire.text(self._settings, id_, part))
            else:
                await self._upload(talk, id_, part)
        talk.is_sure = True

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell the agent that the user types, or stopped; there it ends by itself after some five seconds."""
        await self._talk(session.external_id).tell("entry", wire.typing(on))

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """A message like any other: the user's side has no other words there."""
        await self._talk(session.external_id).post(wire.text(self._settings, str(uuid4()), text))

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """Tell the agent that their message arrived, or was read."""
        if self._settings.acknowledge and state != "failed":
            body = wire.acknowledgement(message_id, state)
            await self._talk(session.external_id).tell("acknowledge-entries", body)

    async def cancel(self, session: Session, reason: str) -> None:
        """Close the conversation: there is no other word for a withdrawal."""
        await self.close(session, reason)

    async def close(self, session: Session, reason: str) -> None:
        """Close the conversation, or where that is refused its session."""
        talk = self._talk(session.external_id)
        query = f"?esDeveloperName={self._settings.es_developer_name}"
        reply = await talk.ask("DELETE", query)
        if 400 <= reply.status < 500 and reply.status not in api.GONE | {401, 408, 425, 429}:
            reply = await talk.ask("DELETE", f"/session{query}")
        talk.has_ended = True
        if reply.status not in api.GONE:
            check(reply, api.TALK, time.time(), api.TALK_HINTS)

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """The user's token, for files that are on the host that it is for."""
        if not self._api.is_ours(url):
            return {}
        return {"Authorization": f"Bearer {(await self._talk(session.external_id).token()).value}"}

    def origins(self) -> frozenset[str]:
        """Where the vendor is, be it in the own network."""
        return frozenset((self._settings.scrt_url,))

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
        if cursor:  # who is there was told before the break
            for entry in await talk.entries("direction=FromEnd&entryTypeFilter=ParticipantChanged"):
                if entry.transcripted_timestamp <= place.at:
                    reader.facts(entry.entry_type, entry)
        while True:
            async with aclosing(steps(self._api, talk, place)) as happened:
                async for kind, entry, after, data in happened:
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

    async def _left(self, talk: Talk, fact: e.ProviderFact) -> e.ProviderFact:
        """Whether an agent left for another one to come, the conversation's status may tell at once."""
        if not isinstance(fact, e.AgentLeft) or fact.end_after_s is None:
            return fact
        reply = await talk.ask("GET")
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

    async def _create(self, talk: Talk, to: wire.Routing) -> None:
        body = wire.conversation(self._settings, talk.id, to)
        reply = await talk.call(lambda token: self._api.call("POST", "/conversation", token, body))
        if reply.status == _CONFLICT and await talk.exists():  # an earlier try made it
            return
        check(reply, api.ACCESS, time.time(), api.CREATE_HINTS)

    async def _upload(self, talk: Talk, id_: str, file: Attachment) -> None:
        """The file itself, or its link where it is too large, of a kind that is not taken, or gone."""
        try:
            content = b"" if (file.size or 0) > wire.MAX_FILE_BYTES else await self.host.content(file)
        except ProviderRejected:
            content = b""
        fits = 0 < len(content) <= wire.MAX_FILE_BYTES
        if not (fits and await talk.upload(*wire.upload(self._settings, id_, file, content))):
            await talk.post(wire.text(self._settings, id_, wire.link(file)))

    def _talk(self, id_: str) -> Talk:
        return self._talks.get(
            id_, lambda: Talk(id_, self._api, self.host, self._settings.messages_per_minute)
        )


PROVIDER = SalesforceMiaw
