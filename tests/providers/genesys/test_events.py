"""Events of a Genesys Cloud conversation become facts, and are held against the conversation itself. No network."""

from typing import Any

import msgspec
import pytest

from openhandover.core import events as e
from openhandover.core.model import Agent
from openhandover.providers.genesys import happenings, looks, people, wire

from .samples import CONVERSATION, HAPPENED_AT, SETTINGS, body

_LEFT = e.AgentLeft(end_after_s=10.0)
EVENTS: dict[str, e.ProviderFact | None] = {
    "customer_end__client": e.Closed("agent_closed"),
    "customer_end__user": e.Closed("user_left"),
    "customer_end__idle": e.Closed("user_idle"),
    "customer_end__expired": e.Closed("total_timeout"),
    "customer_end__error": e.Failed("provider_error", "the contact centre ended it: TRANSPORT_FAILURE"),
    "customer_start__plain": None,
    "user_start__plain": e.Unknown("user.start"),
    "user_end__left": _LEFT,
    "user_end__transfer": e.AgentTransferred(),
    "user_end__declined": None,
    "user_end__no_answer": None,
    "acw__plain": _LEFT,
    "acd_start__plain": e.QueueUpdated(),
    "acd_end__answered": e.AgentJoined(Agent("u-1")),
    "acd_end__flow_out": None,
    "flow_end__error": e.Failed("provider_error", "the Architect flow ended with an error"),
    "flow_end__to_queue": None,
    "barge_start__unknown": e.Unknown("barge.start"),
    "user_end__voice": None,
    "customer_end__of_others": None,
}


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_of_eventbridge_becomes_a_fact(name: str) -> None:
    """Joining, leaving, being offered, wrapping up, passing on and ending are told apart; others' talks are not ours."""
    raw = body(f"eventbridge_{name}")
    kind = name.partition("__")[0].replace("_", ".")
    who = f"{kind}:{CONVERSATION}:p-1:1768470300000"
    fact = EVENTS[name]
    expected = (
        []
        if fact is None
        else [e.FromProvider("contact", who, fact, external_id="oh-h1-1", at=HAPPENED_AT, raw=raw)]
    )
    assert happenings.from_eventbridge("contact", raw, SETTINGS) == expected


def test_the_same_event_by_both_ways_is_one() -> None:
    """A repeat has the same id, whatever envelope it comes in."""
    raw = body("eventbridge_customer_end__client")
    (one,) = happenings.from_eventbridge("contact", raw, SETTINGS)
    (other,) = happenings.from_eventbridge("contact", raw.replace(b'"e1"', b'"e2"'), SETTINGS)
    assert one.event_id == other.event_id


TRIGGERS: dict[str, tuple[str, float | None, str, e.ProviderFact] | None] = {
    "user_end__left": ("oh-h1-1", 1768469400.0, "user.end", _LEFT),
    "user_end__as_texts": ("oh-h1-1", 1768469400.0, "user.end", e.AgentTransferred()),
    "user_end__declined": None,
    "acw__no_user": (CONVERSATION, None, "acw", _LEFT),
}


@pytest.mark.parametrize("name", TRIGGERS)
def test_what_a_trigger_posts_becomes_a_fact(name: str) -> None:
    """Numbers may be texts, fields may be empty; without the user the conversation's id stands for them."""
    found = happenings.from_trigger("contact", body(f"trigger_{name}"), SETTINGS)
    expected = TRIGGERS[name]
    told = [(one.external_id, one.at, one.event_id.partition(":")[0], one.fact) for one in found]
    assert told == ([] if expected is None else [expected])


def party(purpose: str, state: str, **fields: Any) -> wire.Participant:
    """One party of a conversation."""
    return wire.Participant(purpose=purpose, state=state, **fields)


