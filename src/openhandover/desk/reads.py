"""What agents look at: themselves, colleagues, the queue, a conversation, the event stream."""

import msgspec

from openhandover.config.model import Config
from openhandover.core import view
from openhandover.core.errors import Refused, invalid
from openhandover.core.model import Conversation
from openhandover.store.port import HandoverRow
from openhandover.web.call import MAX_SEQ, Call
from openhandover.web.endpoint import NO_CONTENT, Handler, Reply, Stream, json_reply, page
from openhandover.web.events import with_heartbeat

from .access import Access, Caller
from .board import Board, Place
from .explain import story
from .facts import facts_of
from .listing import TAIL, last_message
from .office import Office
from .shapes import Agents, CannedShape, Entries, LoggedIn, LoginBody, Me, Talk

VIEWS = ("open", "queue", "mine")


class Reads:
    """The calls that change nothing but the session."""

    def __init__(self, office: Office, access: Access, config: Config) -> None:
        self.office = office
        self.access = access
        self.config = config

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
        return json_reply(LoggedIn(self.office.agent(body.agent), ticket.csrf), headers=cookie)

    async def logout(self, call: Call) -> Reply:
        """POST /v1/desk/logout"""
        caller = await self.access.caller(call)
        if caller.session is not None:
            await self.access.logout(caller.session)
        return NO_CONTENT._replace(headers=self.access.cookie("", 0))

    async def me(self, call: Call) -> Reply:
        """GET /v1/desk/me"""
        caller = await self.caller(call)
        return json_reply(Me(self.office.agent(caller.agent_id), caller.csrf, self.office.providers))

    async def agents(self, call: Call) -> Reply:
        """GET /v1/desk/agents"""
        await self.caller(call)
        inboxes = {inbox for agent in self.board.agents.values() for inbox in agent.inboxes}
        everybody = [self.office.agent(agent_id) for agent_id in self.board.agents]
        return json_reply(Agents(everybody, sorted(inboxes | {"default"})))

    async def canned(self, call: Call) -> Reply:
        """GET /v1/desk/canned"""
        await self.caller(call)
        return page([CannedShape(answer.name, answer.text) for answer in self.config.desk.canned], None)

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
        return json_reply(Entries([self.office.entry(place) for place in seen], self.office.hub.place))

    async def visible(self, call: Call, caller: Caller) -> HandoverRow:
        """The handover named in the path, as far as it is the caller's business."""
        row: HandoverRow = await self.office.engine.handover(call.path["id"])
        if row.handover.target.provider not in self.office.providers:
            raise Refused("not_found", "No handover of the desk has this id")
        place = self.board.places.get(row.handover.id)
        if place is not None and self.board.sees(caller.agent_id, place):
            return row
        was_there = any(agent.id == caller.agent_id for agent in row.handover.agents)
        if not (caller.supervises or was_there):
            raise Refused("forbidden", "This handover is not yours to see")
        return row

    async def handover(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}"""
        row = await self.visible(call, await self.caller(call))
        conversation: Conversation = await self.office.engine.conversation(row.handover.conversation_id)
        place = self.board.places.get(row.handover.id)
        entry = self.office.entry(place) if place else await self.office.entry_of_ended(row.handover)
        answer = {
            "handover": view.handover(row.handover, row.digest),
            "entry": entry,
            "conversation": view.conversation(conversation),
            "facts": facts_of(conversation),
        }
        return json_reply(answer)

    async def explained(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}/explain"""
        row = await self.visible(call, await self.caller(call))
        return page(await story(self.office.engine.store, row, self.config.redaction.to_log), None)

    async def messages(self, call: Call) -> Reply:
        """GET /v1/desk/handovers/{id}/messages"""
        row = await self.visible(call, await self.caller(call))
        return await self._messages(call, row.handover.conversation_id)

    async def talk_messages(self, call: Call) -> Reply:
        """GET /v1/desk/conversations/{id}/messages"""
        await self.caller(call)
        conversation = await self.office.engine.conversation(call.path["id"])
        if conversation.floor != "bot":
            raise Refused("forbidden", "Read it through its handover")
        return await self._messages(call, conversation.id)

    async def _messages(self, call: Call, conversation_id: str) -> Reply:
        engine = self.office.engine
        if call.text("before") is None:
            found = await engine.messages(conversation_id, call.after, call.limit)
            return page(found.items, None if found.next is None else int(found.next))
        before = call.whole("before", 0, 0, MAX_SEQ)
        conversation = await engine.conversation(conversation_id)
        until = min(before - 1 if before else conversation.shown, conversation.shown)
        rows = await engine.store.tail(conversation_id, until, call.limit)
        items = [engine.message_view(row) for row in rows]
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
            last = last_message(view.message_of(row.entry)) or last
            at = view.time(row.entry.at)
        return Talk(state.id, state.channel, state.language, msgspec.to_builtins(state.user), last, at)

    async def events(self, call: Call) -> Reply | Stream:
        """GET /v1/desk/events"""
        caller = await self.caller(call)
        header = call.header(b"last-event-id")
        frames = self.office.hub.follow(caller.agent_id, header or call.text("last_event_id"))
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
