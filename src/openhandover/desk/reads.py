"""What agents look at: themselves, colleagues, the queue, a conversation, the event stream."""

from typing import Any

import structlog
from msgspec.structs import replace

from openhandover.analytics.routes import period
from openhandover.config.model import Canned, Config
from openhandover.core import view
from openhandover.core.errors import Refused, invalid
from openhandover.core.model import Conversation, Handover
from openhandover.core.routing import OFFER_S
from openhandover.store.port import HandoverRow
from openhandover.stories.explain import story
from openhandover.texts.scope import scope
from openhandover.texts.templates import TemplateError, render
from openhandover.web.call import MAX_SEQ, Call
from openhandover.web.endpoint import NO_CONTENT, Handler, Reply, Stream, json_reply, page
from openhandover.web.events import with_heartbeat

from . import figures
from .access import Access, Caller
from .board import Board, Place
from .facts import asked_in, facts_of, page_of, variables_of
from .listing import TAIL, last_message
from .office import Office
from .sessions import Session
from .shapes import (
    Agents,
    AgentShape,
    CannedShape,
    DeskSettings,
    Entries,
    LoggedIn,
    LoginBody,
    Me,
    Overview,
    Talk,
)

_log = structlog.get_logger("openhandover.desk")

VIEWS = ("open", "queue", "mine")


