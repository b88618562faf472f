"""RingCentral Engage Digital: a source of our own that speaks both ways, and the REST API that routes its threads."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Literal
from uuid import uuid4

import msgspec

from openhandover.core import events
from openhandover.core.errors import ProviderError, ProviderUnavailable, SignatureError
from openhandover.core.events import FromProvider
from openhandover.core.model import Agent, Message
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
    WebhookReply,
    WebhookRequest,
)

from . import inbound, missed, setup, wire
from .account import Realtime, Rest
from .settings import Settings
from .telling import Telling
from .wire import Params, State

_BEST_EFFORT_S = 5.0  # typing that comes later than this is of no use
_GONE = frozenset({403, 404, 409})
"""It is not there, it is over, or somebody ends it at this moment."""


class RingCentral(BaseProvider):
    """One source of the type SDK."""

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
        receipts=True,
        agent_name=True,
        webhook_get=True,
    )

    def __init__(self, name: str, settings: Settings, http: Sender) -> None:
        super().__init__(name)
        self._settings = settings
        self._realtime = Realtime(settings, http)
        self._rest = Rest(settings, http)
        self._telling = Telling(settings, self._realtime)
        self._threads: Recent[str, str | None] = Recent()
        self._names: Recent[str, str | None] = Recent()

    async def connect(self) -> None:
        """Both tokens, the source, the two categories, and a webhook that comes to us."""
        await setup.prove(self._settings, self._rest, self._realtime, self.host.webhook_url)

    async def availability(self, route: Mapping[str, Any], language: str | None) -> Availability:
        """Whether an agent who may answer in these categories is free on the source's channel."""
        settings = self._settings
        channels = await self._rest.get("/channels", wire.Channels, [("limit", "150")])
        asked = [("category_ids[]", one) for one in self._categories(route)]
        reply = await self._rest.call("GET", "/status", [("source_ids[]", settings.source_id), *asked])
        return wire.available(reply, channels.records, settings.source_id)

    def refuse(self, route: Mapping[str, Any]) -> str | None:
        """An id that rendered empty would be taken for none."""
        empty = [one for one in route.get("additional_category_ids") or () if not str(one).strip()]
        return "additional_category_ids: an id is empty" if empty else None

    def _categories(self, route: Mapping[str, Any]) -> list[str]:
        more = route.get("additional_category_ids") or ()
        return [self._settings.agent_category_id, *(str(one) for one in more)]

    # --- from us

    async def open(self, request: HandoverRequest) -> Opened:
        """Tell the whole story in a thread of its own that only the bot's category has, then give it to the agents."""
        thread = wire.thread_id(request.key)
        author = wire.user(
            request.user, wire.second(request.transcript[0].at if request.transcript else None)
        )
        await self._telling.begin(self.host, thread, author, request)
        found = await self._found(thread)
        await self.host.remember(_kept(found), thread)
        categories = [("thread_category_ids[]", one) for one in self._categories(request.route)]
        await self._rest.call("PUT", f"/content_threads/{found}/update_categories", categories)
        return Opened(thread, vendor_state=State(found, author).text)

    async def send(self, session: Session, message: Message, key: str) -> None:
        """Give the agent one message. Its id is the same on every retry, by which RingCentral knows it."""
        author = State.of(session.vendor_state).author
        await self._telling.say(self.host, session.external_id, message, author)

    async def typing(self, session: Session, *, on: bool) -> None:
        """The user types, or stopped; RingCentral takes one start in two seconds."""
        told: Params = {"thread_id": session.external_id}
        if on:
            told["preview"] = self._settings.typing_preview
        await self._realtime.push("typing.start" if on else "typing.stop", told, _BEST_EFFORT_S)

    async def presence(self, session: Session, user: Literal["connected", "disconnected"], text: str) -> None:
        """The bot's identity says that the user came or went."""
        notice = wire.message(session.external_id, uuid4().hex, self._telling.bot, text)
        await self._realtime.push("messages.create", notice, _BEST_EFFORT_S)

    async def receipt(
        self, session: Session, message_id: str, state: Literal["delivered", "read", "failed"]
    ) -> None:
        """The user has read it; RingCentral has no word for the rest."""
        if state == "read":
            await self._realtime.push("status.mark_as_read", {"id": message_id}, _BEST_EFFORT_S)

    async def cancel(self, session: Session, reason: str) -> None:
        """Take the thread back from the agents' category and drop what waits there."""
        await self._end(session)

    async def close(self, session: Session, reason: str) -> None:
        """The same, with the intervention closed where an agent has answered."""
        await self._end(session)

    # --- from RingCentral

    async def prepare(self, request: WebhookRequest) -> None:
        """A webhook names a thread by RingCentral's id, so ours is looked up. Where that fails, it is sent again."""
        if request.method == "GET" or inbound.is_of_source(request) or not self._is_genuine(request):
            return
        for thread in inbound.threads(self._settings, request.body) - set(self._threads):
            await self._look_up(thread)

    def verify(self, request: WebhookRequest) -> None:
        """The source signs what it sends; webhooks carry a secret, and their registration a token."""
        if not self._is_genuine(request):
            raise SignatureError(inbound.remedy(request))
        if inbound.is_of_source(request) and self._settings.max_age_s:
            made_at = inbound.sent_at(request.body)
            if made_at is not None and abs(request.received_at - made_at) > self._settings.max_age_s:
                # Somebody recorded it, and sent it again; or the clocks are far apart.
                raise SignatureError("compare the clocks of RingCentral and of this machine; see `max_age_s`")

    def _is_genuine(self, request: WebhookRequest) -> bool:
        settings, query, headers = self._settings, request.query, request.headers
        if request.method == "GET":
            asks = query.get("hub.mode") == "subscribe" and bool(query.get("hub.challenge"))
            return asks and _same(query.get("hub.verify_token", ""), settings.verify_token)
        if inbound.is_of_source(request):
            given = headers.get(inbound.SIGNATURE) or query.get("signature", "")
            return _same(given, wire.signature(settings.realtime_token, request.body))
        return _same(headers.get("x-dimelo-secret", ""), settings.webhook_secret)

    def parse(self, request: WebhookRequest) -> Sequence[FromProvider]:
        """The facts of a call of the source, or of a webhook."""
        if request.method == "GET":
            return ()
        if inbound.is_of_source(request):
            return inbound.of_source(self.name, self._settings, request.body)
        return inbound.of_webhook(self.name, self._settings, self._threads, request.body)

    def reply(self, request: WebhookRequest) -> WebhookReply:
        """The challenge, a signed answer, or the bare 200 that a webhook wants."""
        if request.method == "GET":
            challenge = request.query["hub.challenge"].encode()
            return WebhookReply(200, challenge, {"Content-Type": "application/json"})
        if inbound.is_of_source(request):
            return inbound.answer(self._settings, request.body)
        return WebhookReply(200, b"{}", {"Content-Type": "application/json"})

    async def complete(self, event: FromProvider) -> FromProvider:
        """The agent's name; events have only their id."""
        fact = event.fact
        if (
            not isinstance(fact, events.AgentJoined | events.AgentTransferred)
            or not fact.agent
            or not fact.agent.id
        ):
            return event
        agent = Agent(fact.agent.id, await self._name(fact.agent.id))
        return msgspec.structs.replace(event, fact=msgspec.structs.replace(fact, agent=agent))

    async def file_headers(self, session: Session, url: str) -> Mapping[str, str]:
        """The access token, for files that RingCentral itself has."""
        return self._rest.headers_for(url)

    def origins(self) -> frozenset[str]:
        """Where the vendor is, be it in the own network."""
        return frozenset((self._settings.api_url, self._settings.realtime_url))

    async def listen(
        self, session: Session, cursor: str | None
    ) -> AsyncIterator[tuple[str, FromProvider | None]]:
        """What webhooks did not bring, looked for from time to time; beside them, never instead."""
        while self._settings.catch_up_s:
            async for place, event in missed.look(self.name, self._settings, self._rest, session, cursor):
                yield place, await self._named(event) if event else None
                cursor = place
            await asyncio.sleep(self._settings.catch_up_s)

    # --- how it is done

    async def _named(self, event: FromProvider) -> FromProvider:
        try:
            return await self.complete(event)
        except ProviderError:
            return event  # what happened counts more than a name

    async def _found(self, thread: str) -> str:
        """RingCentral's id of our thread, which it makes when it takes in the first message."""
        page = await self._rest.get("/content_threads", wire.Threads, [("q", f"foreign:{thread}")])
        for one in page.records:
            if one.foreign_id == thread and one.source_id in (None, self._settings.source_id):
                return one.id
        raise ProviderUnavailable(
            "RingCentral has not taken in the thread yet; may `access_token` read the source?"
        )

    async def _end(self, session: Session) -> None:
        """Out of the agents' category first, so that nobody takes it meanwhile; then end what an agent has begun."""
        thread = State.of(session.vendor_state).thread
        path = f"/content_threads/{thread}"
        bots = [("thread_category_ids[]", self._settings.bot_category_id)]
        await self._rest.call("PUT", f"{path}/update_categories", bots, fine={404})
        known = await self._rest.get("/interventions", wire.Interventions, [("thread_id", thread)])
        begun = [one for one in known.records if not one.closed]
        statuses = [await self._stop(one) for one in begun]
        if not begun or 403 in statuses:
            await self._rest.call("PUT", f"{path}/ignore", fine=_GONE)

    async def _stop(self, one: wire.Intervention) -> int:
        """RingCentral closes what has an answer, and cancels what has none."""
        path = f"/interventions/{one.id}"
        if one.user_replies_count:
            return (await self._rest.call("PUT", f"{path}/close", fine=_GONE)).status
        return (await self._rest.call("DELETE", f"{path}/cancel", fine=_GONE)).status

    async def _look_up(self, thread: str) -> None:
        """Our id of one of RingCentral's threads, None where it is somebody else's. One that cannot be read is asked for
        again: the right to read it may come back."""
        ours = await self.host.recall(_kept(thread))
        if ours is None:
            reply = await self._rest.call("GET", f"/content_threads/{thread}", fine={404})
            if not reply.is_success:
                return
            foreign = read_answer(reply, wire.Thread).foreign_id
            ours = foreign if foreign and foreign.startswith(wire.OURS) else None
        self._threads[thread] = ours

    async def _name(self, agent_id: str) -> str | None:
        if agent_id not in self._names:
            self._names[agent_id] = (await self._rest.get(f"/users/{agent_id}", wire.Named)).name
        return self._names[agent_id]


def _same(given: str, secret: str) -> bool:
    return is_secret(given.encode("utf-8", "replace"), secret)


def _kept(thread: str) -> str:
    """Where our id of one of RingCentral's threads is remembered."""
    return f"thread:{thread}"


PROVIDER = RingCentral
