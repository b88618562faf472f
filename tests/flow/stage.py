"""A conversation in memory on which flows play: keeps what is committed, refuses what is stale, can break off."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import yaml
from msgspec import UNSET, structs

from openhandover.core.errors import ProviderUnavailable, Refused
from openhandover.core.events import FlowStep, PostMessage
from openhandover.core.model import Conversation, User
from openhandover.flow.definition import Definition, Place, Program
from openhandover.flow.run import run_turn
from openhandover.flow.state import (
    Cause,
    HandoverHappened,
    HandoverOrder,
    Run,
    Triggered,
    Turn,
    UserSaid,
    load,
)
from openhandover.flow.steps import Step
from openhandover.net.client import HttpClient, Reply, Request
from openhandover.providers.base import Availability
from openhandover.texts.catalogue import Catalogue

TAGS = {
    "say", "ask", "set", "call", "if", "lookup", "check_availability", "handover", "close_handover", "run", "code", "end",
}  # fmt: skip


def tagged(written: Any) -> Any:
    """Steps as written in YAML, with the tag that stored definitions carry."""
    if isinstance(written, list):
        return [tagged(item) for item in written]
    if isinstance(written, dict):
        marked = {
            key: value if key in {"json", "set", "metadata"} else tagged(value)
            for key, value in written.items()
        }
        leading = next((key for key in written if key in TAGS), None)
        return {"step": leading, **marked} if leading and set(written) & TAGS else marked
    return written


def program(flows: str, events: Mapping[str, str] | None = None) -> Program:
    """The program of flows written in YAML."""
    written = yaml.safe_load(flows)
    steps = {name: msgspec.convert(tagged(flow), tuple[Step, ...]) for name, flow in written.items()}
    return Program(Definition(steps, dict(events or {})))


class Crash(Exception):
    """The process dies here."""


class Stage:
    """One conversation with a flow bot."""

    def __init__(
        self, play: Program, http: HttpClient | None = None, root: str = "main", **fields: Any
    ) -> None:
        self.play = play
        self.stored = {play.hash: play.stored}
        self.root = root
        self.conversation = Conversation(id="c1", channel="web", user=User("u1"), created_at=0.0, **fields)
        self.http = http
        self.said: list[PostMessage] = []
        self.orders: list[HandoverOrder] = []
        self.closed = 0
        self.reports: list[str] = []
        self.commits = 0
        self.crash_at: int | None = None
        self.change_floor_at: int | None = None
        self.online: Availability | Exception = Availability(open=True)
        self.handover: dict[str, Any] | None = None
        self.asked_availability: list[tuple[str | None, Mapping[str, Any]]] = []
        self._seq = 0
        self._ids = 0
        self._triggers: list[str] = []

    # --- what happens to it ------------------------------------------------------------------------------

    async def user(self, text: str, **extra: Any) -> list[str]:
        """The user writes; the texts of the answer."""
        return await self.happen(UserSaid(text, **extra))

    async def event(self, name: str) -> list[str]:
        """An event is fired."""
        return await self.happen(Triggered(name))

    async def during(self, event: Literal["queued", "active", "queue_updated", "inactive"]) -> list[str]:
        """The open handover moves on."""
        assert self.handover
        self.handover = {**self.handover, "event": event}
        return await self.happen(HandoverHappened(event, self.handover["id"]))

    async def ended(
        self,
        event: Literal["completed", "cancelled", "error", "returned"],
        *,
        go_on: bool = True,
        resume_at: str = "below",
    ) -> list[str]:
        """The handover ends and the floor comes back."""
        assert self.handover
        self.handover = {
            **self.handover,
            "event": event,
            "status": "transferred" if event == "returned" else event,
        }
        self.give_floor("bot")
        return await self.happen(
            HandoverHappened(event, self.handover["id"], resume_at, go_on)  # type: ignore[arg-type]
        )

    def take_over(self) -> None:
        """Somebody else begins a handover."""
        self.handover = {"id": "other", "status": "active", "event": "active"}
        self.give_floor("human")

    def give_floor(self, floor: Literal["bot", "human"]) -> None:
        """The floor changes hands."""
        self.conversation = structs.replace(self.conversation, floor=floor, epoch=self.conversation.epoch + 1)

    async def happen(self, cause: Cause) -> list[str]:
        """One entry of the log runs the flow, then the events that delivered messages ask for."""
        before = len(self.said)
        self._seq += 1
        await self.deliver(cause)
        while self._triggers and self.conversation.floor == "bot":
            self._seq += 1
            await self.deliver(Triggered(self._triggers.pop(0)))
        self._triggers.clear()
        return [message.text for message in self.said[before:]]

    async def deliver(self, cause: Cause) -> None:
        """The current entry comes to the flow, for the first time or again."""
        for _ in range(100):
            try:
                turn = Turn(self._seq, cause, self.conversation, self.root, self.handover)
                return await run_turn(self.play, turn, self, Catalogue(), "en")
            except Crash:
                self.crash_at = None
        raise AssertionError("the turn never came to an end")

    @property
    def run(self) -> Run:
        """The run as it was saved."""
        run = load(self.conversation.run)
        assert run is not None
        return run

    # --- Host --------------------------------------------------------------------------------------------

    async def commit(self, step: FlowStep, order: HandoverOrder | None) -> None:
        if self.crash_at == self.commits:
            raise Crash
        if self.change_floor_at == self.commits:
            self.change_floor_at = None
            self.take_over()
        if step.epoch != self.conversation.epoch:
            raise Refused("stale_epoch")
        if step.say is not None and self.conversation.floor == "human" and step.say.to is None:
            raise Refused("floor_taken")
        if order is not None and order.step.provider == "unknown":
            raise Refused("invalid", "there is no provider 'unknown'")
        self.commits += 1
        assert step.context is UNSET
        self.conversation = structs.replace(self.conversation, run=step.run)
        if step.say is not None:
            assert step.say.id not in {message.id for message in self.said}
            self.said.append(step.say)
            if (step.say.metadata or {}).get("triggerEvent"):
                self._triggers.append(step.say.metadata["triggerEvent"])
        if order is not None:
            self.orders.append(order)
            self.handover = {
                "id": order.id,
                "status": "requested",
                "event": None,
                "provider": order.step.provider,
            }
            self.give_floor("human")
        if step.close_handover:
            self.closed += 1
            if self.conversation.floor == "human":
                self.give_floor("bot")

    async def send(self, request: Request) -> Reply:
        if self.http is None:
            raise ProviderUnavailable("no network on this stage")
        return await self.http.send(request)

    async def availability(
        self, provider: str | None, route: Mapping[str, Any], language: str
    ) -> Availability:
        self.asked_availability.append((provider, route))
        if isinstance(self.online, Exception):
            raise self.online
        return self.online

    async def definition(self, digest: str) -> Program | None:
        stored = self.stored.get(digest)
        return None if stored is None else Program.load(stored)

    def new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"

    def report(self, place: Place, problem: str) -> None:
        self.reports.append(f"{place}: {problem}")


def stage(flow: str, **events: str) -> Stage:
    """A stage with one flow named main, or with the flows given."""
    return Stage(program(flow, events))