class Reads:
    """The calls that change nothing but the session."""

    def __init__(self, office: Office, access: Access, config: Config) -> None:
        self.office = office
        self.access = access
        self.config = config
        self.asked = asked_in(config.flows)

    @property
    def board(self) -> Board:
        """Who is here and what waits."""
        return self.office.board

    async def caller(self, call: Call) -> Caller:
        """The agent of this call, once the desk is ready."""
        caller = await self.access.caller(call)
        await self.office.ready()
        return caller

    async def login(self, call: Call) -> Reply:
        """POST /v1/desk/login"""
        body = await call.json(LoginBody)
        await self.office.ready()
        ticket = await self.access.login(body.agent, body.password, call.address)
        lasts_s = (await self.access.sessions()).lasts_s
        cookie = self.access.cookie(ticket.token, int(lasts_s))
        return json_reply(LoggedIn(self.office.screens.agent(body.agent), ticket.csrf), headers=cookie)

    async def logout(self, call: Call) -> Reply:
        """POST /v1/desk/logout"""
        caller = await self.access.caller(call)
        if caller.session is not None:
            await self.access.logout(caller.session)
            self._log_out(caller.session, "logged_out")
        return NO_CONTENT._replace(headers=self.access.cookie("", 0))

    def _log_out(self, session: Session, reason: str) -> None:
        """Whoever still listens in this session hears that it is over."""
        self.office.hub.dismiss(session.agent_id, reason, lambda nonce: nonce == session.nonce)

    async def me(self, call: Call) -> Reply:
        """GET /v1/desk/me"""
        caller = await self.caller(call)
        desk = self.config.desk
        settings = DeskSettings(desk.away_after_s, desk.offline_after_s, OFFER_S)
        agent = self.office.screens.agent(caller.agent_id)
        return json_reply(Me(agent, caller.csrf, self.office.providers, settings))

    async def agents(self, call: Call) -> Reply:
        """GET /v1/desk/agents"""
        await self.caller(call)
        return json_reply(Agents(self._everybody(), self._inboxes()))

    def _everybody(self) -> list[AgentShape]:
        return [self.office.screens.agent(agent_id) for agent_id in self.board.agents]

    def _inboxes(self) -> list[str]:
        """Those of the agents, and those in which somebody waits."""
        served = {inbox for agent in self.board.agents.values() for inbox in agent.inboxes}
        return sorted(served | {*self.board.lines.inboxes(), "default"})

    async def overview(self, call: Call) -> Reply:
        """GET /v1/desk/overview"""
        if not (await self.caller(call)).supervises:
            raise Refused("forbidden", "Only supervisors see the whole desk")
        engine = self.office.engine
        day = await figures.today(engine.store, self.office.providers, engine.clock(), period(call).zone)
        return json_reply(Overview(figures.queues(self.board, self._inboxes()), self._everybody(), day))

    async def canned(self, call: Call) -> Reply:
        """GET /v1/desk/canned"""
        caller = await self.caller(call)
        handover_id = call.text("handover")
        seen: dict[str, Any] | None = None
        if handover_id is not None:
            row = await self.visible(caller, handover_id)
            state = await self.office.engine.conversation(row.handover.conversation_id)
            sight = self.office.sight
            variables = sight.data(variables_of(state))
            seen = scope(sight.conversation(state), variables=variables, handover=view.handover(row.handover))
        answers = [
            CannedShape(answer.name, answer.name, _filled(answer, seen)) for answer in self.config.desk.canned
        ]
        return page(answers, None)

    async def handovers(self, call: Call) -> Reply:
        """GET /v1/desk/handovers"""
        caller = await self.caller(call)
        wanted = call.text("view") or "open"
        if wanted not in VIEWS:
            raise invalid("view", f"is none of {', '.join(VIEWS)}")
        seen: list[Place] = []
        if wanted != "mine":
            seen += [place for place in self.board.queue() if self.board.sees(caller.agent_id, place)]
        if wanted != "queue":
            everyone = caller.supervises and wanted == "open"
            held = self.board.places.values() if everyone else self.board.held(caller.agent_id)
            seen += [place for place in held if place.agent_id is not None]
        return json_reply(
            Entries([self.office.screens.entry(place) for place in seen], self.office.hub.place)
        )

    async def of_desk(self, handover_id: str) -> HandoverRow:
        """This handover, as long as a desk has it or had it last."""
        row = await self.office.engine.handover(handover_id)
        if row.handover.target.provider not in self.office.providers:
            raise Refused("not_found", "No handover of the desk has this id")
        return row

    async def visible(self, caller: Caller, handover_id: str) -> HandoverRow:
        """This handover, as far as it is the caller's business."""
        row = await self.of_desk(handover_id)
        place = await self.office.settled(row)
        if place is not None and self.board.sees(caller.agent_id, place):
            return row
        was_there = any(agent.id == caller.agent_id for agent in row.handover.agents)
        if not (caller.supervises or was_there or await self._is_history(caller, row.handover)):
            raise Refused("forbidden", "This handover is not yours to see")
        return row

    async def _is_history(self, caller: Caller, handover: Handover) -> bool:
        """Whether it has ended and its user is here again, where the caller sees them."""
        if handover.is_open:
            return False
        user_id = (await self.office.engine.conversation(handover.conversation_id)).user.id
        cards, places = self.office.screens.cards, self.board.places
        again = (places[key] for key, card in cards.items() if card.user_id == user_id and key in places)
        return any(self.board.sees(caller.agent_id, place) for place in again)

    async def handover(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}"""
        row = await self.visible(await self.caller(call), call.path["id"])
        conversation: Conversation = await self.office.engine.conversation(row.handover.conversation_id)
        place = self.board.places.get(row.handover.id)
        entry = self.office.screens.entry(place) if place else await self.office.entry_of_ended(row.handover)
        sight = self.office.sight
        seen = sight.conversation(conversation)
        facts = facts_of(seen, self.asked)
        answer = {
            "handover": sight.handover(view.handover(row.handover, row.digest)),
            "entry": entry,
            "conversation": view.conversation(seen),
            "facts": [replace(fact, value=sight.text(fact.value)) for fact in facts],
            "page": page_of(seen),
            "present": conversation.connected,
            "previous": await figures.previous(
                self.office.engine.store,
                row.handover,
                conversation.user.id,
                sight,
                worded=self.config.summaries is not None,
            ),
        }
        return json_reply(answer)

    async def explained(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}/explain"""
        row = await self.visible(await self.caller(call), call.path["id"])
        hidden, language = self.config.redaction.to_log, call.text("language")
        return page(await story(self.office.engine.store, row, hidden, language), None)

    async def messages(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}/messages"""
        row = await self.visible(await self.caller(call), call.path["id"])
        return await self._messages(call, row.handover.conversation_id)

    async def talk_messages(self, call: Call) -> Reply:
        """GET /v1/desk/conversations/{id}/messages"""
        await self.caller(call)
        conversation = await self.office.engine.conversation(call.path["id"])
        if conversation.floor != "bot":
            raise Refused("forbidden", "Read it through its handover")
        return await self._messages(call, conversation.id)

    async def _messages(self, call: Call, conversation_id: str) -> Reply:
        engine, seen = self.office.engine, self.office.sight.message
        if call.text("before") is None:
            found = await engine.messages(conversation_id, call.after, call.limit)
            items = [seen(item) for item in found.items]
            return page(items, None if found.next is None else int(found.next))
        before = call.whole("before", 0, 0, MAX_SEQ)
        conversation = await engine.conversation(conversation_id)
        until = min(before - 1 if before else conversation.shown, conversation.shown)
        rows = await engine.store.tail(conversation_id, until, call.limit)
        items = [seen(engine.message_view(row)) for row in rows]
        full = len(items) == call.limit and rows[0].entry.seq > 1
        return page(items, rows[0].entry.seq if full else None)

    async def conversations(self, call: Call) -> Reply:
        """GET /v1/desk/conversations"""
        await self.caller(call)
        found = await self.office.engine.store.conversations(None, call.cursor, call.limit)
        talks = [state for state in found.items if state.floor == "bot" and state.medium == "text"]
        return page([await self._talk(state) for state in talks], found.next)

    async def _talk(self, state: Conversation) -> Talk:
        last, at = None, view.time(state.created_at)
        for row in await self.office.engine.store.tail(state.id, state.shown, TAIL):
            last = last_message(view.message_of(row.entry), self.office.sight) or last
            at = view.time(row.entry.at)
        user, name = self.office.known(state)
        return Talk(state.id, state.channel, state.language, user, name, last, at)

    async def events(self, call: Call) -> Reply | Stream:
        """GET /v1/desk/events"""
        caller = await self.caller(call)
        last = call.header(b"last-event-id") or call.text("last_event_id")
        hub, session = self.office.hub, caller.session
        frames = hub.follow(caller.agent_id, last, session.nonce if session else None)
        if session is not None:
            left_s = session.expires_at - self.office.engine.clock()
            frames = self.office.attendance.watched(
                caller.agent_id, frames, left_s, lambda: self._log_out(session, "expired")
            )
        return Stream(
            with_heartbeat(frames), b"text/event-stream; charset=utf-8", ((b"x-accel-buffering", b"no"),)
        )

    def supervised(self, handler: Handler) -> Handler:
        """The same call, for supervisors only."""

        async def checked(call: Call) -> Reply | Stream:
            if not (await self.caller(call)).supervises:
                raise Refused("forbidden", "Only supervisors see the figures")
            return await handler(call)

        return checked


def _filled(answer: Canned, seen: dict[str, Any] | None) -> str:
    """The answer with the variables of a conversation, as written where there is none or they do not fit."""
    if seen is None:
        return answer.text
    try:
        return render(answer.text, seen)
    except TemplateError as error:
        _log.warning("canned_answer_unfit", name=answer.name, detail=str(error))
        return answer.text
