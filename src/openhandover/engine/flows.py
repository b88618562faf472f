"""Flows as bots: what a flow turn needs from the engine."""

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from openhandover.core.errors import Refused
from openhandover.core.events import FlowStep, RequestHandover
from openhandover.core.model import Conversation, Entry, Settings, Target
from openhandover.flow.bot import FlowBot
from openhandover.flow.definition import Place, Program
from openhandover.flow.state import HandoverOrder
from openhandover.net.client import Reply, Request
from openhandover.net.statuses import Outcome
from openhandover.providers.base import Availability

from .order import Order
from .parts import Parts
from .preparing import Preparing
from .receivers import DELIVERED
from .wording import Wording
from .work import Done

_log = structlog.get_logger("openhandover.flow")
replace = msgspec.structs.replace

DEFINITION = "flow"


class Flows:
    """All flow bots of an installation, and the definitions that paused runs still need."""

    def __init__(self, parts: Parts, order: Order, preparing: Preparing, wording: Wording) -> None:
        self.preparing = preparing
        self._config = config = parts.config
        self.store = parts.store
        self.work = parts.work
        self.order = order
        self.providers = parts.providers
        self.http = parts.http
        self.guard = parts.guard
        self._texts = parts.texts
        self.default_language = config.languages.default
        self.wording = wording
        self._program = Program.of(config.flows, config.events)
        self._older: dict[str, Program] = {}

    async def start(self) -> None:
        """Keep the present definition, so that a run begun with it can go on after the file has changed."""
        if self._config.flows:
            await self.store.put_new(DEFINITION, self._program.hash, self._program.stored)

    async def definition(self, digest: str) -> Program | None:
        """The program stored under this hash."""
        if digest not in self._older:
            stored = await self.store.get(DEFINITION, digest)
            if stored is None:
                return None
            self._older[digest] = Program.load(stored)
        return self._older[digest]

    def bot(self, root: str) -> "FlowReceiver":
        """The receiver of a bot whose top flow is `root`."""
        bot = FlowBot(root, self._program, self._texts, self.default_language)
        return FlowReceiver(self, bot)

    def channel_provider(self, channel: str) -> str:
        """The provider that a step without one means."""
        block = self._config.channels.get(channel)
        return (block.provider if block else None) or "logging"

    def failure(self, language: str) -> str:
        """The text of a handover that could not begin."""
        return self._texts.text("failure", language)


class FlowReceiver:
    """The bot lane's receiver for a flow."""

    def __init__(self, flows: Flows, bot: FlowBot) -> None:
        self._flows = flows
        self._bot = bot

    async def deliver(self, state: Conversation, entry: Entry) -> Outcome:
        """Run the entry's turn; a turn that came too late is done too."""
        await self._bot.deliver(entry, state, FlowHost(self._flows, state))
        return DELIVERED


class FlowHost:
    """The surroundings of one turn."""

    def __init__(self, flows: Flows, state: Conversation) -> None:
        self._flows = flows
        self._state = state

    async def commit(self, step: FlowStep, order: HandoverOrder | None) -> None:
        """Save the position together with what the step does."""
        preparing, reader = self._flows.preparing, self._state.language
        if step.say is not None and step.say.text and preparing.is_foreign(step.say.language, reader):
            step = replace(step, say=replace(step.say, prepare=True))
        if order is not None:
            step = replace(step, handover=await self._request(step, order))
        done = await self._save(step)
        if done.turn is not None:
            preparing.begin_all(done.turn, reader)

    async def _save(self, step: FlowStep) -> Done:
        return await self._flows.work.run(self._state.id, step)

    async def _request(self, step: FlowStep, order: HandoverOrder) -> RequestHandover:
        why = None
        try:
            why = self._flows.order.why(self._state, order.step, order.scope)
            chain, settings = self._flows.order.prepare(
                self._state, order.step, order.scope, follows=order.follows
            )
        except Refused as refused:
            # Found before anything is said: the handover exists, and ends as a configuration error.
            voice = order.step.voice if self._state.medium == "voice" else None
            named = voice.provider if voice else order.step.provider
            provider = named or self._flows.channel_provider(self._state.channel)
            chain = (Target(provider, refuse=refused.detail),)
            settings = Settings(failure="" if order.follows else self._flows.failure(self._state.language))
        else:
            settings = await self._flows.wording.of(settings, order.step, self._state.language)
        return RequestHandover(
            id=order.id, chain=chain, settings=settings, initiator="bot", why=why, epoch=step.epoch
        )

    async def send(self, request: Request) -> Reply:
        """A call under the rules for outbound targets."""
        return await self._flows.http.send(replace(request, guard=self._flows.guard))

    async def availability(
        self, provider: str | None, route: Mapping[str, Any], language: str
    ) -> Availability:
        """Whether somebody is there."""
        name = provider or self._flows.channel_provider(self._state.channel)
        return await self._flows.providers.availability(name, route, language)

    async def definition(self, digest: str) -> Program | None:
        """The program that a run began with."""
        return await self._flows.definition(digest)

    def new_id(self) -> str:
        """An id that nothing else has."""
        return f"ho_{secrets.token_urlsafe(16)}"

    def report(self, place: Place, problem: str) -> None:
        """Tell the owner of the flow."""
        _log.warning("flow_problem", conversation_id=self._state.id, place=str(place), problem=problem)
