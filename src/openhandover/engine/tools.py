"""Calls of tools: a tool plays in a conversation as a flow does, under the call's own id."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from openhandover.core.errors import Refused, invalid
from openhandover.core.events import FlowStep
from openhandover.core.model import Conversation
from openhandover.core.tools import Call, ToolStep, call_of, key_of
from openhandover.flow.state import Run, load, save
from openhandover.net.client import Reply, Request
from openhandover.tools.play import Tools

from . import reads
from .flows import DEFINITION, FlowHost, Flows
from .parts import Parts
from .work import Done

HANDED = "handover_id"
"""Key of the answer of a call that ended in a handover."""

replace = msgspec.structs.replace


class ToolCall(Struct, frozen=True):
    """What an LLM wants: `id` is its own id of the call, `fingerprint` then that of the request."""

    tool: str
    conversation_id: str
    epoch: int | None
    """None takes the present one."""
    arguments: dict[str, Any]
    id: str | None = None
    fingerprint: str | None = None


class ToolCalls:
    """Takes calls, plays each to its end, and answers a repeated one with what it did."""

    def __init__(self, parts: Parts, flows: Flows) -> None:
        config = parts.config
        self._store = parts.store
        self._flows = flows
        self.tools = Tools(config.tools, config.flows, parts.texts, config.languages.default)
        self._at_work: dict[tuple[str, str], tuple[str | None, asyncio.Task[dict[str, Any]]]] = {}

    async def start(self) -> None:
        """Keep the present definition, so that a call can go on after the file has changed."""
        if self.tools.configured:
            program = self.tools.program
            await self._store.put_new(DEFINITION, program.hash, program.stored)

    async def stop(self) -> None:
        """Break off what is at work; a call that comes again goes on there."""
        tasks = [task for _, task in self._at_work.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def require(self, tool: str) -> None:
        """Refuse a tool that there is not."""
        if tool not in self.tools.configured:
            raise Refused("not_found", "There is no tool with this name")

    async def known(self, conversation_id: str, call_id: str | None) -> str | None:
        """The fingerprint of the call that has this id; None where it is new. Refuses an unknown conversation."""
        await reads.conversation(self._store, conversation_id)
        row = await self._store.message(conversation_id, key_of(call_id)) if call_id else None
        return (row.entry.digest or "") if row else None

    async def answered(self, conversation_id: str, call_id: str) -> dict[str, Any]:
        """The answer of a call that is done; to go on with one that is not takes an epoch."""
        row = await self._store.message(conversation_id, key_of(call_id))
        call = call_of(row.entry) if row else None
        if call is None or call.run is not None:
            raise invalid("epoch", "is required from a bot; take it from the event or the conversation")
        return await self._answer(call.answer or {"result": None})

    async def call(self, call: ToolCall) -> dict[str, Any]:
        """Play the tool and answer what the LLM gets. Its steps go on when the caller leaves.

        Raises:
            Refused: `not_found`, `id_reused`, `invalid`, `stale_epoch` or `floor_taken`.
        """
        self.require(call.tool)
        known = await self.known(call.conversation_id, call.id)
        if known is not None and known != call.fingerprint:
            raise Refused("id_reused")
        arguments = call.arguments
        if known is None:
            arguments = self.tools.parameters[call.tool].checked(arguments)
        return await self._answer(await asyncio.shield(self._task(replace(call, arguments=arguments))))

    def _task(self, call: ToolCall) -> asyncio.Task[dict[str, Any]]:
        """The work on a call; one that is at work already is joined by the same call, and by no other."""
        key = (call.conversation_id, call.id or secrets.token_urlsafe(9))
        fingerprint, task = self._at_work.get(key, (None, None))
        if task is None:
            task = asyncio.create_task(self._play(call), name="tool")
            self._at_work[key] = (call.fingerprint, task)
            task.add_done_callback(lambda done: self._done(key, done))
        elif fingerprint != call.fingerprint:
            raise Refused("id_reused")
        return task

    def _done(self, key: tuple[str, str], task: asyncio.Task[dict[str, Any]]) -> None:
        self._at_work.pop(key, None)
        if not task.cancelled():
            task.exception()  # whoever waits for it has it; nobody may be waiting any more

    async def _play(self, call: ToolCall) -> dict[str, Any]:
        state = await reads.conversation(self._store, call.conversation_id)
        if call.epoch is not None:
            state = replace(state, epoch=call.epoch)
        host = _ToolHost(self._flows, state, call)
        run = self.tools.begin(f"tool_{secrets.token_urlsafe(12)}", call.tool, call.arguments, state)
        before = await host.begin(run)
        if before is not None:
            if before.run is None:
                return before.answer or {"result": None}  # forgotten by retention, with the texts
            run = load(before.run) or run
        result = await self.tools.play(call.tool, run, state, host)
        if host.handed is not None:
            return {HANDED: host.handed}
        answer = {"result": result}
        await host.end(answer)
        return answer

    async def _answer(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        handover_id = answer.get(HANDED)
        if handover_id is None:
            return dict(answer)
        row = await self._store.handover(str(handover_id))
        status = row.handover.status.value if row else None
        return {"handover": {"id": handover_id, "status": status}}


class _ToolHost(FlowHost):
    """The surroundings of one call: as those of a flow, but its position is the call's."""

    def __init__(self, flows: Flows, state: Conversation, call: ToolCall) -> None:
        super().__init__(flows, state)
        self._call = call
        self.handed: str | None = None
        """The handover that it ended in."""

    async def begin(self, run: Run) -> Call | None:
        """Take the call in; what is known of it where it came before."""
        done = await self._run(self._step(run=save(run), begins=True))
        return call_of(done.known_message.entry) if done.known_message else None

    async def end(self, answer: dict[str, Any]) -> None:
        """Keep the answer."""
        if self._call.id is not None:
            await self._run(self._step(run=None, answer=answer))

    async def _save(self, step: FlowStep) -> Done:
        handed = step.handover.id if step.handover else None
        answer = {HANDED: handed} if handed else None
        done = await self._run(self._step(run=step.run, say=step.say, handover=step.handover, answer=answer))
        self.handed = handed or self.handed
        return done

    def _step(self, **done: Any) -> ToolStep:
        call = self._call
        return ToolStep(
            epoch=self._state.epoch, tool=call.tool, call_id=call.id, digest=call.fingerprint, **done
        )

    async def _run(self, step: ToolStep) -> Done:
        key = key_of(step.call_id) if step.call_id else None
        return await self._flows.work.run(self._state.id, step, message_key=key)

    async def send(self, request: Request) -> Reply:
        """A call outside, if the floor is still as it was when the tool began."""
        state = await self._flows.store.conversation(self._state.id)
        if state is None or state.epoch != self._state.epoch:
            raise Refused("stale_epoch", epoch=state.epoch if state else None)
        return await super().send(request)
