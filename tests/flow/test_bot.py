"""A flow bot on the real rules of the core: what the log brings it, and what it makes of it."""

from collections.abc import Mapping
from typing import Any

from openhandover.core import events as e
from openhandover.core.machine import advance
from openhandover.core.model import Conversation, Entry, Message, Settings, Target, User
from openhandover.core.turn import Rules
from openhandover.core.view import message_of
from openhandover.flow.bot import FlowBot
from openhandover.flow.definition import Place, Program
from openhandover.flow.state import HandoverOrder
from openhandover.net.client import Reply, Request
from openhandover.providers.base import Availability
from openhandover.texts.catalogue import Catalogue
from tests.flow.stage import program

RULES = Rules(
    channel=lambda _: "socket",
    bot=lambda _: "flow",
    attachments=lambda _: "human",
    duration=Catalogue().duration,
)


class Core:
    """A conversation that the real rules move; every entry for the bot is delivered at once."""

    def __init__(self, flows: str, settings: Settings, events: Mapping[str, str] | None = None) -> None:
        self.play = program(flows, events)
        self.settings = settings
        self.bot = FlowBot("main", self.play, Catalogue(), "en")
        self.state = Conversation(id="c", channel="web", user=User("u"), created_at=0.0, bot="main")
        self.messages: list[Message] = []
        self.late: list[Entry] = []
        self.reports: list[str] = []
        self._waiting: list[Entry] = []
        self._ids = 0

    def move(self, event: e.Event) -> None:
        """One event goes through the rules."""
        turn = advance(self.state, event, 1.0, RULES, recent=())
        self.state = turn.state
        self._waiting += [entry for entry in turn.entries if entry.to_bot]
        created = [message_of(entry) for entry in turn.entries if entry.type == "message.created"]
        self.messages += [message for message in created if message.author != "user"]

    async def settle(self) -> list[str]:
        """Deliver what waits for the bot; the texts that were said since the last time."""
        while self._waiting:
            entry = self._waiting.pop(0)
            if not await self.bot.deliver(entry, self.state, self):
                self.late.append(entry)
        said, self.messages = [message.text for message in self.messages], []
        return said

    async def user(self, text: str, **more: Any) -> list[str]:
        """The user writes."""
        self._ids += 1
        self.move(e.PostMessage(id=f"m{self._ids}", author="user", text=text, **more))
        return await self.settle()

    def from_desk(self, fact: e.ProviderFact) -> None:
        """The contact centre tells something."""
        assert self.state.handover
        self._ids += 1
        self.move(
            e.FromProvider("support", f"e{self._ids}", fact, handover_id=self.state.handover.id, seq=None)
        )

    def opened(self) -> None:
        """The provider accepted."""
        assert self.state.handover
        self.move(e.Opened(self.state.handover.lane, "x1"))

    # --- Host --------------------------------------------------------------------------------------------

    async def commit(self, step: e.FlowStep, order: HandoverOrder | None) -> None:
        request = None
        if order is not None:
            target = Target(order.step.provider or "logging")
            request = e.RequestHandover(order.id, (target,), self.settings, epoch=step.epoch)
        self.move(
            e.FlowStep(
                epoch=step.epoch,
                run=step.run,
                say=step.say,
                handover=request,
                close_handover=step.close_handover,
            )
        )

    async def send(self, request: Request) -> Reply:
        return Reply(200, {}, b"{}")

    async def availability(
        self, provider: str | None, route: Mapping[str, Any], language: str
    ) -> Availability:
        return Availability(open=True)

    async def definition(self, digest: str) -> Program | None:
        return self.play if digest == self.play.hash else None

    def new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"

    def report(self, place: Place, problem: str) -> None:
        self.reports.append(f"{place}: {problem}")


FLOW = """
main:
  - ask: {text: "Topic?", into: topic, buttons: [{text: Bill, value: billing}]}
  - handover: {provider: support}
  - if: "handover.event == 'queued'"
    then: [{say: "In line"}, {end: {}}]
  - say: "{{ topic }}: {{ handover.event }} {{ handover.status }} {{ handover.reason }} {{ handover.digest.agents | length }}"
  - ask: {text: "More?", into: more}
  - say: "Later: {{ handover.event }}, {{ more }}"
"""


async def at_the_desk(settings: Settings) -> Core:
    """The handover is queued at the desk."""
    core = Core(FLOW, settings)
    assert await core.user("hi") == ["Topic?"]
    assert await core.user("Bill", button="billing") == []
    assert core.state.floor == "human"
    core.opened()
    return core


async def test_a_handover_completes_and_the_flow_goes_on() -> None:
    """The button's value is the answer; the outcome is what the flow sees, also in a later turn."""
    core = await at_the_desk(Settings())
    core.from_desk(e.AgentJoined(agent=_agent()))
    assert await core.user("for the agent") == []
    core.from_desk(e.Closed(sequenced=True))
    said = await core.settle()
    assert said == ["billing: completed completed agent_closed 1", "More?"]
    assert await core.user("no") == ["Later: completed, no"]
    assert core.reports == []


async def test_the_queued_event_runs_below_where_the_step_asks_for_it() -> None:
    """Said to both sides while the human has the floor; the position stays."""
    core = await at_the_desk(Settings(events=frozenset({"queued"})))
    assert await core.settle() == ["In line"]
    core.from_desk(e.AgentJoined(agent=_agent()))
    core.from_desk(e.Closed(sequenced=True))
    assert (await core.settle())[0].startswith("billing: completed")


async def test_without_the_resolve_event_the_next_message_comes_first() -> None:
    """`send_event: false` says nothing until the user writes."""
    core = await at_the_desk(Settings(send_event=False))
    core.from_desk(e.AgentJoined(agent=_agent()))
    core.from_desk(e.Closed(sequenced=True))
    assert await core.settle() == []
    assert (await core.user("hello"))[0].startswith("billing: completed")


async def test_a_failed_handover_goes_on_at_once() -> None:
    """An error runs below without waiting for the user."""
    core = await at_the_desk(Settings(failure="Sorry."))
    core.from_desk(e.Failed("unavailable", sequenced=True))
    said = await core.settle()
    assert said[0] == "Sorry."
    assert said[1].startswith("billing: error error")


async def test_an_operator_takes_over_and_the_question_comes_back() -> None:
    """A handover that the flow did not begin ends at the entry point."""
    core = Core(FLOW, Settings())
    await core.user("hi")
    core.move(
        e.RequestHandover("op", (Target("support"),), Settings(resume_at="entrypoint"), initiator="operator")
    )
    core.opened()
    core.from_desk(e.AgentJoined(agent=_agent()))
    core.from_desk(e.Closed(sequenced=True))
    assert await core.settle() == ["Topic?"]


async def test_a_message_from_before_the_handover_never_moves_the_flow() -> None:
    """What was written before the floor changed is in the transcript, not an answer."""
    core = Core(FLOW, Settings())
    core.move(e.PostMessage(id="early", author="user", text="hi"))
    core.move(e.RequestHandover("op", (Target("support"),), Settings(), initiator="operator"))
    assert await core.settle() == []
    assert [entry.type for entry in core.late] == ["message.created"]
    assert core.state.run is None


def _agent() -> Any:
    from openhandover.core.model import Agent

    return Agent("a1", "Anna")


async def test_a_text_beyond_all_limits_is_cut_and_reported() -> None:
    """A message never gets longer than a message may be."""
    core = Core("main: [{say: '{{ input.text }}{{ input.text }}'}]", Settings())
    (said,) = await core.user("é" * 16_000)
    assert len(said.encode()) <= 32_768
    assert "is cut" in core.reports[-1]
