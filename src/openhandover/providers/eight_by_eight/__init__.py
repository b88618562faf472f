"""8x8 Contact Center by its Chat Gateway v1.0: calls with an API key, webhooks signed with the vendor's own key."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal

from msgspec import structs

from openhandover.core import events as e
from openhandover.core.errors import ProviderError, ProviderRejected, SessionGone, SignatureError
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent, Message
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

from . import signature, webhooks, wire
from .figures import sources
from .gateway import Gateway
from .settings import Settings
from .signature import Keys
from .talks import Talks
from .writing import Writing

_LOOK_UP_S = 1.5
"""The engine waits 2 s for a complete event; what came with it must not be lost for a name."""


class EightByEight(BaseProvider):
    """One tenant's Chat Gateway."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        inbound="webhook",
        availability=True,
        queue_position=True,
        estimated_wait=True,
        typing_in=True,
        typing_out=True,
        attachments_in=True,
        attachments_out=True,
        presence=True,
        agent_name=True,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._gateway = Gateway(settings, http)
        self._keys = Keys(settings.keys_url or f"{settings.gateway}/jwk", settings.tenant, http)
        self._figures, self._names = sources(settings, http)
        self._writing = Writing(self._gateway, settings.max_text)
        self._talks = Talks(name, self._gateway)

    async def connect(self) -> None:
        """Look at the channel and at the webhook it calls, and take a token for the figures."""
        if self._settings.channel_id is None:
            await self._gateway.channels()
        else:
            webhook_id, address = await self._gateway.channel_webhook(self._settings.channel_id)
            ours, secret = self.host.webhook_url, self._settings.webhook_secret
            if ours and (why := webhooks.misdirected(address, ours, secret)):
                raise ProviderRejected(f"the channel's webhook {webhook_id} calls {why}")
        if self._figures is not None and self._settings.queue_id is not None:
            await self._figures.queue(self._settings.queue_id)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """What the real-time metrics tell of the queue; without them nobody knows."""
        queue_id = route.get("queue_id") or self._settings.queue_id
        if self._figures is None or not queue_id:
            return Availability(open=None)
        return (await self._figures.queue(queue_id)).availability()

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """No channel, or properties that 8x8 would not take."""
        return wire.wrong(route, self._settings)

    async def open(self, request: HandoverRequest) -> Opened:
        """Create a conversation; one whose creation was not answered is found again by its additional property."""
        known = await self.host.recall(f"open:{request.key}")
        body = wire.opening(request, self._settings)
        created = known or None
        if known == "":
            created = await self._gateway.find(request.key)
        if created is None:
            await self.host.remember(f"open:{request.key}", "")
            created = await self._gateway.create(body)
        if created != known:
            await self._writing.begun(self.host, created, body)
            await self.host.remember(f"open:{request.key}", created)
        return Opened(created)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Add the message, in parts where it is long, its files with the last one."""
        await self._writing.write(self.host, session.external_id, message, key)

    async def typing(self, session: Session, *, on: bool) -> None:
        """Tell that the user types; 8x8 has no word for stopping."""
        if on:
            await self._gateway.type(session.external_id)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """Say it to the agent, as the bot."""
        await self._gateway.write(session.external_id, wire.message("bot", text))

    async def cancel(self, session: Session, reason: str) -> None:
        """The user leaves; 8x8 knows no other withdrawal."""
        await self.close(session, reason)

    async def close(self, session: Session, reason: str) -> None:
        """The user leaves, which ends the interaction."""
        try:
            await self._gateway.leave(session.external_id)
        except SessionGone:
            return  # as ended as can be

    async def prepare(self, request: WebhookRequest) -> None:
        """Fetch the public key that the signature names, unless it is known."""
        if self._is_refused(request) or self._is_trial(request):
            return
        signed = signature.read(request.headers, request.body)
        await self._keys.need(signed.key_id, self.host)

    def verify(self, request: WebhookRequest) -> None:
        """The signature of 8x8, of our tenant, and the secret of the address where one is set."""
        if self._is_refused(request):
            raise SignatureError("compare `webhook_secret` with `?secret=` in the webhook's URL at 8x8")
        if self._is_trial(request):
            return
        signed = signature.read(request.headers, request.body)
        key = self._keys.get(signed.key_id)
        if key is None:
            raise SignatureError("8x8 does not know the key that the signature names; check `keys_url`")
        if self._settings.tenant not in (None, signed.tenant):
            raise SignatureError("it is signed for another tenant; check `tenant`")
        signature.check(signed, key, request.received_at)

    def _is_refused(self, request: WebhookRequest) -> bool:
        secret = self._settings.webhook_secret
        return secret is not None and not is_secret(request.query.get("secret", "").encode(), secret)

    def _is_trial(self, request: WebhookRequest) -> bool:
        return "x-8x8-signature" not in request.headers and webhooks.is_trial(request.body)

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """At most one fact for each webhook."""
        return webhooks.facts(self.name, request.headers, request.body, self._settings.left_s)

    async def complete(self, event: FromProvider) -> FromProvider:
        """With what the webhook leaves out: the figures of the queue, the agent's name, and what went before it."""
        return await self._looked_up(await self._talks.placed(self.host, event))

    async def _looked_up(self, event: FromProvider) -> FromProvider:
        try:
            async with asyncio.timeout(_LOOK_UP_S):
                return structs.replace(event, fact=await self._whole(event))
        except (ProviderError, TimeoutError):
            return event  # a name or a figure is no reason to hold up an event; `connect` tells what is wrong

    async def _whole(self, event: FromProvider) -> e.ProviderFact:
        match event.fact:
            case e.QueueUpdated() as fact if self._figures is not None:
                queue_id = webhooks.named(event.raw).queue_id or self._settings.queue_id
                queue = await self._figures.queue(str(queue_id)) if queue_id else None
                return queue.update() if queue else fact
            case e.AgentJoined(agent=Agent(id=str() as agent_id, name=None)) as fact:
                return structs.replace(fact, agent=Agent(agent_id, await self._names.of(agent_id)))
            case e.AgentMessage(agent=Agent(id=str() as agent_id, name=None)) as fact:
                return structs.replace(fact, agent=Agent(agent_id, await self._names.of(agent_id)))
            case fact:
                return fact

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """The key, for files that are fetched from the gateway itself; addresses in webhooks carry their own right."""
        return self._gateway.key if url.startswith(f"{self._gateway.url}/conversations/") else {}

    def origins(self) -> frozenset[str]:
        """Where the vendor is, be it in the own network."""
        return frozenset((self._settings.base_url,))

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]:
        """What webhooks did not bring, by looking: at once, then from time to time."""
        talk = session.external_id
        while True:
            try:
                for event in await self._talks.missed(self.host, session):
                    whole = await self._looked_up(event)
                    if await self._talks.still_holds(self.host, event):
                        yield "", whole
                        await self._talks.taken(self.host, talk, event.event_id)
            finally:
                await self._talks.dropped(self.host, talk)
            if not self._settings.catch_up_s:
                return
            await asyncio.sleep(self._settings.catch_up_s)


PROVIDER = EightByEight
