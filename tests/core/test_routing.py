"""Desk routing rules: matching, offers, queue order, position and estimated wait."""

import pytest

from openhandover.core.routing import (
    Demand,
    Seat,
    Waiting,
    choose,
    estimated_wait_s,
    matches,
    mean_handling_s,
    plan_offers,
    position,
    qualifies,
    rank,
)


def seat(agent_id: str = "anna", **changes: object) -> Seat:
    """An online agent for Dutch and English billing questions, changed as told."""
    facts: dict[str, object] = {"online": True, "skills": ("billing", "vip"), "languages": ("nl", "en")}
    return Seat(agent_id=agent_id, **(facts | changes))  # type: ignore[arg-type]


def waiting(handover_id: str, at: float, asked: frozenset[str] = frozenset(), **demand: object) -> Waiting:
    """A handover requested at `at` with these route keys."""
    wanted = Demand(**demand)  # type: ignore[arg-type]
    return Waiting(handover_id=handover_id, demand=wanted, requested_at=at, asked=asked)


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        (Demand(), True),
        (Demand(inbox="sales"), False),
        (Demand(skills=("billing",)), True),
        (Demand(skills=("billing", "vip")), True),
        (Demand(skills=("billing", "legal")), False),
        (Demand(languages=("de", "nl")), True),
        (Demand(languages=("en-GB",)), True),
        (Demand(languages=("de",)), False),
        (Demand(agent="anna"), True),
        (Demand(agent="bob"), False),
    ],
)
def test_match_needs_inbox_all_skills_and_one_language(demand: Demand, expected: bool) -> None:
    """An agent matches with the inbox, every skill and any one of the languages; a named agent only themself."""
    assert matches(seat(), demand) is expected


def test_an_agent_without_languages_takes_every_language() -> None:
    """As the reference of `agents` says: nobody is shut out by a list that was never written."""
    assert matches(seat(languages=()), Demand(languages=("de",)))


def test_offline_agent_qualifies_but_does_not_match() -> None:
    """Who is not online never matches, though qualified to take it by hand."""
    away = seat(online=False)
    assert (qualifies(away, Demand()), matches(away, Demand())) == (True, False)


def test_queue_order_is_priority_then_request_time() -> None:
    """Urgent comes first, `none` last, and within one priority who asked first."""
    queue = [
        waiting("late_none", 9.0),
        waiting("early_none", 1.0),
        waiting("low", 3.0, priority="low"),
        waiting("urgent", 8.0, priority="urgent"),
        waiting("medium", 2.0, priority="medium"),
        waiting("high", 5.0, priority="high"),
    ]
    order = [entry.handover_id for entry in sorted(queue, key=rank)]
    assert order == ["urgent", "high", "medium", "low", "early_none", "late_none"]


def test_position_counts_those_ahead_in_the_same_inbox() -> None:
    """Position is those ahead plus one; another inbox is another queue."""
    mine = waiting("mine", 5.0)
    queue = [waiting("ahead", 1.0), waiting("behind", 9.0), waiting("other", 1.0, inbox="sales"), mine]
    assert position(mine, queue) == 2


def test_wait_is_position_times_mean_over_matching_agents() -> None:
    """Third in line with 300 s each and two agents waits 450 s; with nobody there is no figure."""
    assert estimated_wait_s(3, 300.0, 2) == 450.0
    assert estimated_wait_s(3, 300.0, 0) is None


def test_mean_handling_uses_the_last_fifty_and_has_a_default() -> None:
    """Only the newest 50 durations count; none at all means 300 s."""
    assert mean_handling_s([]) == 300.0
    assert mean_handling_s([10.0, 20.0]) == 15.0
    assert mean_handling_s([9999.0] * 10 + [60.0] * 50) == 60.0


def test_offer_goes_to_fewest_open_then_longest_without_offer() -> None:
    """Load decides first, then the time since the last offer."""
    entry = waiting("h", 1.0)
    seats = [seat("a", open=1), seat("b", open=0, last_offer_at=20.0), seat("c", open=0, last_offer_at=10.0)]
    chosen = choose(entry, seats)
    assert chosen is not None
    assert chosen.agent_id == "c"


def test_nobody_below_capacity_means_no_offer() -> None:
    """Open conversations and pending offers together fill the capacity."""
    entry = waiting("h", 1.0)
    assert choose(entry, [seat("a", open=3), seat("b", open=1, offered=2), seat("c", online=False)]) is None


def test_lapsed_offer_goes_to_another_agent_before_it_comes_back() -> None:
    """Who let it lapse is asked again only after everybody else was."""
    seats = [seat("a", open=0), seat("b", open=2)]
    second = choose(waiting("h", 1.0, asked=frozenset({"a"})), seats)
    again = choose(waiting("h", 1.0, asked=frozenset({"a", "b"})), seats)
    assert second is not None
    assert again is not None
    assert (second.agent_id, again.agent_id) == ("b", "a")


def test_plan_spreads_the_queue_and_counts_its_own_offers() -> None:
    """The head of the queue gets its offer first; equal agents take turns; a full desk leaves the rest waiting."""
    queue = [waiting("h3", 3.0), waiting("h1", 1.0), waiting("h2", 2.0)]
    seats = {"a": seat("a", capacity=1, last_offer_at=1.0), "b": seat("b", capacity=1, last_offer_at=2.0)}
    assert plan_offers(queue, seats, 100.0) == [("h1", "a"), ("h2", "b")]


def test_plan_skips_what_nobody_can_take_without_blocking_the_rest() -> None:
    """A handover without a matching agent does not hold up those behind it."""
    queue = [waiting("legal", 1.0, skills=("legal",)), waiting("plain", 2.0)]
    assert plan_offers(queue, {"a": seat("a")}, 100.0) == [("plain", "a")]


def test_a_wish_that_nobody_can_meet_keeps_no_other_from_its_agent() -> None:
    """However many handovers ask for somebody who is not there."""
    queue = [waiting(f"h{n}", n, skills=("legal",)) for n in range(3)] + [waiting("plain", 9)]
    assert plan_offers(queue, {"a": seat("a")}, 100.0) == [("plain", "a")]