HERE = party("customer", "connected")
KIM = party("agent", "connected", name="Kim", connected_time="2026-01-15T09:30:00Z", user=wire.Named("u-1"))
GONE = party(
    "agent", "disconnected", name="Kim", connected_time="2026-01-15T09:30:00Z", user=wire.Named("u-1")
)
RINGS = party("agent", "alerting", name="Lee", user=wire.Named("u-2"))
LINE = party("acd", "connected")
OVER = party("customer", "disconnected", disconnect_type="transport.failure")
JOINED = e.AgentJoined(Agent("u-1", "Kim"))
SETTLED: list[tuple[str, e.ProviderFact, list[wire.Participant], e.ProviderFact]] = [
    ("joined, with the name", e.AgentJoined(Agent("u-1")), [HERE, KIM], JOINED),
    ("offered and taken", happenings.OFFERED, [HERE, KIM], JOINED),
    ("only offered", happenings.OFFERED, [HERE, LINE, RINGS], happenings.OFFERED),
    ("joined and gone already", e.AgentJoined(Agent("u-1")), [HERE], e.AgentJoined(Agent("u-1"))),
    ("left, nobody there", _LEFT, [HERE, GONE], _LEFT),
    ("left, in the queue again", _LEFT, [HERE, GONE, LINE], e.AgentLeft()),
    ("left, it rings elsewhere", _LEFT, [HERE, GONE, RINGS], e.AgentLeft()),
    ("wrapped up, another one has it", _LEFT, [HERE, GONE, KIM], JOINED),
    ("left, and it is over", _LEFT, [OVER, GONE], happenings.closed("transport.failure")),
    ("transferred to somebody", e.AgentTransferred(), [HERE, GONE, KIM], JOINED),
    ("transferred to the queue", e.AgentTransferred(), [HERE, GONE, LINE], e.AgentLeft()),
    ("transferred to nowhere yet", e.AgentTransferred(), [HERE, GONE], e.AgentTransferred()),
    ("closed after a talk", e.Closed("agent_closed"), [OVER, GONE], e.Closed("agent_closed")),
    (
        "closed before anybody came",
        e.Closed("agent_closed"),
        [OVER, party("agent", "disconnected")],
        e.Failed("unavailable", "it was ended there before an agent had it"),
    ),
    ("left by the user before anybody came", e.Closed("user_left"), [OVER], e.Closed("user_left")),
]


@pytest.mark.parametrize(
    ("fact", "parties", "expected"), [one[1:] for one in SETTLED], ids=[one[0] for one in SETTLED]
)
def test_doubtful_facts_are_held_against_the_conversation(
    fact: e.ProviderFact, parties: list[wire.Participant], expected: e.ProviderFact
) -> None:
    """A wrap-up is no end while somebody else has it, an offer is no join, a close without a human is no help."""
    assert people.settled(fact, wire.MessageConversation(parties)) == expected


PART = party("agent", "connected", id="p1", name="Kim", user=wire.Named("u-1"))
LOOKS: list[tuple[str, str, list[wire.Participant], looks.News | None]] = [
    ("nobody yet", "", [HERE, LINE], None),
    ("somebody took it", "", [HERE, PART], looks.News("p1", "look:p1:joined", JOINED)),
    ("the same one", "p1", [HERE, PART], None),
    ("parked by the same one", "p1", [HERE, msgspec.structs.replace(PART, state="parked")], None),
    ("another one", "p0", [HERE, PART], looks.News("p1", "look:p1:joined", JOINED)),
    ("in the queue again", "p1", [HERE, GONE, LINE], looks.News("", "look:p1:left", e.AgentLeft())),
    ("nobody left", "p1", [HERE, GONE], looks.News("", "look:p1:left", _LEFT)),
    (
        "over",
        "p1",
        [party("customer", "disconnected", id="c1", disconnect_type="peer"), GONE],
        looks.News("over", "look:c1:ended", e.Closed("agent_closed")),
    ),
    ("not there yet", "", [], None),
]


@pytest.mark.parametrize(
    ("told", "parties", "expected"), [one[1:] for one in LOOKS], ids=[one[0] for one in LOOKS]
)
def test_a_look_finds_what_no_event_told(
    told: str, parties: list[wire.Participant], expected: looks.News | None
) -> None:
    """Each change once, with an id that is the same when it is found again."""
    assert looks.news(wire.MessageConversation(parties), told, 10.0) == expected
