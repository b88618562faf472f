"""Visits of the past: the stories of the simulation, told from their end."""

from random import Random
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from openhandover.config.model import Config
from openhandover.core import events as e
from openhandover.core.model import Agent, Conversation, User
from openhandover.core.settings import Texts
from openhandover.core.step import HandoverStep
from openhandover.demo.simulate.stories import Story, Visit
from openhandover.engine import Engine
from openhandover.flow.steps import AskStep, HandoverToHumanStep, LookupStep, SayStep
from openhandover.texts.variants import variant

from .life import Life

SLOWNESS = 0.35
"""Seconds per character: people read, think and look things up before they type."""


class Fate(Struct, frozen=True):
    """How a handover went. Times in seconds."""

    end: str
    """completed, user_idle, user_left, user_cancelled, gone, no_answer, unavailable or provider_error."""
    wait_s: float
    provider: str
    agent: Agent
    rating: int = 0


class Script(Struct, frozen=True):
    """What the bot of the configuration says and does, found by what it is about."""

    questions: dict[str, Texts]
    answers: dict[str, Texts]
    handovers: dict[str, HandoverStep]


def script_of(config: Config) -> Script:
    """Look up the bot's words in the flows."""
    script = Script({}, {}, {})
    for steps in config.flows.values():
        _collect(steps, script)
    return script


def _collect(value: Any, script: Script) -> None:
    if isinstance(value, tuple | list):
        for one in value:  # pyright: ignore[reportUnknownVariableType]
            _collect(one, script)
    elif isinstance(value, dict):
        _collect(list(value.values()), script)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    elif isinstance(value, Struct):
        if isinstance(value, AskStep) and value.ask.into:
            script.questions.setdefault(value.ask.into, value.ask.text)
        elif isinstance(value, HandoverToHumanStep) and value.handover.provider:
            script.handovers.setdefault(value.handover.provider, value.handover)
        elif isinstance(value, LookupStep):
            for name, steps in value.cases.items():
                said = next((step.say for step in steps if isinstance(step, SayStep)), None)
                if said is not None and not isinstance(said, str):
                    script.answers.setdefault(name, said.text)
        for name in value.__struct_fields__:
            _collect(getattr(value, name), script)


