"""Whatever happens in whatever order: a few things always hold."""

from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openhandover.core import events as e
from openhandover.core.errors import Refused
from openhandover.core.model import OPEN, QueueRules, Status, Style, Target
from openhandover.core.state import is_busy, wake_at
from tests.core.talk import ANNA, BERT, Talk

FACTS: tuple[Any, ...] = (
    e.AgentJoined(ANNA),
    e.AgentJoined(BERT),
    e.AgentMessage("hello", id="m"),
    e.AgentMessage("note", note=True),
    e.AgentMessage("file", prepare=True),
    e.AgentTyping(on=True),
    e.AgentLeft(),
    e.AgentTransferred(),
    e.AgentTransferred(BERT),
    e.QueueUpdated(3, 60_000),
    e.QueueUpdated(2),
    e.MessageRead("nope"),
    e.Closed(),
    e.Closed("whatever", sequenced=True),
    e.Failed("unavailable"),
    e.Failed("meltdown", sequenced=True),
    e.Returned(),
    e.Unknown("dance"),
)
CHAINS = (
    ("desk",),
    ("desk", "backup", "desk"),
    (Target("mail", Style.TRANSFER),),
    ("desk", Target("mail", Style.TRANSFER, returns="call")),
    (Target("desk", refuse="empty"),),
)
ENDS = ("handover.completed", "handover.cancelled", "handover.error", "handover.transferred")


