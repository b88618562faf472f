"""The engine: the only place where the pure core meets the world. `Engine` is its face."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import msgspec
import structlog

from openhandover.bots.http import Post
from openhandover.config.model import Agent, Config
from openhandover.core import events as e
from openhandover.core.errors import ProviderError, Refused
from openhandover.core.model import Conversation, Settings, Target
from openhandover.core.step import HandoverStep
from openhandover.core.table import CallOutcome
from openhandover.core.view import INTERNAL
from openhandover.net.client import HttpClient
from openhandover.net.guard import Guard
from openhandover.providers.base import Availability
from openhandover.store.port import HandoverFilter, HandoverRow, LogRow, Page, Store
from openhandover.texts.catalogue import Catalogue

from . import present, proofs, reads
from .acknowledged import Acknowledged
from .agents import AgentLanes
from .arrivals import Arrivals
from .asides import Asides
from .attempts import Attempts
from .calls import Calls, gateways_of
from .completing import Completing
from .delivery import Delivery
from .dispatch import Dispatch
from .feed import PAGE, Feed
from .files import FileStore
from .flows import Flows
from .for_agents import ForAgents
from .hosts import ProviderHost
from .listeners import Listeners
from .metrics import Metrics
from .opening import base_url, erase_user, files_folder, open_store
from .order import Order
from .parts import Parts
from .preparing import Preparing
from .providers import ASK_BY_HAND as ASK_BY_HAND, Providers
from .queues import Queues
from .receivers import ChannelWebhook
from .retention import Retention
from .sessions import Sessions
from .timers import Timers
from .tools import ToolCall, ToolCalls
from .understanding import Understanding
from .vendor_calls import VendorCalls, Watched
from .wiring import bots_of, channels_of, rules_of, summaries_of, translator_of
from .wording import Wording
from .work import Done, Work

DRAIN_S = 3.0
"""So long calls under way may take when the engine stops; what is due stays due."""

_log = structlog.get_logger("openhandover.engine")


class Engine:
    """One per process. Commands are one unit of work each and raise `core.errors.Refused`."""

    def __init__(
        self, config: Config, *, store: Store | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.config = config
        self.clock = clock
        self.texts = Catalogue(config.texts, config.languages.default)
        self.store: Store = store or open_store(config)
        self.metrics = Metrics()
        rules = rules_of(config, self.texts)
        self.files = FileStore(self.store, files_folder(config), base_url(config))
        self.feed = Feed(self.store, self._present)
        self._dispatch = Dispatch(self.store, rules, self.feed, self.metrics)
        self._work = Work(self.store, rules, self._dispatch.committed, clock)
        self._acknowledged = Acknowledged(self.store, self._work)
        self._delivery = Delivery(self.store, self._work, clock)
        self._timers = Timers(self.store, self._work, clock)
        self.http = HttpClient()
        self.vendor_calls = VendorCalls(config, self.store, clock)
        self.providers = Providers(config, Watched(self.http, self.vendor_calls))
        guard = Guard(config.outbound.allow)
        parts = Parts(
            config, self.store, self._work, self.files, self.providers, self.http, guard, self.texts, clock
        )
        self.gateways = gateways_of(parts)
        self.order = Order(config, self.providers, self.texts, self.gateways)
        self._queues = Queues(self.store, self._work, self.providers)
        self._calls = Calls(self.gateways, self._delivery)
        self._preparing = Preparing(parts, translator_of(config, self.http))
        self._agents = self._agent_lanes()
        self._understanding = Understanding(config, self.store, self._preparing)
        self._dispatch.summaries = summaries_of(config, self.http, self._work)
        self._wording = Wording(self._preparing, config.languages.default)
        self._flows = Flows(parts, self.order, self._preparing, self._wording)
        self.tools = ToolCalls(parts, self._flows)
        self._hear()
        self._retention = Retention(config, self.store, self.files, clock)
        self._asides = Asides()
        self.agents_changed: list[Callable[[Mapping[str, Agent]], None]] = []
        self.accept_post: Callable[[str, Post], Awaitable[None]] = _nobody_accepts
        """Takes what an HTTP bot answers as if it had posted it; the web layer sets it."""
        self._host_of = partial(ProviderHost, parts=parts)
        self._wire(parts)

    # --- life ----------------------------------------------------------------------------------------------

    def _agent_lanes(self) -> AgentLanes:
        for_agents = ForAgents(self.link, self._preparing, self.config.redaction.to_agent)
        attempts = Attempts(self._delivery, self.providers, for_agents, self._queues, self._calls)
        return AgentLanes(self._delivery, self.providers, attempts, for_agents, self._calls)

    def _hear(self) -> None:
        """What takes in the words of contact centres."""
        self._arrivals = Arrivals(self.store, self._work, self._preparing, self.vendor_calls, self.metrics)
        self._arrivals.complete_queue = self._queues.completed
        self._completing = Completing(self.providers, self._arrivals.take)
        self._listeners = Listeners(self.store, self.providers, self._arrivals.listened)
        self._sessions = Sessions(self.store, self._work, self.providers, self._arrivals, self.clock)

    def _wire(self, parts: Parts) -> None:
        self._dispatch.delivery = self._delivery
        self._dispatch.agents = self._agents
        self._dispatch.queues = self._queues
        self._dispatch.timers = self._timers
        self._dispatch.channels = channels_of(parts, self._present, self.link)
        self._dispatch.bots = bots_of(parts, self._flows, self._present, self._accept)
        self._dispatch.typing_webhook = self._call_typing_webhook
        self._dispatch.sessions = self._sessions
        self._dispatch.session_known = self._arrivals.session_known

    async def _accept(self, conversation_id: str, post: Post) -> None:
        await self.accept_post(conversation_id, post)

    async def start(self) -> None:
        """Open the store, start the providers, take up what was left to do."""
        await self.store.start()
        await self.files.start()
        await self._flows.start()
        await self.tools.start()
        await self.providers.start(self._host_of)
        await self._calls.start()
        self._timers.start()
        await self._queues.start()
        await self._arrivals.start()
        self._listeners.start()
        await self._sessions.start()
        self._retention.start()
        await self._dispatch.resume()

    async def stop(self) -> None:
        """Let calls under way end, then close everything; what is due stays due."""
        await self._listeners.stop()
        await self._sessions.stop()
        await self._arrivals.stop()
        await self.tools.stop()
        await self._queues.stop()
        await self._timers.stop()
        await self._retention.stop()
        await self._delivery.stop(DRAIN_S)
        await self._dispatch.stop()
        await self._agents.stop()
        await self._preparing.stop()
        await self._understanding.stop()
        await self._asides.stop()
        await self._calls.stop()
        await self.providers.stop()
        await self.vendor_calls.stop()
        await self.http.close()
        await self.store.stop()

    def reload_agents(self, agents: Mapping[str, Agent]) -> None:
        """Take over re-read agents; the desk listens."""
        self.config = msgspec.structs.replace(self.config, agents=dict(agents))
        for listener in self.agents_changed:
            listener(agents)

    # --- commands of channel, bot and operator ---------------------------------------------------------------

    async def create(self, command: e.CreateConversation) -> tuple[Conversation, bool]:
        """Begin a conversation; False when this id was there already, with the same request."""
        done = await self._work.run(command.id, command)
        return await self.conversation(command.id), done.created

    async def patch(self, conversation_id: str, command: e.PatchConversation) -> Conversation:
        """Change what we know of the user."""
        await self._work.run(conversation_id, command)
        return await self.conversation(conversation_id)

    async def post(self, conversation_id: str, command: e.PostMessage) -> tuple[dict[str, Any], bool]:
        """Accept a message of the user or the bot; False when it was there already."""
        target: str | None = None
        if command.author == "user":
            command, target = await self._understanding.of(conversation_id, command)
        done = await self._work.run(conversation_id, command, message_key=f"{command.author}:{command.id}")
        if done.known_message is not None:
            return self.message_view(done.known_message), False
        if done.turn is not None:
            self._preparing.begin_all(done.turn, target)
        return present.message(LogRow(_message_entry(done)), self.link), True

    async def typing(self, conversation_id: str, author: Literal["user", "bot", "agent"], on: bool) -> None:
        """Typing of one side for the other; never stored."""
        state = await self.conversation(conversation_id)
        if author == "bot" and state.floor != "bot":
            raise Refused("floor_taken", epoch=state.epoch, floor=state.floor)
        self._dispatch.typing(state, author, on)

    async def presence(self, conversation_id: str, state: Literal["connected", "disconnected"]) -> None:
        """The user's connection came or went."""
        await self._work.run(conversation_id, e.SetPresence(state))

    async def trigger(self, conversation_id: str, event: str, once: str | None = None) -> None:
        """Fire a named event at the bot; those with the same `once` fire it one time."""
        await self._work.run(conversation_id, e.Trigger(event), claim=("trigger", once) if once else None)

    async def prepare_handover(
        self, state: Conversation, step: HandoverStep, seen: Mapping[str, Any], *, follows: bool
    ) -> tuple[tuple[Target, ...], Settings]:
        """Provider chain and rendered settings of a handover step, its texts in the user's language."""
        chain, settings = self.order.prepare(state, step, seen, follows=follows)
        return chain, await self._wording.of(settings, step, state.language)

    def handover_reason(self, state: Conversation, step: HandoverStep) -> str | None:
        """Why the step says that a person is needed."""
        return self.order.why(state, step, {})

    async def request_handover(
        self, conversation_id: str, command: e.RequestHandover
    ) -> tuple[HandoverRow, bool]:
        """Give the conversation to a human; False when this id was there already, with the same request."""
        done = await self._work.run(conversation_id, command, handover_id=command.id)
        if done.known_handover is not None:
            return done.known_handover, False
        return await self.handover(command.id), True

    async def cancel(self, handover_id: str) -> HandoverRow:
        """The user withdraws."""
        return await self._about(handover_id, e.Cancel(handover_id))

    async def close(self, handover_id: str, by: Literal["bot", "operator"] = "bot") -> HandoverRow:
        """End it from our side."""
        return await self._about(handover_id, e.Close(handover_id, by))

    async def give_back(self, handover_id: str, *, tell: bool = True) -> HandoverRow:
        """A transferred conversation returns to the bot; `tell`: the contact centre does not know yet."""
        return await self._about(handover_id, e.Return(handover_id, tell=tell))

    async def rate(self, handover_id: str, score: int, comment: str | None) -> HandoverRow:
        """Keep the user's rating."""
        return await self._about(handover_id, e.Rate(handover_id, score, comment))

    async def call_result(
        self,
        handover_id: str,
        outcome: CallOutcome,
        sip_status: int | None = None,
        attempt: int | None = None,
    ) -> HandoverRow:
        """What became of a phone call that was given away, as its gateway says."""
        tries = len((await self.handover(handover_id)).handover.attempts)
        order = self._calls.order(handover_id, tries)
        return await self._about(handover_id, e.CallResult(handover_id, outcome, sip_status, attempt, order))

    async def leave(self, conversation_id: str) -> None:
        """The user ends the chat: an open handover ends with `user_left`."""
        await self._work.run(conversation_id, e.Leave())

    async def _about(self, handover_id: str, command: e.Event) -> HandoverRow:
        row = await self.handover(handover_id)
        await self._work.run(row.handover.conversation_id, command, handover_id=handover_id)
        return await self.handover(handover_id)

    # --- facts from contact centres --------------------------------------------------------------------------

    async def from_provider(self, event: e.FromProvider) -> Mapping[str, Any]:
        """Take in a fact; answers once it is stored: `{"applied": bool, "reason"?}`.

        Raises:
            Refused: `not_found` for a handover that is unknown or not this provider's.
        """
        return await self._completing.take(event)

    # --- what the user's side acknowledges -------------------------------------------------------------------

    async def delivered_to_user(self, conversation_id: str, seq: int) -> None:
        """The user's page has everything up to this seq."""
        await self._acknowledged.delivered(await self.conversation(conversation_id), seq)

    async def lost_to_user(self, conversation_id: str) -> None:
        """The user's side is gone for good, as a call that is over: what is still due to it has failed."""
        await self._acknowledged.lost(await self.conversation(conversation_id))

    async def read_by_user(self, conversation_id: str, seq: int) -> None:
        """The user has seen the last message up to this seq, so they also have everything up to it."""
        await self._acknowledged.read(await self.conversation(conversation_id), seq)

    # --- reads ---------------------------------------------------------------------------------------------

    async def conversation(self, conversation_id: str) -> Conversation:
        """The conversation; `Refused` not_found."""
        return await reads.conversation(self.store, conversation_id)

    async def handover(self, handover_id: str) -> HandoverRow:
        """The handover; `Refused` not_found."""
        return await reads.handover(self.store, handover_id)

    def handovers(self, where: HandoverFilter) -> AsyncGenerator[Sequence[HandoverRow]]:
        """All handovers that this filter finds, newest first, many at a time."""
        return reads.handovers(self.store, where)

    async def messages(self, conversation_id: str, after: int, limit: int) -> Page[dict[str, Any]]:
        """Messages with seq > after, as they are now."""
        state = await self.conversation(conversation_id)
        rows = await self.store.log(conversation_id, after, limit + 1, until=state.shown, messages_only=True)
        items = [self.message_view(row) for row in rows[:limit]]
        return Page(items, str(items[-1]["seq"]) if len(rows) > limit else None)

    async def events(self, conversation_id: str, after: int, limit: int) -> Page[dict[str, Any]]:
        """Events with seq > after."""
        state = await self.conversation(conversation_id)
        rows = await self.store.log(conversation_id, after, limit + 1, until=state.shown)
        items = [self._present(row.entry) for row in rows[:limit] if row.entry.type not in INTERNAL]
        return Page(items, str(rows[limit - 1].entry.seq) if len(rows) > limit else None)

    async def past(self, conversation_id: str, after: int, until: int) -> list[dict[str, Any]]:
        """Events with after < seq <= until; a message is told as it is now."""
        found: list[dict[str, Any]] = []
        while rows := await self.store.log(conversation_id, after, PAGE, until=until):
            for row in rows:
                event = self._present(row.entry)
                if row.entry.type == "message.created":
                    event["data"] = self.message_view(row)
                found.append(event)
            after = rows[-1].entry.seq
        return found

    def message_view(self, row: LogRow) -> dict[str, Any]:
        """A message as it is now, as JSON-able data."""
        return present.message(row, self.link)

    def link(self, file_id: str) -> str:
        """The signed address of a file."""
        return self.files.url(file_id, self.clock())

    def _present(self, entry: Any) -> dict[str, Any]:
        return present.event(entry, self.link)

    async def proof(self, handover_id: str) -> dict[str, Any]:
        """What was accepted and delivered in a handover, message by message."""
        row = await self.handover(handover_id)
        return await proofs.prove(self.store, row.handover)

    async def availability(
        self, provider: str, route: Mapping[str, Any], language: str | None
    ) -> Availability:
        """Whether somebody is there; a provider that cannot be asked does not know."""
        if provider not in self.providers:
            raise Refused("not_found", "There is no provider with this name")
        try:
            return await self.providers.availability(provider, route, language)
        except ProviderError as error:
            _log.warning("availability_failed", provider=provider, detail=error.detail, remedy=ASK_BY_HAND)
            return Availability(open=None)

    async def erase(self, user_id: str) -> None:
        """The right to erasure: a user's texts, names and files are gone for good."""
        await self.files.remove(await self.store.erase(user_id))

    # --- typing for channel webhooks --------------------------------------------------------------------------

    def _call_typing_webhook(self, channel: str, event: dict[str, object]) -> None:
        receiver = self._dispatch.channels.get(channel)
        if isinstance(receiver, ChannelWebhook):
            self._asides.say(event["conversation_id"], receiver.typing(event))


def _message_entry(done: Done) -> Any:
    assert done.turn is not None
    wanted = f"{done.result.author}:{done.result.id}"
    return next(entry for entry in done.turn.entries if entry.key == wanted)


async def _nobody_accepts(conversation_id: str, post: Post) -> None:
    raise Refused("invalid", "no API takes the answers of HTTP bots in this process")


__all__ = ["Engine", "ToolCall", "erase_user", "open_store"]
