"""Chatwoot, and Cognigy Live Agent which descends from it: a conversation in an API inbox for each handover."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

import msgspec

from openhandover.core import events as e
from openhandover.core.errors import NobodyThere, ProviderRejected, SessionGone
from openhandover.core.events import FromProvider
from openhandover.core.model import Attachment, Message
from openhandover.net.client import Sender
from openhandover.providers.base import (
    Availability,
    BaseProvider,
    Capabilities,
    HandoverRequest,
    Opened,
    Session,
    WebhookRequest,
)
from openhandover.texts.readable import said

from . import wire
from .account import Account
from .calls import SENDING, Calls, checked
from .looking import looked
from .opening import Opening
from .posting import Posting
from .settings import Settings
from .signature import verify
from .webhooks import Reader


class Chatwoot(BaseProvider):
    """The user writes as the contact, everything else of ours is a private note, agents are heard by webhook."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook",
        availability=True,
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
        self._calls = Calls(settings, http)
        self._account = Account(self._calls)
        self._posting = Posting(self._calls, settings.end_statuses)
        self._opening = Opening(self._calls, self._posting, f"{settings.base_url}:{settings.account_id}")
        self._reader = Reader(name, settings)

    async def connect(self) -> str | None:
        """Read the inbox, and whether its webhooks come to us, signed as we expect."""
        return await self._account.prove(self._settings, self.host.webhook_url)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """The agents of the inbox who are online."""
        plan = wire.plan(self._settings, route)
        return await self._account.availability(plan, working_hours=self._settings.working_hours)

    async def open(self, request: HandoverRequest) -> Opened:
        """Begin a conversation of the user's contact, with the talk so far as a private note."""
        plan = wire.plan(self._settings, request.route)
        if self._settings.only_when_online and not (await self.availability(request.route, None)).open:
            raise NobodyThere("no agent of the inbox is online")
        talk = await self._opening.begin(request, plan, self.host)
        return Opened(str(talk.id), vendor_state=str(plan.inbox_id))

    async def send(self, session: Session, message: Message, key: str) -> None:
        """The user's words as the contact's, with files; a bot's as a private note."""
        if message.author != "user":
            body = wire.note(wire.bot_said(message), wire.reference(key))
            await self._posting.post(session.external_id, body)
            return
        lines, files = [said(message)], list[wire.File]()
        for file in message.attachments:
            try:
                files.append(wire.File(file.name, file.content_type, await self.host.content(file)))
            except ProviderRejected:  # not a file of ours: its address is all we have
                lines.append(_address(file))
        text = "\n".join(line for line in lines if line)
        await self._posting.post(
            session.external_id, wire.incoming(text, wire.message_reference(message)), files
        )

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell agents that the user types: the one thing that only the Client API can say."""
        inbox = await self._account.inbox(self._inbox_of(session))
        if inbox.inbox_identifier:
            contact = wire.source_id(session.handover_id, session.attempt)
            status = "on" if on else "off"
            path = f"/{inbox.inbox_identifier}/contacts/{contact}/conversations/{session.external_id}"
            query = f"?typing_status={status}"
            reply = await self._calls.public(f"{path}/toggle_typing{query}", {"typing_status": status})
            checked(reply, SENDING)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """A private note that the user came or went."""
        body = wire.note(text, wire.reference(f"{session.handover_id}:{session.attempt}:{user}"))
        checked(
            await self._calls.call("POST", f"/conversations/{session.external_id}/messages", body), SENDING
        )

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """The tick beside the agent's message."""
        path = f"/conversations/{session.external_id}/messages/{message_id}"
        body = {"status": state}
        if state == "failed":
            body["external_error"] = "The user's channel did not take the message."
        checked(await self._calls.call("PATCH", path, body), SENDING)

    async def cancel(self, session: Session, reason: str) -> None:
        """A private note that says why, then the end."""
        reference = wire.reference(f"{session.handover_id}:{session.attempt}:cancel")
        await self._end(session, self._settings.cancel_status, wire.note(wire.withdrawn(reason), reference))

    async def close(self, session: Session, reason: str) -> None:
        """The conversation is resolved."""
        await self._end(session, "resolved", None)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """A number that is none, or a priority that Chatwoot does not know."""
        return wire.wrong(route)

    def verify(self, request: WebhookRequest) -> None:
        """The signature of the inbox's secret; for servers that do not sign, the token in the address."""
        verify(self._settings, request)

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """What the webhook says, if it concerns a conversation of ours. That one is over must be known at once: while nothing may
        be asked there, no event is completed."""
        found = self._reader.read(request)
        for event in found:
            if isinstance(event.fact, e.Closed) and event.external_id:
                self._posting.unsure(event.external_id)
        return found

    async def complete(self, event: FromProvider) -> FromProvider:
        """The agent's name, where the webhook has only the id."""
        fact = event.fact
        if isinstance(fact, e.AgentJoined) and fact.agent.name is None:
            agent = await self._account.agent(fact.agent)
            return msgspec.structs.replace(event, fact=msgspec.structs.replace(fact, agent=agent))
        return event

    def origins(self) -> frozenset[str]:
        """Where the vendor is, be it in the own network."""
        return frozenset((self._settings.base_url,))

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]:
        """What no webhook brought."""
        every_s = self._settings.gap_check_s
        async for found in looked(self._posting, self._reader, session.external_id, cursor, every_s):
            yield found

    async def _end(self, session: Session, status: str, last: dict[str, Any] | None) -> None:
        path = f"/conversations/{session.external_id}/toggle_status"
        try:
            if last is not None:
                await self._posting.post(session.external_id, last)
            checked(await self._calls.call("POST", path, {"status": status}), SENDING)
        except SessionGone:
            return  # as ended as can be

    def _inbox_of(self, session: Session) -> int:
        return int(session.vendor_state or self._settings.inbox_id)


def _address(file: Attachment) -> str:
    return f"{file.name}: {file.url}" if file.name else file.url


PROVIDER = Chatwoot
