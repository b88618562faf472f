"""The bot is outside the Router: we stand for a channel there, by a TwoWay adapter, and pass every message on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from uuid import uuid4

import structlog

from openhandover.cm import callbacks, fields, twoway
from openhandover.cm.presence import Presence
from openhandover.cm.router import Router
from openhandover.cm.settings import Account
from openhandover.core import events as e
from openhandover.core.errors import PayloadError, ProviderRejected
from openhandover.core.model import Message
from openhandover.core.recent import Recent
from openhandover.net.client import Sender
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
    WebhookReply,
    WebhookRequest,
)

from . import wire
from .settings import Settings, TwoWay

_GONE = 404
_log = structlog.get_logger("openhandover.cm")


class CmMscRelay(BaseProvider):
    """Each handover is a chat of its own: its id is our `conversationClientId`, from which the Router derives the chat's."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook",
        availability=True,
        files_after_notice=True,
        webhook_parts=frozenset({"messages", "handover", "events"}),
    )

    def __init__(self, name: str, settings: Settings, http: Sender, mine: TwoWay) -> None:
        super().__init__(name)
        self._settings = settings
        self._mine = mine
        self._http = http
        self._router = Router(settings, http)
        self._presence = Presence(name, settings.presence, http)
        self._account = Account(
            technical_link_id=settings.technical_link_id,
            product_token=settings.product_token,
            base_url=settings.base_url,
            adapter_id=mine.adapter_id,
            twoway_version=mine.version,
        )
        self._begun: Recent[str, str] = Recent()
        """Open call -> its chat, while the second half of it is repeated: what was posted is not posted again."""

    async def connect(self) -> None:
        """Ask for the presence; of the Router no call is known that changes nothing."""
        await self._presence.connect()

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """What the presence call says."""
        return await self._presence.availability(route)

    async def open(self, request: HandoverRequest) -> Opened:
        """Post the talk so far, which begins the chat, then take the Router's own bot out of it. The same request
        again has the same ids, so it begins no second chat."""
        chat_id = self._begun.get(request.key) or await self._begin(request)
        if self._mine.mutation:
            context = wire.context(request.route, self._settings, request.transcript)
            source = fields.text(request.route, "messaging_adapter").strip() or self._mine.adapter_id
            await self._router.hand_over(chat_id, context, source=source)
        self._begun.pop(request.key, None)
        return Opened(chat_id)

    async def _begin(self, request: HandoverRequest) -> str:
        said, at = wire.opening(request, self._mine.opening_text)
        name = fields.text(request.route, "user_name")
        session = Session(request.handover_id, request.attempt, request.handover_id)
        chat_id = await self._post(session, said, at, request.key, name)
        if not chat_id:
            raise ProviderRejected("the Router's answer does not name the chat")
        self._begun[request.key] = chat_id
        return chat_id

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Post one message in the user's name."""
        await self._post(session, wire.line(message), message.at, key)

    async def cancel(self, session: Session, reason: str) -> None:
        """With `handback: session_end` the Router session ends; else the chat is left as it is."""
        await self._end(session)

    async def close(self, session: Session, reason: str) -> None:
        """As `cancel`."""
        await self._end(session)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A required key that is empty, or an adapter that is none."""
        return wire.wrong(route, needs_adapter=False)

    def verify(self, request: WebhookRequest) -> None:
        """CM signs nothing: a header with a shared secret is set in the adapter's configuration."""
        mine = self._mine
        callbacks.admit(request.headers, mine.header, mine.secret, mine.old_secret)

    def parse(self, request: WebhookRequest) -> Sequence[e.FromProvider]:
        """What the three endpoints tell. What cannot be read is logged: refused, it would come again for ever."""
        try:
            return tuple(self._facts(request))
        except PayloadError as error:
            _log.warning(
                "callback_unreadable",
                provider=self.name,
                part=request.part,
                detail=error.detail,
                bytes=len(request.body),
                remedy="compare the endpoint's body in the adapter's configuration with the reference page",
            )
            return ()

    def reply(self, request: WebhookRequest) -> WebhookReply:
        """The message endpoint must answer 201, the others 200; anything else is sent again."""
        return WebhookReply(201 if request.part == "messages" else 200)

    def _facts(self, request: WebhookRequest) -> Iterator[e.FromProvider]:
        match request.part:
            case "messages":
                yield from self._messages(request.body)
            case "handover":
                found = callbacks.notice(request.body)
                yield self._fact(found.chat_id, "notice", e.Noticed(), found.client_id)
            case _:
                happened = callbacks.occurrence(request.body)
                fact = e.Closed() if happened.is_end else e.Unknown(happened.kind)
                yield self._fact(
                    happened.chat_id, "end" if happened.is_end else str(uuid4()), fact, happened.client_id
                )

    def _messages(self, body: bytes) -> Iterator[e.FromProvider]:
        envelope = twoway.decode(body)
        for item in envelope.items:
            if item.direction == "to_user":  # the other direction is our own, come back
                said = e.AgentMessage(twoway.readable(item), item.id or None)
                yield self._fact(envelope.chat_id, item.id or str(uuid4()), said)
        if envelope.events and callbacks.occurrence(body).is_end:
            yield self._fact(envelope.chat_id, "end", e.Closed())

    def _fact(self, chat_id: str, event_id: str, fact: e.ProviderFact, client_id: str = "") -> e.FromProvider:
        """A fact of a chat; a body that names only the client names the handover, for that is what its id is."""
        if not chat_id and not client_id:
            raise PayloadError("neither chatId nor conversationClientId is there")
        event_id = f"{chat_id or client_id}:{event_id}"
        if chat_id:
            return e.FromProvider(self.name, event_id, fact, external_id=chat_id)
        return e.FromProvider(self.name, event_id, fact, handover_id=client_id)

    async def _post(self, session: Session, said: str, at: str, key: str, name: str | None = None) -> str:
        envelope = twoway.Envelope(
            chat_id=session.external_id,
            account_id=self._settings.technical_link_id,
            channel=self._mine.channel,
            client_id=session.handover_id,
            host_id=self._mine.host_id,
            client_name=name,
            items=(twoway.Item("text", key, "from_user", at, said),),
        )
        return await twoway.post(self._http, self._account, envelope, key)

    async def _end(self, session: Session) -> None:
        if self._settings.handback != "session_end":
            return
        try:
            await self._router.end_session(session.external_id)
        except ProviderRejected as error:
            if error.http_status != _GONE:  # a session that is gone is as ended as can be
                raise
