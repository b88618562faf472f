"""The tables: every status and signal, every limit, every reason, and who gets what."""

import pytest

from openhandover.core import events as e, table
from openhandover.core.lifecycle import signal
from openhandover.core.model import OPEN, Limits, Status
from openhandover.core.turn import Turn
from tests.core.talk import ANNA, Talk

SIGNALS = sorted({name for _, name in table.TRANSITIONS})
CELLS = [(status, name) for status in sorted(OPEN) for name in SIGNALS]


def talk_in(status: Status) -> Talk:
    """A conversation whose handover is in this open status."""
    talk = Talk()
    talk.request()
    if status is not Status.REQUESTED:
        talk.opened()
    if status is Status.ACTIVE:
        talk.desk(e.AgentJoined(ANNA))
    return talk


def signalled(talk: Talk, name: str, reason: str | None) -> tuple[bool, Turn]:
    """What a signal does, in a turn of its own."""
    turn = Turn(talk.state, talk.now, talk.rules, recent=[])
    return signal(turn, name, reason), turn


@pytest.mark.parametrize(("status", "name"), CELLS)
def test_every_cell_does_what_the_table_says(status: Status, name: str) -> None:
    """A signal leads where its row says; one without a row is counted late and changes nothing."""
    talk = talk_in(status)
    row = table.TRANSITIONS.get((status, name))
    known, turn = signalled(talk, name, "unavailable")
    after = turn.handover
    if row is None:
        assert (known, after.status, turn.state.late) == (False, status, talk.state.late + 1)
        assert turn.entries == []
        return
    assert known
    assert after.status is (row.to or status)
    if after.status not in OPEN:
        assert (after.reason, after.ended_by) == (row.reason or "unavailable", row.ended_by)
        assert turn.entries[-1].type in ("floor.changed", "handover.transferred")


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("end", ["cancelled", "never"])
def test_without_an_open_handover_every_signal_is_late(name: str, end: str) -> None:
    """After the end, or before any handover, a signal is counted and changes nothing."""
    talk = Talk()
    if end == "cancelled":
        talk.queued()
        talk.do(e.Cancel(talk.handover.id))
    known, turn = signalled(talk, name, None)
    assert (known, turn.entries, turn.state.late) == (False, [], talk.state.late + 1)


@pytest.mark.parametrize("row", table.TRANSITIONS.values())
def test_every_reason_is_on_the_closed_list(row: table.Row) -> None:
    """A row that names a reason names one that its status knows."""
    assert row.reason is None or (row.to is not None and row.reason in table.REASONS[row.to])


def test_the_reasons_are_those_of_the_contract() -> None:
    """The closed list of reasons per status."""
    assert {status.value: " ".join(reasons) for status, reasons in table.REASONS.items()} == {
        "completed": "agent_closed bot_closed user_idle user_left total_timeout",
        "cancelled": "user_cancelled user_left bot_closed",
        "transferred": "transferred logged ticket",
        "error": "unsupported unavailable queue_timeout agent_timeout auth rejected configuration provider_error "
        "busy no_answer declined invalid_target voicemail unknown",
    }


def test_every_limit_has_a_default_a_row_and_a_signal() -> None:
    """Names of limits agree everywhere: defaults, limits table, transitions; each has a row in each of its statuses."""
    defaults = Limits()
    assert tuple(table.LIMITS) == Limits.__struct_fields__
    assert {name: getattr(defaults, name) for name in table.LIMITS} == {
        "open_s": 30,
        "queue_s": 600,
        "first_reply_s": 300,
        "agent_idle_s": 1800,
        "user_idle_s": 900,
        "user_gone_s": 300,
        "total_s": 86400,
    }
    for name, limit in table.LIMITS.items():
        assert {status for status, signal_name in table.TRANSITIONS if signal_name == name} == set(
            limit.status
        )


def test_fallback_is_tried_only_before_a_human_came() -> None:
    """No row of `active` leads to the next attempt."""
    assert not [key for key, row in table.TRANSITIONS.items() if row.next_attempt and key[0] is Status.ACTIVE]


def test_every_event_in_who_gets_is_in_the_vocabulary() -> None:
    """The rows of WHO_GETS name event types that exist."""
    named = {
        word.strip(",") for row in table.WHO_GETS for word in row.split() if "." in word and "*" not in word
    }
    assert named <= set(table.EVENT_TYPES)


@pytest.mark.parametrize(
    ("row", "gets"),
    [
        ("user message, floor bot", table.Gets(http_bot=True, flow=True)),
        ("user message, floor human", table.Gets(agent=True)),
        ("agent message", table.Gets(channel=True)),
        ("agent note", table.Gets()),
        ("bot message to agent", table.Gets(agent=True)),
        ("system message", table.Gets(channel=True)),
        ("floor.changed", table.Gets(channel=True, http_bot=True)),
        ("message.failed of the bot's", table.Gets(http_bot=True)),
        ("event.triggered", table.Gets(http_bot=True, flow=True)),
    ],
)
def test_who_gets_what(row: str, gets: table.Gets) -> None:
    """The rows that the contract states word by word."""
    assert table.WHO_GETS[row] == gets
