"""The desk at work: follows the engine's events, keeps the board in step, and does what agents decide."""

import asyncio
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace

from openhandover.config.model import Agent as AgentConfig
from openhandover.core import view
from openhandover.core.errors import Refused
from openhandover.core.events import AgentJoined, AgentLeft, FromProvider, ProviderFact
from openhandover.core.model import Agent, Conversation, Handover, Message, Status
from openhandover.core.routing import HANDLING_SAMPLE, Demand
from openhandover.engine import Engine
from openhandover.providers.base import Availability
from openhandover.providers.desk import Desk, demand
from openhandover.store.port import HandoverFilter, HandoverRow

from .attendance import Attendance
from .board import Board, Place, Presence
from .facts import display_name
from .hub import Hub
from .listing import TAIL, Card, entry_of, last_message
from .offers import Offers
from .positions import Positions
from .screens import Screens
from .shapes import Entry
from .sight import Sight

_log = structlog.get_logger("openhandover.desk")

UNSEEN = frozenset({"handover.queue_updated"})
"""Events that are for users: agents see places in the queue in the entries."""


class Office:
    """One per server. Everything that happens to a desk handover passes through `_take`."""

    def __init__(self, engine: Engine, agents: dict[str, AgentConfig]) -> None:
        self.engine = engine
        self._agents = agents
        self.board = Board(agents)
        self.hub = Hub()
        self.sight = Sight(engine.config.redaction.to_agent)
        self.screens = Screens(self.board, self.hub)
        self.offers = Offers(self.board, self.screens, self._accepts_itself, self._assign)
        self.positions = Positions(self.board, self.screens, self.report)
        self.attendance = Attendance(self.board, engine.store, engine.config.desk, self._lost)
        self._by_conversation: dict[str, str] = {}
        self._inboxes: dict[str, str] = {}
        """Handovers that agents moved to another inbox than their route's."""
        self._numbers = 0
        self._in_turn = asyncio.Lock()
        """One reading of a handover after the other, so that an older one never overwrites a newer."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    # --- life ---

    @cached_property
    def providers(self) -> list[str]:
        """Names of the desk providers, in the order of the configuration."""
        return [name for name, provider in self.engine.providers.items() if isinstance(provider, Desk)]

    def begin(self) -> None:
        """Start in the background, so that availability is right before the first agent calls."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # only the routes are wanted, e.g. for the OpenAPI document
        self._started = loop.create_task(self._start(), name="desk-start")

    async def ready(self) -> None:
        """Returns once the board knows what the store knows; the first caller starts it."""
        if self._started is None:
            self._started = asyncio.create_task(self._start(), name="desk-start")
        await asyncio.shield(self._started)

    async def _start(self) -> None:
        await self.attendance.start()
        moved = await self.engine.store.all("desk_inbox")
        self._inboxes = {handover_id: inbox.decode() for handover_id, inbox in moved.items() if inbox}
        events = self.engine.feed.everything(self._may_be_ours)
        for name in self.providers:
            await self._restore(name)
            provider = self.engine.providers[name]
            if isinstance(provider, Desk):
                provider.board = self
        self._following = asyncio.create_task(self._follow(events), name="desk-follow")
        self.offers.make()
        await self._leave_for_the_gone()

    async def _restore(self, provider: str) -> None:
        where = HandoverFilter(status=(Status.QUEUED, Status.ACTIVE), provider=provider)
        async for rows in self.engine.handovers(where):
            await asyncio.gather(*(self._take(row.handover) for row in rows))
        ended = await self.engine.store.handovers(
            HandoverFilter(status=(Status.COMPLETED,), provider=provider), None, HANDLING_SAMPLE
        )
        spans = [
            row.handover.ended_at - row.handover.active_at
            for row in reversed(ended.items)
            if row.handover.ended_at is not None and row.handover.active_at is not None
        ]
        self.board.learn_handling(spans)

    async def close(self) -> None:
        """Stop following and offering; what is stored stays."""
        await self.attendance.close()
        await self.offers.close()
        await self.positions.close()
        tasks = [task for task in (self._started, self._following, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def staff(self, agents: Mapping[str, AgentConfig]) -> None:
        """The agents were configured anew: who is gone, or has a new password, is logged out; what the gone ones
        hold is left to the others."""
        for agent_id, before in self._agents.items():
            after = agents.get(agent_id)
            if after is None:
                self.hub.dismiss(agent_id, "removed", lambda _session: True)
            elif after.password_hash != before.password_hash:
                self.hub.dismiss(agent_id, "password_changed", lambda session: session is not None)
        self._agents.clear()
        self._agents.update(agents)
        self.board.restaffed()
        self.hub.publish("desk.resync", {}, self._agents)
        if self._following is not None:
            task = asyncio.create_task(self._leave_for_the_gone(), name="desk-restaffed")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _leave_for_the_gone(self) -> None:
        for place in list(self.board.places.values()):
            if place.agent_id is not None and place.agent_id not in self.board.agents:
                await self.report(place, AgentLeft())
        self.offers.make()

    # --- what the provider asks of us ---

    def availability(self, demand: Demand) -> Availability:
        """Whether anybody matches now, with position and wait for one more handover."""
        agents = self.board.matching(demand)
        if not agents:
            return Availability(open=False, agents=0)
        position = self.board.newcomer_position(demand)
        wait_s = self.board.wait_s(position, demand)
        return Availability(True, agents, position, None if wait_s is None else round(wait_s * 1000))

    def typing(self, handover_id: str, *, on: bool) -> None:
        """Show the agent that the user is typing."""
        place = self.board.places.get(handover_id)
        if place is None:
            return
        kind = "typing.started" if on else "typing.stopped"
        event = {
            "type": kind,
            "conversation_id": place.conversation_id,
            "handover_id": handover_id,
            "at": view.time(self.engine.clock()),
            "data": {"author": "user"},
        }
        self.screens.event(event, place)

    # --- following the engine ---

    def _may_be_ours(self, conversation: Conversation) -> bool:
        """Whether the conversation's handover is, was or may come to be at the desk."""
        handover = conversation.handover
        return handover is not None and any(target.provider in self.providers for target in handover.chain)

    async def _follow(self, events: Any) -> None:
        async for event in events:
            try:
                await self._event(event)
            except Exception as error:  # noqa: BLE001  (one bad conversation must not blind the whole desk)
                _log.error("desk_event_failed", conversation_id=event.get("conversation_id"), exc_info=error)

    async def _event(self, event: Mapping[str, Any]) -> None:
        kind: str = event["type"]
        if kind in UNSEEN:
            return
        handover_id: str | None = event.get("handover_id")
        if kind.startswith("handover.") and handover_id is not None and self._concerns(handover_id, event):
            await self.settle(handover_id)
        handover_id = self._by_conversation.get(event["conversation_id"])
        place = self.board.places.get(handover_id or "")
        if place is None or kind.startswith("typing."):
            return
        self.screens.event(self.sight.event(event), place)
        if kind == "message.created":
            self._said(place, msgspec.convert(_plain(event["data"]), Message))

    def _concerns(self, handover_id: str, event: Mapping[str, Any]) -> bool:
        """Whether it is on the board, or may come to it: other providers' handovers are not even looked up."""
        return handover_id in self.board.places or _plain(event["data"]).get("provider") in self.providers

    def _said(self, place: Place, message: Message) -> None:
        cards = self.screens.cards
        card = cards[place.handover_id]
        last = last_message(message, self.sight) or card.last_message
        cards[place.handover_id] = replace(card, last_message=last, last_seq=message.seq)
        self.screens.show(place)

    async def _take(self, handover: Handover) -> None:
        """Bring the board in step with a handover's state."""
        here = handover.is_open and handover.target.provider in self.providers
        before = self.board.places.get(handover.id)
        if not here or handover.status is Status.REQUESTED:
            if before is not None:
                await self._gone(before, handover)
            return
        conversation = await self.engine.conversation(handover.conversation_id)
        self.screens.cards[handover.id] = await self._card(handover, conversation)
        self._by_conversation[conversation.id] = handover.id
        was_seen = self.board.audience(before) if before else frozenset[str]()
        self.board.put(self.place_of(handover))
        place = self.board.places[handover.id]
        self.screens.show(place)
        self.screens.hide(handover.id, was_seen - self.board.audience(place))
        for agent_id in {before.agent_id if before else None, place.agent_id} - {None}:
            self.screens.show_agent(str(agent_id))
        if place.agent_id is None or (before is not None and before.agent_id is None):
            self.positions.changed()
        if place.agent_id is not None and place.agent_id != (before.agent_id if before else None):
            await self._came(place, place.agent_id)

    async def _came(self, place: Place, agent_id: str) -> None:
        """An agent who went offline while it was on its way to them leaves it to the others; a supervisor may write
        from anywhere."""
        agent = self.board.agents.get(agent_id)
        if agent and agent.role == "agent" and self.board.presence(agent_id) == "offline":
            await self.report(place, AgentLeft())

    async def _gone(self, place: Place, handover: Handover) -> None:
        card = self.screens.cards.pop(handover.id)
        if handover.is_open:
            self.screens.hide(handover.id, self.board.audience(place))
        else:
            entry = entry_of(self.board, place, replace(card, handover=handover))
            self.screens.show_last(place, replace(entry, position=None, offer=None))
        self.board.remove(handover.id)
        self._by_conversation.pop(place.conversation_id, None)
        if self._inboxes.pop(handover.id, None):
            await self.engine.store.put("desk_inbox", handover.id, b"", at=self.engine.clock())
        if handover.ended_at is not None and handover.active_at is not None:
            self.board.learn_handling([handover.ended_at - handover.active_at])
        if place.agent_id is not None:
            self.screens.show_agent(place.agent_id)
        else:
            self.positions.changed()

    def place_of(self, handover: Handover) -> Place:
        """The place that a handover has by its own state."""
        wanted = demand(handover.target.route)
        if handover.active_at is not None:
            wanted = replace(wanted, agent=None)
        inbox = self._inboxes.get(handover.id)
        return Place(
            handover_id=handover.id,
            conversation_id=handover.conversation_id,
            provider=handover.target.provider,
            demand=replace(wanted, inbox=inbox) if inbox else wanted,
            requested_at=handover.requested_at,
            agent_id=handover.agent.id if handover.agent else None,
            active_at=handover.active_at,
        )

    async def _card(self, handover: Handover, conversation: Conversation) -> Card:
        known = self.screens.cards.get(handover.id)
        last, last_seq = (known.last_message, known.last_seq) if known else (None, conversation.seq)
        if known is None:
            for row in await self.engine.store.tail(conversation.id, conversation.seq, TAIL):
                last = last_message(view.message_of(row.entry), self.sight) or last
        user, name = self.known(conversation)
        return Card(
            handover=handover,
            channel=conversation.channel,
            language=conversation.language,
            user_id=conversation.user.id,
            user=user,
            display_name=name,
            last_message=last,
            last_seq=last_seq,
        )

    def known(self, conversation: Conversation) -> tuple[dict[str, Any], str | None]:
        """The user as agents may see them, and what to call them; null where nobody knows."""
        name = display_name(conversation)
        return msgspec.to_builtins(self.sight.conversation(conversation).user), name and self.sight.text(name)

    async def settle(self, handover_id: str) -> None:
        """Bring the board in step at once, without waiting for the event to come round."""
        async with self._in_turn:
            row = await self.engine.store.handover(handover_id)
            if row is not None:
                await self._take(row.handover)
                self.offers.make()

    async def settled(self, row: HandoverRow) -> Place | None:
        """The place of a handover as it was just read: what is stored may be ahead of the events that are told."""
        handover = row.handover
        place = self.board.places.get(handover.id)
        holder = handover.agent.id if handover.agent else None
        if (place is None) == handover.is_open or (place is not None and place.agent_id != holder):
            await self.settle(handover.id)
        return self.board.places.get(handover.id)

    # --- what agents decide ---

    def named(self, agent_id: str) -> Agent:
        """The agent as the engine knows them."""
        agent = self.board.agents[agent_id]
        return Agent(agent_id, agent.name, agent.avatar_url)

    def _accepts_itself(self, provider: str) -> bool:
        desk = self.engine.providers.get(provider)
        return isinstance(desk, Desk) and desk.settings.accept == "auto"

    async def _assign(self, handover_id: str, agent_id: str) -> None:
        place = self.board.places.get(handover_id)
        if place is None:
            raise Refused("handover_ended")
        await self.join(place, agent_id)

    async def join(self, place: Place, agent_id: str) -> None:
        """Give a waiting handover to an agent. Of several the first committed wins, in whichever process.

        Raises:
            Refused: `already_taken`, naming the agent who was first; `handover_ended`.
        """
        self.board.claim(place.handover_id, agent_id)
        try:
            result = await self.report(place, AgentJoined(self.named(agent_id), only_if_free=True))
        except BaseException:
            self.board.release(place.handover_id)
            raise
        if not result["applied"]:
            self.board.release(place.handover_id)
        await self.settle(place.handover_id)
        if not result["applied"]:
            now = self.board.places.get(place.handover_id)
            holder = now.agent_id if now else None
            raise self.board.taken_by(holder) if holder else Refused("handover_ended")

    async def set_presence(
        self, agent_id: str, presence: Presence, *, auto: bool = False, by_page: bool | None = None
    ) -> None:
        """The agent came, went or is busy. Who goes offline leaves their conversations to the others."""
        withdrawn = await self.attendance.note(
            agent_id, presence, self.engine.clock(), auto=auto, by_page=by_page
        )
        self.screens.show_agent(agent_id)
        if presence == "offline":
            for place in self.board.held(agent_id):
                await self.report(place, AgentLeft())
        self.offers.make()
        for handover_id in withdrawn:
            if handover_id in self.board.places:
                self.screens.show(self.board.places[handover_id])

    async def _lost(self, agent_id: str) -> None:
        """No browser of the agent has listened for long enough."""
        await self.set_presence(agent_id, "offline", auto=True)

    async def move(self, place: Place, inbox: str) -> bool:
        """Let the handover wait in another inbox; its agent leaves it. False when it has ended meanwhile."""
        await self.engine.store.put("desk_inbox", place.handover_id, inbox.encode())
        self._inboxes[place.handover_id] = inbox
        return bool((await self.report(place, AgentLeft()))["applied"])

    async def report(
        self, place: Place, fact: ProviderFact, event_id: str | None = None
    ) -> Mapping[str, Any]:
        """Give the engine a fact, as a vendor's webhook would; answers whether it was applied."""
        self._numbers += 1
        own_id = f"{self.hub.place}.{time.time_ns()}.{self._numbers}"
        event = FromProvider(place.provider, event_id or own_id, fact, handover_id=place.handover_id)
        return await self.engine.from_provider(event)

    async def entry_of_ended(self, handover: Handover) -> Entry:
        """A handover that left the board, as listed."""
        conversation = await self.engine.conversation(handover.conversation_id)
        return entry_of(self.board, self.place_of(handover), await self._card(handover, conversation))


def _plain(data: Any) -> Any:
    return msgspec.json.decode(data) if isinstance(data, msgspec.Raw) else data