class Life(RuleBasedStateMachine):
    """A conversation to which anything may happen at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk(bot="flow")
        self.outcomes: dict[str, Any] = {}
        self.epoch = 1

    def attempt(self, event: Any) -> None:
        """Run an event that may be refused, and nothing else."""
        before = self.talk.state
        try:
            self.talk.do(event)
        except Refused:
            assert self.talk.state is before

    @rule(
        author=st.sampled_from(["user", "bot"]),
        to=st.sampled_from([None, "agent", "both"]),
        off=st.booleans(),
    )
    def message(self, author: Any, to: Any, off: bool) -> None:
        """Somebody writes, perhaps with an old epoch."""
        epoch = self.talk.state.epoch - off
        self.attempt(e.PostMessage(f"p{len(self.talk.log)}", author, "text", to=to, epoch=epoch, prepare=off))

    @rule(chain=st.sampled_from(CHAINS), inactive=st.booleans())
    def request(self, chain: Any, inactive: bool) -> None:
        """A handover, with every text and event switched on."""
        try:
            self.talk.request(
                *chain,
                message="m",
                accepted="a",
                failure="f",
                repeat_accepted=True,
                rating_text="r",
                tell_left="l",
                tell_joined="j",
                queue=QueueRules(True, 30, True, 30, 5, 1, "p", "w", "alt"),
                events=frozenset({"inactive"} if inactive else ()),
            )
        except Refused:
            assert self.talk.state.floor == "human"

    @rule(
        fact=st.sampled_from(FACTS),
        seq=st.sampled_from([None, 1, 2, 3, 5]),
        provider=st.sampled_from(["desk", "backup"]),
    )
    def fact(self, fact: Any, seq: Any, provider: str) -> None:
        """A desk reports something, in or out of order, of this handover or another."""
        result = self.talk.do(e.FromProvider(provider, "x", fact, seq=seq)).result
        assert result["applied"] or result["reason"] in ("ended", "unknown")

    @rule(
        lane=st.integers(1, 4), fails=st.booleans(), reason=st.sampled_from(["unavailable", "configuration"])
    )
    def answer(self, lane: int, fails: bool, reason: str) -> None:
        """An open call returns."""
        self.talk.do(e.Opening(lane))
        self.talk.do(e.OpenFailed(lane, reason, "") if fails else e.Opened(lane, f"x{lane}", 2, 60_000))

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """Somebody ends, returns or rates the last handover."""
        if self.talk.state.handover is None:
            return
        number = self.talk.handover.id
        kinds = [
            e.Cancel(number),
            e.Close(number),
            e.Close(number, "operator"),
            e.Leave(),
            e.Return(number),
            e.Rate(number, 3),
        ]
        self.attempt(data.draw(st.sampled_from(kinds)))

    @rule(lane=st.sampled_from(["user", "bot", 1, 2]), good=st.booleans())
    def delivered(self, lane: Any, good: bool) -> None:
        """A receiver took or refused the last message."""
        messages = self.talk.messages()
        if messages:
            message = messages[-1]
            self.talk.do((e.Sent if good else e.NotSent)(lane, message.seq, 1, message))
            self.talk.do(e.ReadByUser(message.seq, message))

    @rule(lane=st.integers(1, 4), ended=st.booleans())
    def lane_news(self, lane: int, ended: bool) -> None:
        """A session is over or lost."""
        self.talk.do(e.LaneEnded(lane) if ended else e.SessionLost(lane, ""))

    @rule(state=st.sampled_from(["connected", "disconnected"]))
    def presence(self, state: Any) -> None:
        """The page comes and goes."""
        self.talk.presence(state)

    @rule(name=st.sampled_from(["x", "y"]))
    def trigger(self, name: str) -> None:
        """An event fires, or is refused."""
        self.attempt(e.Trigger(name))

    @rule(seconds=st.sampled_from([0.5, 1, 3, 30, 300, 2000, 90_000]), punctual=st.booleans())
    def time(self, seconds: float, punctual: bool) -> None:
        """Time passes, with a timer that is in time or that overslept."""
        if punctual:
            self.talk.later(seconds)
            return
        self.talk.now += seconds
        self.talk.do(e.Wake())

    @invariant()
    def seq_rises_by_one(self) -> None:
        """Every entry has the next number."""
        assert [entry.seq for entry in self.talk.log] == list(range(1, len(self.talk.log) + 1))
        assert self.talk.state.seq == len(self.talk.log)

    @invariant()
    def epoch_never_falls(self) -> None:
        """And no entry is of an older epoch than the one before."""
        epochs = [entry.epoch for entry in self.talk.log]
        assert epochs == sorted(epochs)
        assert self.talk.state.epoch >= self.epoch
        self.epoch = self.talk.state.epoch

    @invariant()
    def an_open_handover_has_the_floor(self) -> None:
        """One open handover, and the floor is the human's; otherwise the bot's, or given away."""
        handover = self.talk.state.handover
        if handover is None:
            assert self.talk.state.floor == "bot"
        elif handover.status in OPEN:
            assert self.talk.state.floor == "human"
        else:
            away = handover.status is Status.TRANSFERRED and not handover.returned
            assert (self.talk.state.floor == "human") == away
            assert not [name for name in self.talk.state.deadlines if name != "left_notice"]

    @invariant()
    def the_end_is_final(self) -> None:
        """Status, reason and who ended it never change again; each handover ends once."""
        handover = self.talk.state.handover
        if handover and handover.status not in OPEN:
            assert self.outcomes.setdefault(handover.id, self.talk.outcome) == self.talk.outcome
        ends = [entry.handover_id for entry in self.talk.log if entry.type in ENDS]
        assert len(ends) == len(set(ends))

    @invariant()
    def one_acknowledgement_or_one_failure(self) -> None:
        """Never both texts twice for one handover."""
        said = [(m.text, entry.handover_id) for m, entry in self._system() if m.text in ("f", "m")]
        assert len(said) == len(set(said))

    def _system(self) -> list[Any]:
        entries = [entry for entry in self.talk.log if entry.type == "message.created"]
        return [
            pair for pair in zip(self.talk.messages(), entries, strict=True) if pair[0].author == "system"
        ]

    @invariant()
    def lanes_keep_order(self) -> None:
        """Messages to an agent lie on their lane in the order of the log, up to its last."""
        for lane in self.talk.state.lanes:
            seqs = [entry.seq for entry in self.talk.log if entry.to_agent == lane.id]
            assert seqs == sorted(seqs)
            assert not seqs or lane.last >= seqs[-1]
            assert lane.ended_at is None or lane.held == ()

    @invariant()
    def what_is_due_can_be_found(self) -> None:
        """Timers and work are summed up for the store without fail."""
        assert wake_at(self.talk.state) is None or self.talk.state.deadlines or self.talk.state.preparing
        assert is_busy(self.talk.state) in (True, False)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None, derandomize=True)


@given(order=st.permutations(range(1, 6)))
def test_five_numbered_messages_arrive_in_order_however_they_come(order: list[int]) -> None:
    """Within the three seconds every order is mended."""
    talk = Talk().active()
    for seq in order:
        talk.says(str(seq), seq)
    assert talk.texts("agent") == ["1", "2", "3", "4", "5"]


@given(
    order=st.permutations(range(1, 6)),
    pauses=st.lists(st.sampled_from([0.0, 2.0, 4.0]), min_size=5, max_size=5),
)
def test_no_numbered_message_is_lost_or_repeated(order: list[int], pauses: list[float]) -> None:
    """Also where the gap was given up."""
    talk = Talk().active()
    for seq, pause in zip(order, pauses, strict=True):
        talk.says(str(seq), seq)
        talk.later(pause)
    talk.later(60)
    assert sorted(talk.texts("agent")) == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("end", [Status.COMPLETED, Status.CANCELLED, Status.ERROR, Status.TRANSFERRED])
def test_the_machine_reaches_every_end(end: Status) -> None:
    """What the properties speak of can happen: each end by its shortest way."""
    talk = Talk()
    if end is Status.TRANSFERRED:
        talk.request(Target("mail", Style.TRANSFER))
        talk.opened()
    else:
        talk.active()
        talk.do(
            {
                Status.COMPLETED: e.Close("h1"),
                Status.CANCELLED: e.Cancel("h1"),
                Status.ERROR: e.SessionLost(1, ""),
            }[end]
        )
    assert talk.handover.status is end
