"""What agents do. Each act becomes a fact for the engine, as if a vendor's webhook had told it."""

import asyncio
import secrets
from contextlib import aclosing
from typing import Any

from msgspec.structs import replace

from openhandover.config.nodes import nearest
from openhandover.core import view
from openhandover.core.errors import Refused, invalid
from openhandover.core.events import (
    AgentMessage,
    AgentTransferred,
    AgentTyping,
    Closed,
    MessageRead,
    RequestHandover,
)
from openhandover.core.model import Attachment, Handover, Status
from openhandover.core.step import HandoverStep
from openhandover.store.port import HandoverRow, LogRow
from openhandover.web import files
from openhandover.web.call import Call
from openhandover.web.endpoint import ACCEPTED, Reply, json_reply
from openhandover.web.messages import attachments, refuse_too_long

from .access import Access, Caller, body_of
from .board import Place
from .office import Office
from .reads import Reads
from .shapes import NoteBody, PresenceBody, ReadBody, SayBody, TakeOverBody, TransferBody, TypingBody

OPEN_S = 10.0
"""So long a take-over may wait for its own desk to open."""

RECENT = (3, 100, 1_000)
"""So many last messages are searched for one of an agent's."""


class Acts:
    """The calls that change something."""

    def __init__(self, office: Office, access: Access, reads: Reads) -> None:
        self.office = office
        self.access = access
        self.reads = reads

    # --- who may ---

    async def _caller(self, call: Call, *, body_names: bool = True) -> Caller:
        caller = await self.access.caller(call, body_names=body_names)
        await self.office.ready()
        return caller

    async def _own(self, call: Call, caller: Caller) -> tuple[Place, HandoverRow]:
        """A handover that this agent holds, or any for a supervisor; `handover_ended` when it is over."""
        row = await self.reads.visible(caller, call.path["id"])
        place = self.office.board.places.get(row.handover.id)
        if place is None:
            raise Refused("handover_ended")
        if not caller.supervises and place.agent_id != caller.agent_id:
            raise self._not_theirs(place)
        return place, row

    def _must_be_here(self, caller: Caller) -> None:
        """Nobody takes a conversation while they are away for everybody else."""
        if self.office.board.presence(caller.agent_id) == "offline":
            raise Refused("agent_unavailable", "You are offline; go online first")

    def _must_be_known(self, field: str, agent_id: str) -> None:
        agents = self.office.board.agents
        if agent_id not in agents:
            raise invalid(field, f"is not a configured agent; {nearest(agent_id, agents)}")

    def _not_theirs(self, place: Place | None) -> Refused:
        """The refusal for who does not have it, or not any more."""
        holder = place.agent_id if place else None
        if holder is None:
            return Refused("forbidden", "Accept the handover first; it is not yours")
        return Refused(
            "forbidden", f"{self.office.board.name(holder)} has this conversation now", agent=holder
        )

    async def _answer(self, handover_id: str, status: int = 200) -> Reply:
        row = await self.office.engine.handover(handover_id)
        return json_reply(self.office.sight.handover(view.handover(row.handover, row.digest)), status)

    # --- presence and files ---

    async def presence(self, call: Call) -> Reply:
        """PUT /v1/desk/presence"""
        caller = await self._caller(call, body_names=call.text("agent") is None)
        body = await body_of(call, caller, PresenceBody)
        agent_id = body.agent or body.for_ or caller.agent_id
        own = agent_id == caller.agent_id
        if not own and not caller.supervises:
            raise Refused("forbidden", "Only a supervisor sets the presence of others")
        self._must_be_known("agent" if body.agent else "for", agent_id)
        if body.auto and (not own or body.presence not in ("away", "online")):
            raise invalid("auto", "goes with one's own `away`, and with `online` on coming back")
        if body.presence_since and not body.auto:
            raise invalid("presence_since", "goes with `auto`")
        if body.auto and body.presence == "online":
            self.office.attendance.saw_input(agent_id, self.office.engine.clock())
        by_page = caller.session is not None if own else None
        if not body.auto or self._is_news(agent_id, body):
            await self.office.set_presence(
                agent_id, body.presence, auto=body.auto and body.presence == "away", by_page=by_page
            )
        return json_reply(self.office.screens.agent(agent_id))

    def _is_news(self, agent_id: str, guess: PresenceBody) -> bool:
        """A page that sees no input, or input again, changes only what nobody chose: who is busy stays busy. What it
        guesses of a presence that has changed meanwhile, or while another device is in use, is no news either."""
        standing = self.office.board.standing(agent_id)
        if guess.presence_since and guess.presence_since != view.optional_time(standing.since):
            return False
        if guess.presence == "online":
            return standing.auto
        in_use = guess.presence_since is not None and self.office.attendance.is_in_use(
            agent_id, self.office.engine.clock()
        )
        return standing.presence == "online" and not in_use

    async def upload(self, call: Call) -> Reply:
        """POST /v1/desk/uploads"""
        await self._caller(call, body_names=False)
        return await files.upload(call)

    # --- taking it ---

    async def accept(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/accept"""
        caller = await self._caller(call)
        place = await self._takeable(call, caller)
        if place.agent_id == caller.agent_id:
            return await self._answer(place.handover_id)
        self._must_be_here(caller)
        await self.office.join(place, caller.agent_id)
        return await self._answer(place.handover_id)

    async def _takeable(self, call: Call, caller: Caller) -> Place:
        """What the caller wants to take, while it is there; who comes late hears what became of it."""
        row = await self.reads.of_desk(call.path["id"])
        place = await self.office.settled(row)
        if place is not None and place.agent_id == caller.agent_id:
            return place
        wanted = self.office.place_of(row.handover).demand
        if not caller.supervises and caller.agent_id not in self.office.board.qualified(wanted):
            await self.reads.visible(caller, row.handover.id)
            raise Refused("forbidden", "This handover needs another inbox, skill or language")
        if place is None:
            raise Refused("forbidden" if row.handover.is_open else "handover_ended")
        if place.agent_id is not None:
            raise self.office.board.taken_by(place.agent_id)
        return place

    async def take_over(self, call: Call) -> Reply:
        """POST /v1/desk/conversations/{id}/take-over"""
        caller = await self._caller(call)
        engine = self.office.engine
        state = await engine.conversation(call.path["id"])
        body = await body_of(call, caller, TakeOverBody)
        if state.medium == "voice":
            raise invalid("conversation", "is a phone call; the desk takes texts only")
        provider = body.provider or next(iter(self.office.providers), None)
        if provider not in self.office.providers:
            mend = nearest(provider or "", self.office.providers)
            raise invalid("provider", f"is not a configured provider of type `desk`; {mend}")
        if self.office.board.presence(caller.agent_id) != "online":
            raise Refused("agent_unavailable", "Go online first")
        inbox = next(iter(caller.agent.inboxes), "default")
        route = {"agent": caller.agent_id, "inbox": inbox}
        step = HandoverStep(provider=provider, route=route, message="", accepted_message="")  # type: ignore[arg-type]
        chain, settings = await engine.prepare_handover(state, step, {}, follows=False)
        command = RequestHandover(
            id=body.id or f"ho_{secrets.token_urlsafe(16)}",
            chain=chain,
            settings=settings,
            initiator="agent",
            digest=f"take-over:{caller.agent_id}:{state.id}",
        )
        row, created = await engine.request_handover(state.id, command)
        place = await self._opened(row.handover)
        if place.agent_id != caller.agent_id:
            await self.office.join(place, caller.agent_id)
        return await self._answer(row.handover.id, 201 if created else 200)

    async def _opened(self, handover: Handover) -> Place:
        """The place of a handover that was just requested, once our own provider has opened it."""
        events = self.office.engine.feed.subscribe(handover.conversation_id, handover.requested_seq)
        try:
            async with asyncio.timeout(OPEN_S), aclosing(events) as following:  # type: ignore[type-var]
                while handover.status is Status.REQUESTED:
                    await anext(following)  # type: ignore[arg-type]
                    handover = (await self.office.engine.handover(handover.id)).handover
        except TimeoutError:
            raise Refused("unavailable", "The desk did not open in time; it goes on without you") from None
        await self.office.settle(handover.id)
        place = self.office.board.places.get(handover.id)
        if place is None:
            raise Refused("handover_ended")
        return place

    # --- talking ---

    async def say(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/messages"""
        caller = await self._caller(call)
        row = await self.reads.visible(caller, call.path["id"])
        place = self.office.board.places.get(row.handover.id)
        holder = place.agent_id if place else None
        took_part = any(agent.id == caller.agent_id for agent in row.handover.agents)
        # Who lost it to nobody yet, or to its end, may still finish the sentence.
        if not (caller.supervises or holder == caller.agent_id or (holder is None and took_part)):
            raise self._not_theirs(place)
        if place is not None and holder is None and not caller.supervises:
            self._must_be_here(caller)
        body = await body_of(call, caller, SayBody)
        refuse_too_long(body.text)
        if not body.text and not body.attachments:
            raise invalid("text", "an empty text needs an attachment")
        sent = await attachments(call.site, list(body.attachments))
        fact = AgentMessage(
            body.text,
            attachments=sent,
            agent=self.office.named(caller.agent_id),
            only_if_free=not caller.supervises,
        )
        return await self._speak(row.handover, caller, body.id, fact)

    async def note(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/notes"""
        caller = await self._caller(call)
        row = await self.reads.visible(caller, call.path["id"])
        body = await body_of(call, caller, NoteBody)
        refuse_too_long(body.text)
        return await self._note(row.handover, caller, body.text, body.id)

    async def _note(self, handover: Handover, caller: Caller, text: str, note_id: str | None) -> Reply:
        fact = AgentMessage(text, agent=self.office.named(caller.agent_id), note=True)
        return await self._speak(handover, caller, note_id, fact)

    async def _speak(
        self, handover: Handover, caller: Caller, chosen_id: str | None, fact: AgentMessage
    ) -> Reply:
        """Say it once: a known id with the same content answers the message as it is now."""
        external_id = f"{caller.agent_id}:{chosen_id or secrets.token_urlsafe(12)}"
        place = self.office.place_of(handover)
        said = replace(fact, id=external_id)
        result = await self.office.report(place, said, f"message:{handover.id}:{external_id}")
        known: LogRow | None = None
        if result.get("reason") == "repeated":
            known = await self._find(handover, external_id)
            if known is None:  # it was refused before, and a refused message makes no id known
                result = await self.office.report(place, said)
        if result.get("reason") == "taken":
            await self.office.settle(handover.id)
            raise self._not_theirs(self.office.board.places.get(handover.id))
        if known is not None:
            if not _same(known, fact):
                raise Refused("id_reused")
            return json_reply(self._seen(known))
        written = await self._find(handover, external_id) if result["applied"] else None
        if written is None:
            raise Refused("handover_ended")
        return json_reply(self._seen(written), 201)

    def _seen(self, known: LogRow) -> dict[str, Any]:
        return self.office.sight.message(self.office.engine.message_view(known))

    async def _find(self, handover: Handover, external_id: str) -> LogRow | None:
        """The message that an agent sent under this id: mostly one of the very last."""
        store = self.office.engine.store
        state = await self.office.engine.conversation(handover.conversation_id)
        for recent in RECENT:
            for row in reversed(await store.tail(handover.conversation_id, state.seq, recent)):
                if view.message_of(row.entry).external_id == external_id:
                    return row
        return None

    async def typing(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/typing"""
        caller = await self._caller(call)
        place, _ = await self._own(call, caller)
        body = await body_of(call, caller, TypingBody)
        await self.office.report(place, AgentTyping(body.on))
        return ACCEPTED

    async def read(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/read"""
        caller = await self._caller(call)
        place, _ = await self._own(call, caller)
        body = await body_of(call, caller, ReadBody)
        await self.office.report(
            place, MessageRead(body.message_id), f"read:{place.handover_id}:{body.message_id}"
        )
        return ACCEPTED

    # --- letting it go ---

    async def transfer(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/transfer"""
        caller = await self._caller(call, body_names=False)
        place, row = await self._own(call, caller)
        body = await body_of(call, caller, TransferBody)
        if (body.agent is None) == (body.inbox is None):
            raise invalid("agent", "give either `agent` or `inbox`")
        board = self.office.board
        if body.agent is not None:
            self._must_be_known("agent", body.agent)
            if board.presence(body.agent) == "offline":
                raise Refused("agent_unavailable", f"{board.name(body.agent)} is offline")
        inboxes = {inbox for agent in board.agents.values() for inbox in agent.inboxes}
        if body.inbox is not None and body.inbox not in inboxes:
            raise invalid("inbox", f"is no agent's inbox; {nearest(body.inbox, sorted(inboxes))}")
        if body.note:
            await self._note(row.handover, caller, body.note, None)
        if body.inbox is not None:
            applied = await self.office.move(place, body.inbox)
        else:
            applied = await self._hand_to(place, body.agent or "", caller)
        await self.office.settle(place.handover_id)
        if not applied:
            raise Refused("handover_ended")
        return await self._answer(place.handover_id)

    async def _hand_to(self, place: Place, agent_id: str, caller: Caller) -> bool:
        """Theirs at once: a waiting one is assigned, a held one changes hands."""
        if place.agent_id is None:
            await self.office.join(place, agent_id)
        elif place.agent_id != agent_id:
            result = await self.office.report(place, AgentTransferred(self.office.named(agent_id)))
            if not result["applied"]:
                return False
        if agent_id not in (caller.agent_id, place.agent_id):
            self.office.screens.assigned(place.handover_id, agent_id, caller.agent_id)
        return True

    async def close(self, call: Call) -> Reply:
        """POST /v1/desk/handovers/{id}/close"""
        caller = await self._caller(call)
        row = await self.reads.visible(caller, call.path["id"])
        if row.handover.is_open:
            place, _ = await self._own(call, caller)
            await self.office.report(place, Closed(sequenced=True), f"close:{place.handover_id}")
            await self.office.settle(place.handover_id)
        return await self._answer(row.handover.id)


def _same(known: LogRow, fact: AgentMessage) -> bool:
    message = view.message_of(known.entry)
    return (message.text, _names(message.attachments)) == (fact.text, _names(fact.attachments))


def _names(attached: tuple[Attachment, ...]) -> list[Any]:
    return [file.id for file in attached]
