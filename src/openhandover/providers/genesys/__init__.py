"""Genesys Cloud by Open Messaging: messages by REST and signed webhooks, the agents' coming and going by EventBridge or triggers."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal
from uuid import uuid4

import msgspec
from msgspec import structs

from openhandover.core import events as e
from openhandover.core.errors import ProviderRejected, SessionEnded, SignatureError
from openhandover.core.model import Message
from openhandover.core.recent import Recent
from openhandover.net.bodies import read_answer
from openhandover.net.client import Sender
from openhandover.net.signatures import is_secret
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
    WebhookRequest,
)

from . import attributes, endings, happenings, hints, looks, wire
from .api import Api
from .looks import Looks, Waits
from .missed import Missed
from .people import People, address_key, conversation_key, ended_key, note_end
from .settings import Settings
from .times import Times, now

_REPEATED = 409  # the vendor has this message already


class Genesys(BaseProvider):
    """An Open Messaging integration."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook",
        availability=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        receipts=True,
        agent_name=True,
        webhook_parts=frozenset(happenings.PARTS),
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._api = Api(settings, http)
        self._people = People(self._api)
        self._waits = Waits(self._api)
        self._looks = Looks(settings, self._people, self._waits)
        self._missed = Missed(name, settings, self._api)
        self._times = Times()
        self._typed_at: Recent[str, float] = Recent()
        self._inbound = f"/api/v2/conversations/messages/{settings.integration_id}/inbound/open"

    async def connect(self) -> None:
        """Read the integration, which proves the client and tells whether its webhooks come to us; and the queue."""
        path = f"/api/v2/conversations/messaging/integrations/open/{self._settings.integration_id}"
        found = read_answer(await self._api.ask("GET", path, hints=hints.INTEGRATION), wire.Integration)
        if found.create_status not in (None, "Completed"):
            raise ProviderRejected("check `integration_id`: Genesys Cloud has not completed this integration")
        if self.host.webhook_url and found.outbound_notification_webhook_url != self.host.webhook_url:
            raise ProviderRejected(
                "the integration's webhooks go elsewhere: set its Outbound Notification Webhook URL to "
                f"{self.host.webhook_url}, or check `integration_id`"
            )
        if self._settings.queue_id:
            self._waits.forget(self._settings.queue_id)
            await self.availability({}, None)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Who is on queue, and the predicted wait; the flow's opening hours cannot be asked for."""
        queue_id = self._settings.queue_id
        if not queue_id:
            return Availability(open=None)
        path = "/api/v2/analytics/queues/observations/query"
        reply = await self._api.ask("POST", path, wire.observation(queue_id), hints.OBSERVATION)
        return wire.available(reply, await self._waits.of(queue_id))

    async def open(self, request: HandoverRequest) -> Opened:
        """Post the talk so far in the name of a user who is new there; the Architect flow takes it to a queue. The same
        request again has the same ids and times."""
        external_id = wire.external_id(request)
        state = wire.State(wire.sender(request.user, external_id, self._settings))
        along = attributes.of(request, self._settings)
        parts = wire.opening(request, self._settings)
        times = self._times.of(external_id, request.key, await self._begun_at(request), len(parts))
        for n, (part, at) in enumerate(zip(parts, times, strict=True)):
            conversation_id = await self._post(state.sender, part, _id(request.key, n), at, along)
            state = structs.replace(state, conversation_id=conversation_id or state.conversation_id)
            along = {}
        if state.conversation_id:
            await self._is_at(external_id, state.conversation_id)
        wait_ms = await self._waits.if_known(self._settings.queue_id)
        return Opened(external_id, None, wait_ms, msgspec.json.encode(state).decode())

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Post one message in the user's name, but not into a conversation that has ended: it would begin anew there. What
        goes to another conversation than ours has begun one, in which nobody would answer: it is ended again."""
        await self._check_open(session)
        sender, ours = wire.state_of(session).sender, await self._conversation_of(session)
        parts = wire.pieces(message, self._settings)
        times = self._times.of(session.external_id, key, message.at, len(parts))
        for n, (part, at) in enumerate(zip(parts, times, strict=True)):
            went_to = await self._post(sender, part, _id(key, n), at)
            if went_to and not ours:
                await self._is_at(session.external_id, went_to)
            elif went_to not in ("", ours):
                await self.host.remember(ended_key(session.external_id), went_to)
                await self._check_open(session)

    async def typing(self, session: Session, *, on: bool) -> None:
        """Only "is typing" can be said; it counts for some seconds."""
        due_at = self._typed_at.get(session.external_id, 0.0) + self._settings.typing_every_s
        if not on or time.monotonic() < due_at:
            return
        self._typed_at[session.external_id] = time.monotonic()
        await self._api.ask("POST", f"{self._inbound}/event", wire.typing(session, now()), hints.INBOUND)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """As a line in the user's name: Open Messaging has no presence."""
        await self._check_open(session)
        await self._post(wire.state_of(session).sender, wire.Piece(text), str(uuid4()), now())

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """Delivered or failed; read cannot be told."""
        if state != "read":
            body = wire.receipt(session, message_id, delivered=state == "delivered", time=now())
            await self._api.ask("POST", f"{self._inbound}/receipt", body, hints.INBOUND)

    async def cancel(self, session: Session, reason: str) -> None:
        """Disconnect the conversation there; where that is refused, the agent reads that the user left."""
        settings, conversation_id = self._settings, await self._conversation_of(session)
        if await self._ended_before(session):
            return
        is_over = settings.disconnect and await endings.disconnect(self._api, conversation_id)
        if not is_over and settings.left_text:
            key = f"{session.external_id}:left"
            (at,) = self._times.of(session.external_id, key, now())
            went_to = await self._post(wire.state_of(session).sender, wire.Piece(settings.left_text), key, at)
            if settings.disconnect and not conversation_id:  # now we know which one it is
                is_over = await endings.disconnect(self._api, went_to)
        if not is_over and settings.disconnect:
            raise ProviderRejected(
                "Genesys Cloud did not let us disconnect the conversation: the roles of the OAuth client must allow "
                "conversation:communication:disconnect; or set `disconnect: false`"
            )

    async def close(self, session: Session, reason: str) -> None:
        """As `cancel`: the vendor knows one way to end."""
        await self.cancel(session, reason)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """Custom attributes that are a text but no JSON object."""
        try:
            attributes.given(route)
        except ValueError as error:
            return str(error)
        return None

    def origins(self) -> frozenset[str]:
        """Where the API is; the vendor's own address, unless the settings say otherwise."""
        return frozenset((self._settings.api,))

    def preview(self, request: HandoverRequest) -> str:
        """The first message as it would be posted: a dry run gets no token, and so would not get as far."""
        external_id, at = (
            wire.external_id(request),
            request.transcript[-1].at if request.transcript else now(),
        )
        sender = wire.sender(request.user, external_id, self._settings)
        along = attributes.of(request, self._settings)
        body = wire.inbound(sender, wire.opening(request, self._settings)[0], request.key, at, along)
        shown = msgspec.json.format(msgspec.json.encode(body)).decode()
        return f"POST {self._settings.api}{self._inbound}/message?prefetchConversationId=true\n\n{shown}"

    def verify(self, request: WebhookRequest) -> None:
        """The integration signs; EventBridge and triggers know a key."""
        headers, mine = request.headers, self._settings
        if not request.part:
            given = headers.get("x-hub-signature-256", "")
            happenings.verify(given, request.body, mine.webhook_secret, mine.old_webhook_secret)
        elif not is_secret(
            headers.get(mine.events_header.lower(), "").encode(), mine.events_key, mine.old_events_key
        ):
            raise SignatureError("compare `events_key` with what is sent in `events_header`")

    def parse(self, request: WebhookRequest) -> Sequence[e.FromProvider]:
        """The facts of any of the three."""
        found = happenings.PARTS[request.part](self.name, request.body, self._settings)
        return [self._people.placed(event) for event in found] if request.part else found

    async def complete(self, event: e.FromProvider) -> e.FromProvider:
        """Whose conversation it is, who the agent is, and how long the queue takes."""
        found = await self._people.complete(event, self.host, look_up=self._settings.look_up)
        if isinstance(found.fact, e.QueueUpdated):
            _, queue_id = happenings.place_of(event)
            self._waits.forget(queue_id)
            wait_ms = await self._waits.if_known(queue_id or self._settings.queue_id)
            found = structs.replace(found, fact=e.QueueUpdated(estimated_wait_ms=wait_ms))
        return found

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, e.FromProvider | None]]:
        """What no event told, words that were given up, and the wait, by looking: at once, when the vendor has given up what it
        tried until now, and from time to time where that is wanted."""
        told, tried_at = cursor or "", time.monotonic() + looks.TRIED_S
        # The opening has told the wait; told again at once, it could come in after an event that knows better.
        wait_at = time.monotonic() + (self._settings.wait_every_s if cursor is None else 0.0)
        while self._settings.look_up:
            conversation_id = await self._conversation_of(session)
            look = await self._looks.at(conversation_id, told, wait_at)
            wait_at = look.wait_at
            missed = await self._missed.of(look.there, conversation_id, session.external_id)
            for event in missed.events:
                yield told, event
            for told, event_id, fact in look.news:
                if isinstance(fact, e.Closed | e.Failed):
                    await note_end(self.host, session.external_id)
                yield told, e.FromProvider(self.name, event_id, fact, external_id=session.external_id)
            if missed.trouble:
                raise missed.trouble
            again_s = look.again_s or tried_at - time.monotonic()
            if look.is_over or again_s <= 0:
                return
            await asyncio.sleep(again_s)

    async def _check_open(self, session: Session) -> None:
        if await self._ended_before(session):
            raise SessionEnded("the conversation was closed in Genesys Cloud before this message")

    async def _ended_before(self, session: Session) -> bool:
        """Whether we know that it is over; what a late message began there instead is ended, too."""
        instead = await self.host.recall(ended_key(session.external_id))
        if instead:
            await endings.disconnect(self._api, instead)
        return instead is not None or self._people.has_ended(session.external_id)

    async def _conversation_of(self, session: Session) -> str:
        """The conversation there; empty while only a repeated message was answered, which does not tell."""
        known = wire.state_of(session).conversation_id
        return known or await self.host.recall(conversation_key(session.external_id)) or ""

    async def _is_at(self, external_id: str, conversation_id: str) -> None:
        self._people.is_at(external_id, conversation_id)
        await self.host.remember(address_key(conversation_id), external_id)
        await self.host.remember(conversation_key(external_id), conversation_id)

    async def _begun_at(self, request: HandoverRequest) -> str:
        """A time that is the same when the open call is repeated, also after a restart."""
        if request.transcript:
            return request.transcript[-1].at
        key = f"begun:{request.key}"
        known = await self.host.recall(key)
        if known is None:
            known = now()
            await self.host.remember(key, known)
        return known

    async def _post(
        self,
        sender: Mapping[str, str],
        part: wire.Piece,
        message_id: str,
        at: str,
        along: Mapping[str, str] = {},
    ) -> str:
        """The id of the conversation that it went to; empty where the vendor does not tell."""
        body = wire.inbound(sender, part, message_id, at, along)
        reply = await self._api.call("POST", f"{self._inbound}/message?prefetchConversationId=true", body)
        if reply.status == _REPEATED:
            return ""
        self._api.check(reply, hints.INBOUND)
        return wire.conversation_id(reply)


def _id(key: str, part: int) -> str:
    return f"{key}:{part}" if part else key


PROVIDER = Genesys