class Teller:
    """Tells visits to the core, in the words of the configuration."""

    def __init__(self, engine: Engine, rules: Any, random: Random) -> None:
        self._engine = engine
        self._rules = rules
        self._random = random
        self._script = script_of(engine.config)

    # --- the bot

    def arrive(self, visit: Visit, at: float) -> Life:
        """A visitor talks to the bot."""
        story, number = visit.story, visit.number
        known = {"name": visit.name, "email": visit.email, "topic": topic_of(story)}
        context = known if story.talk else {}
        life = Life(
            e.CreateConversation(
                id=f"cv_past_{number:05d}",
                channel="web",
                user=User(f"visitor_past_{number:05d}"),
                bot="shop",
                language=story.language,
                context=context,
            ),
            at,
            self._rules,
        )
        asked = "order_number" if story.name.startswith("order") else ""
        for place, words in enumerate(story.bot):
            self._user(life, visit.words(words))
            if asked and place == 0:
                self._bot(life, self._script.questions[asked], visit)
        if not story.talk:
            self._bot(life, self._script.answers["order" if asked else "hours"], visit)
            return life
        self._bot(life, self._script.answers["parcel" if story.provider == "partner" else "person"], visit)
        if story.topic:
            self._bot(life, self._script.questions["topic"], visit)
            self._user(life, story.topic)
        for name, answer in (("email", visit.email), ("name", visit.name)):
            self._bot(life, self._script.questions[name], visit)
            self._user(life, answer)
        return life

    def _user(self, life: Life, text: str) -> None:
        life.after(self._typing(text))
        number = life.state.seq
        life.do(e.PostMessage(f"v{number:06d}", "user", text))

    def _bot(self, life: Life, texts: Texts, visit: Visit) -> None:
        text = variant(texts, life.state.language, "en").text.replace("{{ order_number }}", visit.order)
        life.after(0.1).do(e.PostMessage(f"b{life.state.seq:06d}", "bot", text, epoch=life.state.epoch))

    def _typing(self, text: str) -> float:
        return 2 + len(text) * SLOWNESS * self._random.uniform(0.5, 1.5)

    # --- the handover

    def hand_over(self, life: Life, visit: Visit, fate: Fate) -> None:
        """The visitor is given to a person, and it goes as `fate` says."""
        handover_id = f"ho_past_{visit.number:05d}"
        step = self._script.handovers[fate.provider]
        chain, settings = self._engine.order.prepare(life.state, step, _scope(life.state), follows=True)
        why = topic_of(visit.story)
        request = e.RequestHandover(handover_id, chain, settings, why=why, epoch=life.state.epoch)
        life.after(0.2).do(request)
        self._open(life, fate, chain[0].provider)
        if not life.state.open_handover:
            return
        match fate.end:
            case "user_cancelled":
                life.after(fate.wait_s).do(e.Cancel(handover_id))
            case "gone":
                life.after(fate.wait_s).do(e.SetPresence("disconnected")).after(
                    settings.limits.user_gone_s + 1
                )
            case "no_answer":
                life.after(settings.limits.queue_s + 1)
            case _:
                self._talk(life.after(fate.wait_s), visit, fate)
        if fate.rating and life.state.handover and life.state.handover.status == "completed":
            comment = visit.story.comment if fate.rating != 3 else ""
            life.after(self._random.uniform(4, 40)).do(e.Rate(handover_id, fate.rating, comment or None))

    def _open(self, life: Life, fate: Fate, provider: str) -> None:
        """The provider takes it, or does not."""
        lane = life.state.lane_count
        life.do(e.Opening(lane)).after(self._random.uniform(0.05, 0.6))
        if fate.end in ("unavailable", "provider_error"):
            while life.state.open_handover and life.state.open_handover.status == "requested":
                life.do(e.OpenFailed(life.state.lane_count, fate.end, "nobody could take it"))
            return
        position = self._random.randint(1, 4) if fate.wait_s > 90 else 1
        life.do(e.Opened(lane, f"past-{life.state.id}", position, round(fate.wait_s) * 1000))

    def _fact(self, life: Life, fate: Fate, fact: e.ProviderFact) -> None:
        handover = life.state.handover
        assert handover is not None
        event_id = f"past-{life.state.id}-{life.state.seq}"
        life.do(e.FromProvider(handover.target.provider, event_id, fact, handover.id))

    def _talk(self, life: Life, visit: Visit, fate: Fate) -> None:
        self._fact(life, fate, e.AgentJoined(fate.agent))
        said = 0
        for line in visit.story.talk:
            if not line.is_said and line.act != "/note":
                continue
            if line.who == "visitor":
                if fate.end == "user_left" and said:
                    break
                if fate.end == "user_idle" and said > 1:
                    break
                self._user(life, visit.words(line.text.partition("|")[2] or line.text))
                continue
            text = visit.words(line.text, (fate.agent.name or "").split()[0])
            life.after(self._typing(text))
            message = e.AgentMessage(text, f"a{life.state.seq:06d}", agent=fate.agent)
            self._fact(life, fate, replace(message, note=line.act == "/note"))
            said += line.is_said
        handover = life.state.handover
        assert handover is not None
        limits = handover.settings.limits
        if fate.end == "user_left":
            life.after(20).do(e.SetPresence("disconnected")).after(limits.user_gone_s + 1)
        elif fate.end == "user_idle":
            life.after(limits.user_idle_s + 1)
        else:
            life.after(self._random.uniform(3, 25))
            self._fact(life, fate, e.Closed("agent_closed", sequenced=True))


def topic_of(story: Story) -> str:
    """What the bot would note as the reason."""
    return story.topic or ("Parcel" if story.provider == "partner" else "Invoice")


def _scope(state: Conversation) -> dict[str, Any]:
    """What the step's templates see."""
    return {**state.context, "user": {"id": state.user.id}}
